package dynamostore_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{
	Drink: "Latte", Icon: "latte-icon", Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Oat"}}},
}}})

var latte = ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat"}}

// house is a Manager on a table, with everything else in memory.
type house struct {
	*ordermanager.Manager
	resumer   *memory.Resumer
	publisher *memory.Publisher
}

func newHouse(t testing.TB, store ordermanager.Store) *house { return newHouseAt(t, store, nil) }

// newHouseAt is a house with a clock of its own.
func newHouseAt(t testing.TB, store ordermanager.Store, now func() time.Time) *house {
	t.Helper()
	h := &house{resumer: &memory.Resumer{}, publisher: &memory.Publisher{}}
	var err error
	if h.Manager, err = ordermanager.New(
		store, menu, h.resumer, &ordermanager.Options{Publisher: h.publisher, Now: now},
	); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestRequests_areOneWritePerActionAndOneToSettle(t *testing.T) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		tr := &transport{}
		admin := emulator(t)
		name := table(t, admin, layout)
		store := newStore(t, emulator(t, tr.use), name, dynamostore.Options{Layout: layout, TTL: time.Hour})
		resumer := &memory.Resumer{}
		silent, err := ordermanager.New(store, menu, resumer, nil)
		if err != nil {
			t.Fatal(err)
		}
		loud := newHouse(t, store)
		ctx := t.Context()
		venue := map[bool]string{true: "ABC"}[layout == serverlesspresso.Core]
		request := func(id string, actor ordermanager.Actor) ordermanager.Request {
			return ordermanager.Request{OrderID: id, Actor: actor, Venue: venue, Drink: latte}
		}
		anna, ben, customer := ordermanager.Barista("anna"), ordermanager.Barista("ben"), ordermanager.Customer("c1")
		const write, settled = "1 UpdateItem", "2 UpdateItem"
		for _, step := range []struct {
			name, want string
			refused    error
			do         func() (ordermanager.Receipt, error)
		}{
			{"workflow started", write, nil, func() (ordermanager.Receipt, error) {
				return silent.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
					OrderID: "o1", Customer: "c1", Venue: venue, Token: resumer.Issue(),
				})
			}},
			{
				"make too early", write, ordermanager.ErrNotReady,
				func() (ordermanager.Receipt, error) { return silent.Make(ctx, request("o1", anna)) },
			},
			{"put of another customer", write, ordermanager.ErrNotOwner, func() (ordermanager.Receipt, error) {
				return silent.Put(ctx, request("o1", ordermanager.Customer("c2")))
			}},
			{"put", settled, nil, func() (ordermanager.Receipt, error) { return silent.Put(ctx, request("o1", customer)) }},
			{
				"put again", write, ordermanager.ErrDrinkAccepted,
				func() (ordermanager.Receipt, error) { return silent.Put(ctx, request("o1", customer)) },
			},
			{"waiting completion", write, nil, func() (ordermanager.Receipt, error) {
				return silent.WaitingCompletion(
					ctx, ordermanager.WaitingCompletion{OrderID: "o1", Number: "7", Token: resumer.Issue()},
				)
			}},
			{"make", write, nil, func() (ordermanager.Receipt, error) { return silent.Make(ctx, request("o1", anna)) }},
			{
				"make by another", write, ordermanager.ErrClaimed,
				func() (ordermanager.Receipt, error) { return silent.Make(ctx, request("o1", ben)) },
			},
			{"unmake", write, nil, func() (ordermanager.Receipt, error) { return silent.Unmake(ctx, request("o1", anna)) }},
			{
				"make with an event", settled, nil,
				func() (ordermanager.Receipt, error) { return loud.Make(ctx, request("o1", anna)) },
			},
			{"complete by another", write, ordermanager.ErrClaimed, func() (ordermanager.Receipt, error) {
				return silent.Complete(ctx, request("o1", ben))
			}},
			{
				"complete", settled, nil, func() (ordermanager.Receipt, error) { return silent.Complete(ctx, request("o1", anna)) },
			},
			{"cancel of a completed order", write, ordermanager.ErrIllegalTransition, func() (ordermanager.Receipt, error) {
				return silent.Cancel(ctx, request("o1", customer))
			}},
			{"cancel of no order", "UpdateItem, GetItem", ordermanager.ErrOrderNotFound, func() (ordermanager.Receipt, error) {
				return silent.Cancel(ctx, request("o2", customer))
			}},
			{"another workflow started", write, nil, func() (ordermanager.Receipt, error) {
				return silent.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
					OrderID: "o3", Customer: "c1", Venue: venue, Token: resumer.Issue(),
				})
			}},
			{
				"cancel", settled, nil, func() (ordermanager.Receipt, error) { return silent.Cancel(ctx, request("o3", customer)) },
			},
		} {
			tr.taken()
			receipt, err := step.do()
			if !errors.Is(err, step.refused) || err == nil && (receipt.Pending != nil ||
				receipt.Resume == ordermanager.ResumeGone) {
				t.Errorf("%s: %+v, %v", step.name, receipt, err)
			}
			if got := tr.taken(); got != step.want {
				t.Errorf("%s took %s, it must take %s", step.name, got, step.want)
			}
		}
		if o, err := silent.Order(ctx, "o1"); err != nil || o.State != ordermanager.StateCompleted || o.Venue != venue {
			t.Errorf("in the end: %+v, %v", o, err)
		}
	})
}

