package storetest

import (
	"github.com/brewline/ordermanager"
)

// deciding is a step that only decides waits.
func (o *order) deciding(first, second ordermanager.Decision) ordermanager.Transition {
	t := o.step("decide", workflow)
	t.Assign.First, t.Assign.Second = first, second
	t.Owing = true
	return t
}

// guarded is a step that requires a wait to be undecided.
func (o *order) guarded(wait ordermanager.Wait) ordermanager.Transition {
	t := o.step("look", workflow)
	t.Guards.Undecided = wait
	return t
}

const (
	undecided = ordermanager.Undecided
	done      = ordermanager.Done
	given     = ordermanager.Cancelled
)

var decisionCases = []promise{
	{name: "a decision is kept, of each wait its own", invariant: "3", needs: makeAnswers, run: func(c *checker) {
		for _, first := range []ordermanager.Decision{undecided, done, given} {
			for _, second := range []ordermanager.Decision{undecided, done, given} {
				o := c.begun()
				o.must(o.deciding(first, second))
				o.must(o.step("look", workflow))
			}
		}
	}},
	{
		name: "a decision is written once, and a later one is no reason to refuse", invariant: "3", needs: makeAnswers,
		run: func(c *checker) {
			o := c.begun()
			o.must(o.deciding(done, undecided))
			o.must(o.deciding(given, given))
			o.must(o.deciding(done, done))
			if got := c.get(o.id); got.FirstWait.Decision != done || got.SecondWait.Decision != given {
				c.fail("it was written again: %q and %q", got.FirstWait.Decision, got.SecondWait.Decision)
			}
		},
	},
	{name: "a cancel after the drink leaves the answer to the first wait", invariant: "3", run: func(c *checker) {
		o := c.withDrink()
		o.must(o.cancel("no time"))
		if got := c.get(o.id); got.FirstWait.Decision != done || got.SecondWait.Decision != given {
			c.fail("the waits are answered with %q and %q", got.FirstWait.Decision, got.SecondWait.Decision)
		}
	}},
	{
		name: "a decision follows from nothing but the transition: not from a drink", invariant: "3", needs: makeAnswers,
		run: func(c *checker) {
			o := c.begun()
			t := o.put()
			t.Assign.First, t.Owing = undecided, false
			o.must(t)
			o.settle(settlement{Version: o.model.Version, Everything: true})
			c.contains(allOwing, o.id, false)
			o.must(o.guarded(firstWait))
			t = o.claim(anna)
			t.Assign.First, t.Owing = done, true
			o.must(t)
			o.owes()
		},
	},
	{
		name: "a decision follows from nothing but the transition: not from a state", invariant: "3", needs: ownLifecycle,
		run: func(c *checker) {
			for _, state := range append(ordermanager.States(), ownStates...) {
				o := c.withDrink()
				o.settleAll()
				o.must(o.reached("7", newToken(), o.now))
				o.must(o.act("go", state, "pending"))
				o.settle(settlement{Version: o.model.Version, Everything: true})
				c.contains(allOwing, o.id, false)
				o.must(o.guarded(secondWait))
				o.must(o.deciding(undecided, done))
				o.owes()
			}
		},
	},
	{name: "a settlement takes tokens off and leaves the decision", invariant: "3", run: func(c *checker) {
		o := c.begun()
		o.must(o.cancel("no time"))
		o.settleAll()
		if got := c.get(o.id); got.FirstWait.Decision != given || got.SecondWait.Decision != given {
			c.fail("the decisions are %q and %q", got.FirstWait.Decision, got.SecondWait.Decision)
		}
		o.must(o.register(firstWait, newToken(), o.now))
		o.owes()
	}},
	{name: "Undecided holds while its wait is undecided", invariant: "3", run: func(c *checker) {
		o := c.begun()
		o.must(o.guarded(firstWait))
		o.must(o.guarded(secondWait))
		o.must(o.put())
		o.must(o.guarded(secondWait))
	}},
	{name: "Undecided refuses when its wait is decided, settled or not", invariant: "3", run: func(c *checker) {
		o := c.withDrink()
		o.mustNot(o.guarded(firstWait))
		o.settleAll()
		o.mustNot(o.guarded(firstWait))
		o.must(o.cancel("no time"))
		o.mustNot(o.guarded(secondWait))
		o.mustNot(o.guarded(firstWait))
	}},
	{
		name: "a registration that guards against a decision comes before it or is refused by it", invariant: "3",
		run: func(c *checker) {
			o := c.withDrink()
			early := o.reached("7", newToken(), o.now)
			early.Guards.Undecided = secondWait
			o.must(early)
			o.must(o.cancel("no time"))
			late := o.register(secondWait, newToken(), o.now)
			late.Guards.Undecided = secondWait
			o.mustNot(late)
			late.Guards.Undecided = 0
			o.must(late)
		},
	},
	{
		name: "that an order ends changes nothing else, and it stays as it is however often it is settled", invariant: "5",
		run: func(c *checker) {
			o := c.claimed()
			o.must(o.reached("7", newToken(), o.now))
			o.must(withEvent(o.complete(anna)))
			for range 3 {
				o.settleAll()
			}
			o.must(o.register(secondWait, newToken(), o.now))
			for range 3 {
				o.settleAll()
			}
			c.listed(ordermanager.Query{Customer: o.model.Customer, State: ordermanager.StateCompleted, Limit: 5}, o.id)
		},
	},
}
