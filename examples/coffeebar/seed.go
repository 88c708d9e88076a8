package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// The people of the demonstration.
var (
	seedCustomers = []string{"Ada", "Bela", "Chidi", "Dana", "Emre", "Fatou", "Goran", "Hana", "Ines", "Jonas"}
	seedBaristas  = []string{"Mara", "Noor", "Oskar"}
)

// seed makes demonstration orders of the last hour, by the same rules as all others but with a clock of its own. It does nothing to a file
// that has orders.
func seed(ctx context.Context, db *sql.DB, store ordermanager.Store, menu *menu) error {
	s := &seeder{now: time.Now().Add(-100 * time.Minute), random: rand.New(rand.NewPCG(4, 9)), items: menu.items} //nolint:gosec // the same each time
	clock := func() time.Time { return s.now }
	var err error
	if s.workflow, err = workflow.New(ctx, db, &workflow.Options{Now: clock, CompletionTimeout: time.Hour}); err != nil {
		return err
	}
	if s.manager, err = ordermanager.New(store, menu, s.workflow, &ordermanager.Options{Now: clock}); err != nil {
		return err
	}
	s.workflow.Connect(s.manager)
	for _, state := range ordermanager.States() {
		page, err := s.manager.Page(ctx, ordermanager.Query{State: state, Limit: 1})
		if err != nil || len(page.Orders) > 0 {
			return err
		}
	}
	for i := range 18 {
		if err := s.order(ctx, i, i%7 == 5, "complete"); err != nil {
			return err
		}
		s.pass(60, 160)
	}
	s.now = time.Now().Add(-14 * time.Minute)
	for i, until := range []string{"complete", "complete", "make", "make", "put", "put", "put", "put", "put"} {
		if err := s.order(ctx, 18+i, false, until); err != nil {
			return err
		}
	}
	return nil
}

type seeder struct {
	now      time.Time
	random   *rand.Rand
	items    []ordermanager.MenuItem
	workflow *workflow.Workflow
	manager  *ordermanager.Manager
}

// pass lets some seconds go by, but never beyond the present.
func (s *seeder) pass(least, most int) {
	s.now = s.now.Add(time.Duration(least+s.random.IntN(most-least)) * time.Second)
	if present := time.Now(); s.now.After(present) {
		s.now = present
	}
}

// order lets one order live until something was done to it, or until its customer cancels.
func (s *seeder) order(ctx context.Context, n int, cancel bool, until string) error {
	id, customer := fmt.Sprintf("demo-%02d", n+1), seedCustomers[n%len(seedCustomers)]
	barista := ordermanager.Barista(seedBaristas[n%len(seedBaristas)])
	if _, err := s.workflow.Start(ctx, id, customer, venue); err != nil {
		return err
	}
	requests := []ordermanager.Request{
		{Action: ordermanager.ActionPut, Actor: ordermanager.Customer(customer), Drink: s.drink(n)},
		{Action: ordermanager.ActionMake, Actor: barista},
		{Action: ordermanager.ActionComplete, Actor: barista},
	}
	if cancel {
		requests[1] = ordermanager.Request{Action: ordermanager.ActionCancel, Actor: ordermanager.Customer(customer), Reason: "My train is here"}
		requests = requests[:2]
	}
	for _, request := range requests {
		s.pass(10, 95)
		request.OrderID, request.Venue = id, venue
		if _, err := s.manager.Handle(ctx, request); err != nil {
			return err
		}
		if err := s.workflow.Advance(ctx); err != nil {
			return err
		}
		if string(request.Action) == until {
			return nil
		}
	}
	return nil
}

// drink chooses something from the menu, now and then with an option.
func (s *seeder) drink(n int) ordermanager.DrinkOrder {
	item := s.items[n*3%len(s.items)]
	order := ordermanager.DrinkOrder{Drink: item.Drink}
	for _, group := range item.Modifiers {
		if s.random.IntN(2) == 0 {
			order.Modifiers = append(order.Modifiers, group.Options[s.random.IntN(len(group.Options))])
		}
	}
	return order
}