func TestApply_takesAnAnswerThatWasLostForTheSuccessThatItWas(t *testing.T) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		lost := 0
		tr := &transport{}
		lose := false
		dropping := doer(func(request *http.Request) (*http.Response, error) {
			response, err := tr.Do(request)
			if err == nil && lose && strings.HasSuffix(request.Header.Get("X-Amz-Target"), "UpdateItem") {
				lose = false
				lost++
				return nil, errors.New("connection reset by peer")
			}
			return response, err
		})
		name := table(t, emulator(t), layout)
		h := newHouse(
			t,
			newStore(
				t, emulator(t, func(o *dynamodb.Options) { o.HTTPClient = dropping }), name, dynamostore.Options{Layout: layout},
			),
		)
		ctx := t.Context()
		lose = true
		if _, err := h.WorkflowStarted(
			ctx, ordermanager.WorkflowStarted{OrderID: "o1", Customer: "c1", Token: h.resumer.Issue()},
		); err != nil {
			t.Fatal(err)
		}
		lose = true
		tr.taken()
		receipt, err := h.Put(ctx, ordermanager.Request{OrderID: "o1", Actor: ordermanager.Customer("c1"), Drink: latte})
		if err != nil || !receipt.Replayed || receipt.Resume != ordermanager.ResumeDelivered {
			t.Fatalf("%+v, %v", receipt, err)
		}
		if got := tr.taken(); got != "3 UpdateItem" { // the write, its repetition, the settlement
			t.Errorf("it took %s", got)
		}
		o, err := h.Order(ctx, "o1")
		if err != nil || o.Version != 2 || lost != 2 {
			t.Errorf("invariant 6: the order has version %d after %d lost answers: %v", o.Version, lost, err)
		}
	})
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(request *http.Request) (*http.Response, error) { return d(request) }

func TestSettle_leavesTheExpiryToOrdersThatOweNothing(t *testing.T) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		c := emulator(t)
		name := table(t, c, layout)
		h := newHouse(t, newStore(t, c, name, dynamostore.Options{Layout: layout, TTL: time.Hour}))
		ctx := context.Background()
		first := h.resumer.Issue()
		if _, err := h.WorkflowStarted(
			ctx, ordermanager.WorkflowStarted{OrderID: "o1", Customer: "c1", Token: first},
		); err != nil {
			t.Fatal(err)
		}
		h.resumer.Hook = func(string, string, bool) error { return errors.New("no connection") }
		receipt, err := h.Cancel(ctx, ordermanager.Request{OrderID: "o1", Actor: ordermanager.Customer("c1")})
		if err != nil || receipt.Pending == nil {
			t.Fatalf("%+v, %v", receipt, err)
		}
		attribute := map[dynamostore.Layout]string{dynamostore.Native: "ex"}[layout]
		if attribute == "" {
			attribute = "om_ex"
		}
		if value, found := raw(t, c, name, keyOf(layout, "o1"))[attribute]; found {
			t.Errorf("invariant 5: an order that owes an answer expires at %v", value)
		}
		h.resumer.Hook = nil
		report, err := h.Redrive(ctx, nil)
		if err != nil || report.Delivered != 1 {
			t.Fatalf("%+v, %v", report, err)
		}
		if _, found := raw(t, c, name, keyOf(layout, "o1"))[attribute]; !found {
			t.Error("an order that ended and owes nothing does not expire")
		}
		if report, err = h.Redrive(ctx, nil); err != nil || report.Orders != 0 {
			t.Errorf("a second redrive visits %+v, %v", report, err)
		}
		h.resumer.Hook = func(string, string, bool) error { return errors.New("no connection") }
		if _, err := h.WaitingCompletion(
			ctx, ordermanager.WaitingCompletion{OrderID: "o1", Number: "7", Token: h.resumer.Issue()},
		); err != nil {
			t.Fatal(err)
		}
		if _, found := raw(t, c, name, keyOf(layout, "o1"))[attribute]; found {
			t.Error("invariant 5: an order that owes an answer again expires all the same")
		}
	})
}
