// Package limitstest tests that whatever starts the orders of a shop keeps its limits.
package limitstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
)

// Starter starts orders.
type Starter interface {
	Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error)
}

// NeverExceeded checks that no limit is ever exceeded, however many orders start at once. Open creates a shop with
// these limits, and returns its starters, each of which may be another process.
func NeverExceeded(t *testing.T, open func(t *testing.T, limits capacity.Limits) []Starter) {
	t.Helper()
	for name, test := range map[string]struct {
		limits capacity.Limits
		want   error
	}{
		"open at a venue":           {capacity.Limits{MaxInQueue: 5}, ordermanager.ErrQueueFull},
		"open of a customer":        {capacity.Limits{MaxPerCustomer: 5}, ordermanager.ErrTooManyOrders},
		"of a customer in a day":    {capacity.Limits{MaxPerDay: 5}, ordermanager.ErrTooManyOrders},
		"at a venue within minutes": {capacity.Limits{MaxInWindow: 5}, ordermanager.ErrQueueFull},
		"all at once": {
			capacity.Limits{MaxInQueue: 5, MaxPerCustomer: 6, MaxPerDay: 7, MaxInWindow: 8}, ordermanager.ErrQueueFull,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			starters := open(t, test.limits)
			errs := make([]error, 32)
			var racing sync.WaitGroup
			for i := range errs {
				starter := starters[i%len(starters)]
				racing.Go(func() { _, errs[i] = starter.Start(t.Context(), fmt.Sprint(i), "ada", "NYC") })
			}
			racing.Wait()
			begun := 0
			for _, err := range errs {
				if err == nil {
					begun++
				} else if !errors.Is(err, test.want) {
					t.Error(err)
				}
			}
			if begun != 5 {
				t.Errorf("%d orders began", begun)
			}
		})
	}
}

// Limits are the limits of the shop in [Counts].
var Limits = capacity.Limits{MaxInQueue: 3, MaxPerCustomer: 2, MaxPerDay: 3, MaxInWindow: 4, Window: time.Minute}

// Shop is a shop with [Limits].
type Shop struct {
	Starter
	Manager *ordermanager.Manager
	// Complete completes an order that has been put.
	Complete func(orderID string) error
	// Pass advances the clock.
	Pass func(time.Duration)
}

// Counts checks that an order counts for as long as each limit says and at its own venue only, and that a cancelled one
// does not count for the day.
func Counts(t *testing.T, s Shop) {
	t.Helper()
	begins := func(id, customer, venue string, want error) {
		t.Helper()
		if _, err := s.Start(t.Context(), id, customer, venue); !errors.Is(err, want) {
			t.Errorf("order %s: %v, want %v", id, err, want)
		}
	}
	cancels := func(id, customer string) {
		t.Helper()
		_, err := s.Manager.Cancel(t.Context(), ordermanager.Request{OrderID: id, Actor: ordermanager.Customer(customer)})
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
	s.Pass(time.Second)
	cancels("1", "ada")
	begins("5", "ada", "NYC", nil) // fewer than three today: one was cancelled
	cancels("4", "bob")
	begins("6", "bob", "NYC", ordermanager.ErrQueueFull) // four started within a minute
	s.Pass(time.Minute)
	begins("6", "bob", "NYC", nil)
	for _, id := range []string{"2", "5"} {
		_, err := s.Manager.Put(t.Context(), ordermanager.Request{
			OrderID: id, Actor: ordermanager.Customer("ada"), Venue: "NYC", Drink: ordermanager.DrinkOrder{Drink: "Latte"},
		})
		if err := errors.Join(err, s.Complete(id)); err != nil {
			t.Fatal(err)
		}
	}
	begins("7", "ada", "NYC", nil)
	begins("8", "ada", "NYC", ordermanager.ErrTooManyOrders) // three started today and were not cancelled
	s.Pass(capacity.Day)
	begins("8", "ada", "NYC", nil)
}
