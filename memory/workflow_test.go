package memory_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

func limited(t *testing.T, limits ordermanager.Limits) (*memory.Workflow, *ordermanager.Manager) {
	t.Helper()
	workflow := memory.NewWorkflow()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	manager, err := ordermanager.New(memory.NewStore(), menu, workflow, nil)
	if err != nil {
		t.Fatal(err)
	}
	workflow.Connect(manager)
	if err := workflow.Limit(limits); err != nil {
		t.Fatal(err)
	}
	return workflow, manager
}

// No limit is exceeded by one, however many begin at once.
func TestWorkflow_neverExceedsALimit(t *testing.T) {
	for name, test := range map[string]struct {
		limits ordermanager.Limits
		want   error
	}{
		"open at a venue":           {ordermanager.Limits{MaxInQueue: 5}, ordermanager.ErrQueueFull},
		"open of a customer":        {ordermanager.Limits{MaxPerCustomer: 5}, ordermanager.ErrTooManyOrders},
		"of a customer in a day":    {ordermanager.Limits{MaxPerDay: 5}, ordermanager.ErrTooManyOrders},
		"at a venue within minutes": {ordermanager.Limits{MaxInWindow: 5}, ordermanager.ErrQueueFull},
	} {
		t.Run(name, func(t *testing.T) {
			workflow, _ := limited(t, test.limits)
			errs := make([]error, 32)
			var racing sync.WaitGroup
			for i := range errs {
				racing.Go(func() { _, errs[i] = workflow.Start(t.Context(), fmt.Sprint(i), "ada", "NYC") })
			}
			racing.Wait()
			taken := 0
			for _, err := range errs {
				if err == nil {
					taken++
				} else if !errors.Is(err, test.want) {
					t.Error(err)
				}
			}
			if taken != 5 || workflow.InQueue("NYC") != 5 {
				t.Errorf("%d orders were taken, %d are open", taken, workflow.InQueue("NYC"))
			}
		})
	}
}

// An order counts for as long as its limit says, at its own venue; one that was given up does not count for the day.
func TestWorkflow_countsWhatTheLimitsAreAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		workflow, manager := limited(t, ordermanager.Limits{
			MaxInQueue: 3, MaxPerCustomer: 2, MaxPerDay: 3, MaxInWindow: 4, Window: time.Minute,
		})
		begins := func(id, customer, venue string, want error) {
			t.Helper()
			if _, err := workflow.Start(t.Context(), id, customer, venue); !errors.Is(err, want) {
				t.Errorf("order %s: %v, want %v", id, err, want)
			}
		}
		cancels := func(id, customer string) {
			t.Helper()
			_, err := manager.Cancel(t.Context(), ordermanager.Request{OrderID: id, Actor: ordermanager.Customer(customer)})
			if err != nil {
				t.Error(err)
			}
		}
		begins("1", "ada", "NYC", nil)
		begins("2", "ada", "NYC", nil)
		begins("3", "ada", "NYC", ordermanager.ErrTooManyOrders)
		begins("3", "ada", "LON", nil)
		begins("4", "bob", "NYC", nil)
		begins("5", "cy", "NYC", ordermanager.ErrQueueFull)
		cancels("1", "ada")
		begins("5", "ada", "NYC", nil) // the day has not three: one was cancelled
		cancels("4", "bob")
		begins("6", "bob", "NYC", ordermanager.ErrQueueFull) // four began within a minute
		<-time.After(time.Minute)
		begins("6", "bob", "NYC", nil)
		for _, id := range []string{"2", "5"} {
			put := ordermanager.Request{OrderID: id, Actor: ordermanager.Customer("ada"), Venue: "NYC"}
			put.Drink.Drink = "Latte"
			if _, err := manager.Put(t.Context(), put); err != nil {
				t.Fatal(err)
			}
		}
		if err := workflow.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"2", "5"} {
			r := ordermanager.Request{OrderID: id, Actor: ordermanager.Barista("ben")}
			if _, err := manager.Make(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if _, err := manager.Complete(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		begins("7", "ada", "NYC", nil)
		begins("8", "ada", "NYC", ordermanager.ErrTooManyOrders) // the third of the day
		<-time.After(ordermanager.LimitDay)
		begins("8", "ada", "NYC", nil)
	})
}

func TestLimit_refusesWhatIsNegative(t *testing.T) {
	for _, limits := range []ordermanager.Limits{
		{MaxInQueue: -1}, {MaxPerCustomer: -1}, {MaxPerDay: -1}, {MaxInWindow: -1}, {Window: -1},
	} {
		if err := memory.NewWorkflow().Limit(limits); !errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Errorf("%+v: %v", limits, err)
		}
	}
}
