package dynamolimits_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamolimits"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/internal/limitstest"
	"github.com/brewline/ordermanager/internal/testenv"
)

// Each order is begun by a process of its own.
func TestStarter_neverExceedsALimit(t *testing.T) {
	client := emulator(t)
	limitstest.NeverExceeded(t, func(t *testing.T, limits capacity.Limits) (starters []limitstest.Starter) {
		table := testenv.Unique("limits")
		if _, err := client.CreateTable(t.Context(), dynamolimits.Schema(table)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_, _ = client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &table})
		})
		shop := newShop(t, client, table, limits)
		for range 32 {
			starter, err := dynamolimits.New(client, table, shop.manager, shop, limits)
			if err != nil {
				t.Fatal(err)
			}
			starters = append(starters, starter)
		}
		return starters
	})
}

// emulator returns a client of DynamoDB Local.
func emulator(t *testing.T) *dynamodb.Client {
	t.Helper()
	url := testenv.URL(t, testenv.DynamoDB)
	return dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", BaseEndpoint: &url,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKIATEST", "secret", "")),
	})
}

func TestStarter_countsWhatTheLimitsAreAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil, "limits", limitstest.Limits)
		limitstest.Counts(t, limitstest.Shop{
			Starter: s.starter, Manager: s.manager, Pass: func(d time.Duration) { <-time.After(d) },
			Complete: func(id string) error {
				_, err := s.manager.Complete(t.Context(), ordermanager.Request{OrderID: id, Actor: ordermanager.Barista("ben")})
				return err
			},
		})
	})
}

// A place is lost to no crash: neither one before the order began, nor one after.
func TestStarter_losesNoPlace(t *testing.T) {
	crash := errors.New("the process ended here")
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil, "limits", capacity.Limits{MaxPerCustomer: 1, MaxInQueue: 1})
		s.next = func(string) error { return crash }
		s.begins("1", "ada", "", crash)
		s.next = nil
		s.begins("2", "ada", "", ordermanager.ErrQueueFull) // the first may have begun
		s.begins("1", "ada", "", nil)                       // it has its place
		<-time.After(dynamolimits.Grace)
		s.begins("2", "ada", "", ordermanager.ErrQueueFull) // and now it is there
		s.cancels("1", "ada")
		<-time.After(2 * time.Second)
		s.next = func(string) error { return crash }
		s.begins("3", "ada", "", crash)
		s.next = nil
		<-time.After(dynamolimits.Grace)
		s.begins("4", "ada", "", nil)
	})
}

// What certainly did not begin gives its place back at once.
func TestStarter_givesBackThePlaceOfWhatDidNotBegin(t *testing.T) {
	for _, refusal := range []error{ordermanager.ErrInvalidRequest, ordermanager.ErrShopClosed} {
		s := newShop(t, nil, "limits", capacity.Limits{MaxPerCustomer: 1, MaxInQueue: 1})
		s.next = func(string) error { return refusal }
		s.begins("1", "ada", "", refusal)
		s.next = nil
		s.begins("2", "ada", "", nil)
	}
}

// An order of which the Manager has not heard counts for as long as its workflow runs, and no longer.
func TestStarter_countsAnUnheardOrderWhileItsWorkflowRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil, "limits", capacity.Limits{})
		workflows := &silent{begun: true, running: true}
		starter, err := dynamolimits.New(s.table, "limits", s.manager, workflows, capacity.Limits{MaxPerCustomer: 1})
		if err != nil {
			t.Fatal(err)
		}
		s.starter = starter
		s.begins("1", "ada", "", nil)
		s.begins("2", "ada", "", ordermanager.ErrTooManyOrders)
		<-time.After(2 * dynamolimits.Grace)
		s.begins("2", "ada", "", ordermanager.ErrTooManyOrders)
		<-time.After(time.Second)
		workflows.running = false
		s.begins("2", "ada", "", nil)
		workflows.begun = false // it may be on its way
		s.begins("3", "ada", "", ordermanager.ErrTooManyOrders)
		<-time.After(dynamolimits.Grace)
		s.begins("3", "ada", "", nil)
		workflows.err = errors.New("access denied")
		s.begins("4", "ada", "", workflows.err)
	})
}

// silent are workflows that tell the Manager of nothing.
type silent struct {
	begun, running bool
	err            error
}

func (*silent) Start(context.Context, string, string, string) (ordermanager.Receipt, error) {
	return ordermanager.Receipt{}, nil
}

