package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// The people of the demonstration.
var (
	seedCustomers = []string{"Ada", "Bela", "Chidi", "Dana", "Emre", "Fatou", "Goran", "Hana", "Ines", "Jonas"}
	seedBaristas  = []string{"Mara", "Noor", "Oskar"}
)

// seed makes demonstration orders of the last hours, with a clock of its own but the same rules and time-outs as for
// real ones. It does nothing to a file that has orders.
func seed(
	ctx context.Context, db *sql.DB, store ordermanager.Store, menu *menu, t table, within settings,
) error {
	var some bool
	err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM ordermanager_orders)").Scan(&some)
	if err != nil || some {
		return err
	}
	s := &seeder{
		table: t, now: time.Now().Add(-100 * time.Minute), items: menu.items, most: 95,
		random: rand.New(rand.NewPCG(4, 9)), //nolint:gosec // the same each time
	}
	clock := func() time.Time { return s.now }
	s.workflow, err = workflow.New(ctx, db, &workflow.Options{
		Now: clock, DrinkTimeout: within.drinkTimeout, CompletionTimeout: within.completionTimeout,
	})
	if err != nil {
		return err
	}
	s.manager, err = ordermanager.New(store, menu, s.workflow, &ordermanager.Options{Lifecycle: t.Lifecycle, Now: clock})
	if err != nil {
		return err
	}
	s.workflow.Connect(s.manager)
	end := t.way()[len(t.way())-1]
	for i := range 18 {
		if err := s.order(ctx, i, i%7 == 5, end); err != nil {
			return err
		}
		s.pass(60, 160)
	}
	s.now, s.most = time.Now().Add(-9*time.Minute), 60
	ready := slices.IndexFunc(t.way(), t.done)
	for i, steps := range []int{ready, ready, ready - 1, ready - 1, 0, 0, 0, 0, 0} {
		if err := s.order(ctx, 18+i, false, t.way()[max(0, steps)]); err != nil {
			return err
		}
	}
	return nil
}

type seeder struct {
	table table
	now   time.Time
	// most is how many seconds may pass between two actions.
	most     int
	random   *rand.Rand
	items    []ordermanager.MenuItem
	workflow *workflow.Workflow
	manager  *ordermanager.Manager
}

// pass advances the clock by some seconds, but never beyond the present.
func (s *seeder) pass(least, most int) {
	s.now = s.now.Add(time.Duration(least+s.random.IntN(most-least)) * time.Second)
	if present := time.Now(); s.now.After(present) {
		s.now = present
	}
}

// order takes one order along the usual way up to a state, or until its customer cancels.
func (s *seeder) order(ctx context.Context, n int, cancel bool, until ordermanager.State) error {
	id, customer := fmt.Sprintf("demo-%02d", n+1), ordermanager.Customer(seedCustomers[n%len(seedCustomers)])
	if _, err := s.workflow.Start(ctx, id, customer.ID, venue); err != nil {
		return err
	}
	put := ordermanager.Request{Action: ordermanager.ActionPut, Actor: customer, Drink: s.drink(n)}
	if err := s.do(ctx, id, put); err != nil {
		return err
	}
	if cancel {
		for _, rule := range s.table.offers(s.table.Initial(), ordermanager.RoleCustomer) {
			request := ordermanager.Request{Action: rule.Action, Actor: customer}
			if s.table.Answers(rule.To) == ordermanager.Cancelled {
				request.Reason = "My train is here"
				return s.do(ctx, id, request)
			}
		}
	}
	// A barista or the customer takes a step if the table lets them, otherwise a supervisor, who always may.
	people := []ordermanager.Actor{ordermanager.Barista(seedBaristas[n%len(seedBaristas)]), customer}
	at := s.table.Initial()
	for _, rule := range s.table.wayRules() {
		if at == until {
			return nil
		}
		able := func(a ordermanager.Actor) bool {
			offers := s.table.offers(at, a.Role)
			return slices.ContainsFunc(offers, func(r ordermanager.Rule) bool { return r.Action == rule.Action })
		}
		request := ordermanager.Request{Action: rule.Action, Actor: ordermanager.Admin("Lee")}
		if i := slices.IndexFunc(people, able); i >= 0 {
			request.Actor = people[i]
		}
		switch err := s.do(ctx, id, request); {
		case errors.Is(err, ordermanager.ErrIllegalTransition):
			return nil // it took too long, and was given up
		case err != nil:
			return err
		}
		at = rule.To
	}
	return nil
}

func (s *seeder) do(ctx context.Context, id string, request ordermanager.Request) error {
	s.pass(10, s.most)
	request.OrderID, request.Venue = id, venue
	if _, err := s.manager.Handle(ctx, request); err != nil {
		return err
	}
	return s.workflow.Advance(ctx)
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
