package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
)

// race carries out the transitions at once, half of them by the second client, checks the race as a whole (see verify),
// and returns the results.
func (o *order) race(transitions ...ordermanager.Transition) []ordermanager.Result {
	c := o.c
	results := make([]ordermanager.Result, len(transitions))
	errs := make([]error, len(transitions))
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i, t := range transitions {
		store := []ordermanager.Store{c.Store, c.Second}[i%2]
		wait.Go(func() {
			<-start
			results[i], errs[i] = store.Apply(c.ctx, t)
		})
	}
	close(start)
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			c.fail("Apply failed in a race: %w (%s)", err, describe(transitions[i]))
		}
	}
	o.verify(transitions, results)
	return results
}

// verify checks that a race gave what the transitions could have given one after another, in the order of the history.
// Each applied one was permitted at its place and gave the order in its result, and the last one gave the order that is
// in the store now. Each refused one got the order as it was at some moment, and was not permitted at that moment.
func (o *order) verify(transitions []ordermanager.Transition, results []ordermanager.Result) {
	c := o.c
	final := c.get(o.id)
	applied := map[string]int{}
	for i, result := range results {
		if !result.Applied {
			continue
		}
		id := transitions[i].Entry.RequestID
		if _, twice := applied[id]; twice {
			c.fail("the request %q was applied twice", clip(id))
		}
		applied[id] = i
	}
	states := []*ordermanager.Order{clone(o.model)}
	begun := 0
	if o.model != nil {
		begun = len(o.model.History)
	}
	if final != nil && len(final.History)-begun != len(applied) || final == nil && len(applied) > 0 {
		c.fail("%s say that they were applied, and the order is %s", plural(len(applied), "transitions"), brief(final))
	}
	if final == nil {
		return
	}
	for _, entry := range final.History[begun:] {
		i, found := applied[entry.RequestID]
		if !found {
			c.fail("the history has the request %q, which was refused", clip(entry.RequestID))
		}
		t, now := transitions[i], states[len(states)-1]
		if refusal(&t, now) != "" {
			c.fail("a transition was applied in a race though a guard does not hold (%s)", describe(t))
		}
		next := after(t, now)
		if err := same(results[i].Order, next); err != nil {
			c.fail("the result of a transition that was applied in a race (%s): %w", describe(t), err)
		}
		states = append(states, next)
	}
	o.model = states[len(states)-1]
	if err := same(final, o.model); err != nil {
		c.fail("after a race: %w", err)
	}
	for i, result := range results {
		if result.Applied {
			continue
		}
		t := transitions[i]
		known := slices.ContainsFunc(states, func(state *ordermanager.Order) bool {
			return refusal(&t, state) != "" && same(result.Order, state) == nil
		})
		if !known {
			c.fail(
				"a transition was refused in a race with an order that does not explain it: %s (%s)", brief(result.Order),
				describe(t),
			)
		}
	}
}

func brief(o *ordermanager.Order) string {
	if o == nil {
		return "missing"
	}
	return fmt.Sprintf("%s at version %d with %d entries", o.State, o.Version, len(o.History))
}

// winners counts the transitions that were applied.
func winners(results []ordermanager.Result) int {
	n := 0
	for _, result := range results {
		if result.Applied {
			n++
		}
	}
	return n
}

// oneWinner races, and requires that exactly one transition is applied and that every loser gets the winner's order.
func (o *order) oneWinner(transitions ...ordermanager.Transition) {
	results := o.race(transitions...)
	if n := winners(results); n != 1 {
		o.c.fail("%d of %d racing transitions were applied, it must be one", n, len(transitions))
	}
	for i, result := range results {
		if err := same(result.Order, o.model); err != nil {
			o.c.fail("the order of a loser is not the winner's (%s): %w", describe(transitions[i]), err)
		}
	}
}

// repeat makes n transitions.
func repeat(n int, transition func(i int) ordermanager.Transition) []ordermanager.Transition {
	all := make([]ordermanager.Transition, n)
	for i := range all {
		all[i] = transition(i)
	}
	return all
}

func barista(i int) string { return fmt.Sprintf("barista-%d", i) }