func (w *silent) Standing(context.Context, string) (begun, running bool, err error) {
	return w.begun, w.running, w.err
}

// A full shop reads its orders once a second, however many ask.
func TestStarter_looksAtAFullShopOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil, "limits", capacity.Limits{MaxInQueue: 2})
		counted := &counting{Orders: s.manager}
		starter, err := dynamolimits.New(s.table, "limits", counted, s, capacity.Limits{MaxInQueue: 2})
		if err != nil {
			t.Fatal(err)
		}
		s.starter = starter
		s.begins("1", "ada", "", nil)
		s.begins("2", "bob", "", nil)
		for range 20 {
			s.begins("3", "cy", "", ordermanager.ErrQueueFull)
		}
		if counted.orders != 2 {
			t.Errorf("%d orders were read", counted.orders)
		}
		s.cancels("1", "ada")
		<-time.After(time.Second)
		s.begins("3", "cy", "", nil)
	})
}

type counting struct {
	dynamolimits.Orders
	mu     sync.Mutex
	orders int
}

func (c *counting) Order(ctx context.Context, orderID string) (ordermanager.Order, error) {
	c.mu.Lock()
	c.orders++
	c.mu.Unlock()
	return c.Orders.Order(ctx, orderID)
}

// A table that cannot be written begins nothing; one that is only busy is asked again.
func TestStarter_beginsNothingWithoutAPlace(t *testing.T) {
	cancelled := func(codes ...string) error {
		err := &types.TransactionCanceledException{}
		for _, code := range codes {
			err.CancellationReasons = append(err.CancellationReasons, types.CancellationReason{Code: &code})
		}
		return err
	}
	for name, test := range map[string]struct{ fails, want error }{
		"no table":             {&types.ResourceNotFoundException{}, ordermanager.ErrStore},
		"an item too large":    {cancelled("ValidationError", "None"), ordermanager.ErrStore},
		"another transaction":  {cancelled("None", "TransactionConflict"), nil},
		"throttled":            {cancelled("ThrottlingError", "None"), nil},
		"still the one before": {&types.TransactionInProgressException{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, nil, "limits", capacity.Limits{MaxInQueue: 1, MaxPerDay: 1})
			s.table.fails = []error{test.fails}
			s.begins("1", "ada", "", test.want)
			if _, err := s.manager.Order(t.Context(), "1"); errors.Is(err, ordermanager.ErrOrderNotFound) != (test.want != nil) {
				t.Errorf("the order: %v", err)
			}
		})
	}
}

// A table that keeps changing is given up, and so is one whose caller has gone.
func TestStarter_givesUpOnATableThatKeepsChanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, nil, "limits", capacity.Limits{MaxInQueue: 1})
		s.table.fails = slices.Repeat([]error{&types.TransactionInProgressException{}}, 1000)
		s.begins("1", "ada", "", ordermanager.ErrStore)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.starter.Start(ctx, "1", "ada", ""); !errors.Is(err, ordermanager.ErrContextDone) {
			t.Errorf("Start = %v", err)
		}
	})
}

// Names that have the separator in them are different names.
func TestStarter_keepsVenuesAndCustomersApart(t *testing.T) {
	s := newShop(t, nil, "limits", capacity.Limits{MaxPerCustomer: 1})
	s.begins("1", "b/c", "a", nil)
	s.begins("2", "c", "a/b", nil)
	s.begins("3", "c", "a%2Fb", nil)
}

func TestNew_refusesWhatCannotBeKept(t *testing.T) {
	s := newShop(t, nil, "limits", capacity.Limits{})
	s.begins("1", "ada", "", nil)
	if s.table.reads != 0 {
		t.Error("without a limit the table was read")
	}
	for name, try := range map[string]func() (*dynamolimits.Starter, error){
		"a negative limit": func() (*dynamolimits.Starter, error) {
			return dynamolimits.New(s.table, "t", s.manager, s, capacity.Limits{MaxPerDay: -1})
		},
		"a limit that no item holds": func() (*dynamolimits.Starter, error) {
			return dynamolimits.New(s.table, "t", s.manager, s, capacity.Limits{MaxInQueue: dynamolimits.MaxLimit + 1})
		},
		"no table": func() (*dynamolimits.Starter, error) {
			return dynamolimits.New(s.table, "", s.manager, s, capacity.Limits{})
		},
	} {
		if _, err := try(); !errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