var raceCases = []promise{
	{name: "of 16 baristas one gets the order, and the others learn who", invariant: "2", run: func(c *checker) {
		o := c.withDrink()
		o.oneWinner(repeat(16, func(i int) ordermanager.Transition { return o.claim(barista(i)) })...)
	}},
	{name: "of 64 baristas one gets the order, and the others learn who", invariant: "7", run: func(c *checker) {
		o := c.withDrink()
		o.oneWinner(repeat(64, func(i int) ordermanager.Transition { return withEvent(o.claim(barista(i))) })...)
	}},
	{name: "of 32 creations one applies, and the others learn whose order it is", invariant: "2", run: func(c *checker) {
		o := c.order()
		o.oneWinner(repeat(
			32, func(i int) ordermanager.Transition { return o.create(fmt.Sprintf("customer-%d", i), "venue") },
		)...)
	}},
	{name: "of 32 drinks one is accepted", invariant: "2", run: func(c *checker) {
		o := c.begun()
		o.oneWinner(repeat(32, func(i int) ordermanager.Transition {
			t := o.put()
			t.Assign.Drink.Name = fmt.Sprintf("drink %d", i)
			return t
		})...)
	}},
	{name: "an order that is completed and cancelled at once ends one way", invariant: "2", run: func(c *checker) {
		o := c.claimed()
		o.oneWinner(repeat(16, func(i int) ordermanager.Transition {
			if i%4 < 2 {
				return withEvent(o.complete(anna))
			}
			return withEvent(o.cancel("no time"))
		})...)
	}},
	{name: "of 32 repetitions of one request one is applied", invariant: "6", run: func(c *checker) {
		o := c.claimed()
		t := withEvent(o.step(ordermanager.ActionMake, ordermanager.Barista(anna)))
		o.oneWinner(repeat(32, func(int) ordermanager.Transition { return t })...)
	}},
	{name: "transitions that do not exclude each other are all applied", invariant: "5", run: func(c *checker) {
		o := c.claimed()
		results := o.race(repeat(24, func(int) ordermanager.Transition {
			return withEvent(o.step(ordermanager.ActionMake, workflow))
		})...)
		if n := winners(results); n != 24 {
			c.fail("%d of 24 were applied", n)
		}
	}},
	{
		name: "a registration that races a decision comes before it or is refused by it", invariant: "3",
		run: func(c *checker) {
			for range 8 {
				o := c.withDrink()
				results := o.race(repeat(8, func(i int) ordermanager.Transition {
					if i == 4 {
						return o.cancel("no time")
					}
					t := o.reached("7", newToken(), o.now.Add(time.Duration(i)*time.Millisecond))
					t.Guards.States, t.Owing = slices.Clone(open), false
					return t
				})...)
				if !results[4].Applied {
					c.fail("the decision was refused")
				}
			}
		},
	},
	{name: "a refusal comes with the order as it was in that instant", invariant: "2", run: func(c *checker) {
		for range 8 {
			o := c.begun()
			// Those that come before the drink are refused, and only the order at that moment explains why.
			o.race(repeat(17, func(i int) ordermanager.Transition {
				if i == 8 {
					return o.put()
				}
				t := o.step(ordermanager.ActionMake, workflow)
				t.Guards.HasDrink = true
				return t
			})...)
		}
	}},
	{name: "of racing registrations the newest token is the one that stays", invariant: "3", run: func(c *checker) {
		o := c.withDrink()
		tokens := make([]ordermanager.TaskToken, 16)
		at := o.now
		o.race(repeat(len(tokens), func(i int) ordermanager.Transition {
			tokens[i] = newToken()
			return o.reached("7", tokens[i], at.Add(time.Duration(i)*time.Millisecond))
		})...)
		if got := c.get(o.id).SecondWait; !got.Token.Equal(tokens[len(tokens)-1]) {
			c.fail("the token of %v stays, it must be that of %v", got.RegisteredAt, at.Add(15*time.Millisecond))
		}
	}},
	{name: "a settlement that races a registration never takes the new token", invariant: "3", run: func(c *checker) {
		for range 8 {
			o := c.begun()
			o.must(o.cancel("no time"))
			newer := newToken()
			t := o.register(firstWait, newer, o.now)
			s := settlement{
				OrderID: o.id, Version: o.model.Version, First: o.model.FirstWait.Token, Everything: true,
			}
			var result ordermanager.Result
			c.together(
				func() (err error) { result, err = c.Store.Apply(c.ctx, t); return err },
				func() error { return c.Second.Settle(c.ctx, s) },
			)
			got := c.get(o.id)
			if !result.Applied || got == nil || !got.FirstWait.Token.Equal(newer) || !owes(got) {
				c.fail("it does: registered: %t, the order: %s", result.Applied, brief(got))
			}
			c.contains(allOwing, o.id, true)
		}
	}},
	{name: "a settlement that races a transition loses nothing of it", invariant: "5", run: func(c *checker) {
		for range 8 {
			o := c.withDrink()
			t := withEvent(o.claim(anna))
			s := settlement{OrderID: o.id, Version: o.model.Version, First: o.model.FirstWait.Token, Everything: true}
			c.together(
				func() error { _, err := c.Store.Apply(c.ctx, t); return err },
				func() error { return c.Second.Settle(c.ctx, s) },
			)
			o.model = settled(s, after(t, o.model))
			c.same(o.id, o.model)
			c.contains(allOwing, o.id, true)
		}
	}},
	{name: "transitions of different orders run at once without meeting", run: func(c *checker) {
		orders := make([]*order, 24)
		steps := make([]func() error, len(orders))
		for i := range orders {
			o := c.begun()
			orders[i] = o
			put := withEvent(o.put())
			claim := o.claim(barista(i))
			final := after(claim, after(put, o.model))
			steps[i] = func() error {
				for _, t := range []ordermanager.Transition{put, claim} {
					result, err := c.Store.Apply(c.ctx, t)
					if err != nil {
						return err
					}
					if !result.Applied {
						return fmt.Errorf("a transition was refused that nothing stands against (%s)", describe(t))
					}
				}
				return nil
			}
			o.model = final
		}
		c.together(steps...)
		for _, o := range orders {
			c.same(o.id, o.model)
		}
	}},
	{name: "a reader in a race sees whole transitions only", invariant: "2", run: func(c *checker) {
		o := c.withDrink()
		claim := withEvent(o.claim(anna))
		before := clone(o.model)
		claimed := after(claim, before)
		steps := []func() error{func() error { _, err := c.Store.Apply(c.ctx, claim); return err }}
		for range 12 {
			steps = append(steps, func() error {
				got, err := c.Second.Get(c.ctx, o.id)
				if err != nil {
					return err
				}
				if same(got, before) != nil {
					return same(got, claimed)
				}
				return nil
			})
		}
		c.together(steps...)
	}},
}

// together runs the steps at once.
func (c *checker) together(steps ...func() error) {
	errs := make([]error, len(steps))
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i, step := range steps {
		wait.Go(func() {
			<-start
			errs[i] = step()
		})
	}
	close(start)
	wait.Wait()
	for _, err := range errs {
		c.check(err)
	}
}
