package storetest

import "github.com/brewline/ordermanager"

var createCases = []promise{
	{name: "an order is created pending, at version 1, with its beginning as history", run: func(c *checker) {
		o := c.order()
		t := o.create("customer of "+o.id, "venue of "+o.id)
		t.Create.Robot = true
		o.must(t)
		got := c.get(o.id)
		if got.State != ordermanager.StatePending || got.Version != 1 || len(got.History) != 1 || got.Drink != nil ||
			!got.Robot {
			c.fail("a new order is %+v", *got)
		}
		if from := got.History[0].From; from != "" {
			c.fail("the first entry comes from %q, it must come from nowhere", from)
		}
		if !got.CreatedAt.Equal(t.Entry.At) || !got.UpdatedAt.Equal(t.Entry.At) {
			c.fail(
				"a new order was created at %v and updated at %v, both must be the time of its entry", got.CreatedAt, got.UpdatedAt,
			)
		}
	}},
	{name: "an order can begin without a venue and without a token", run: func(c *checker) {
		o := c.order()
		t := o.create("customer of "+o.id, "")
		t.Assign.Register = nil
		t.Entry.RequestID = "the beginning"
		o.must(t)
	}},
	{name: "a creation of an order that exists is refused with that order", invariant: "9", run: func(c *checker) {
		o := c.begun()
		o.must(o.put())
		o.mustNot(o.create("somebody else", "elsewhere"))
		again := o.create(o.model.Customer, o.model.Venue)
		o.mustNot(again)
	}},
	{name: "a creation of an order that has ended is refused with that order", invariant: "1", run: func(c *checker) {
		o := c.begun()
		o.must(o.cancel("changed my mind"))
		o.mustNot(o.create(o.model.Customer, o.model.Venue))
	}},
	{
		name: "a transition of a missing order is refused without an order, and creates nothing", invariant: "9",
		run: func(c *checker) {
			o := c.order()
			o.mustNot(o.step(ordermanager.ActionCancel, workflow))
			cancelled := o.move(ordermanager.ActionTimedOut, workflow, ordermanager.StateCancelled, open...)
			o.mustNot(withEvent(cancelled))
			o.mustNot(o.register(ordermanager.FirstWait, newToken(), o.now))
			o.mustNot(o.reached("7", newToken(), o.now))
		},
	},
	{name: "a missing order is nil and not an error", run: func(c *checker) {
		if o := c.get(c.order().id); o != nil {
			c.fail("Get returned %q, which was never created", o.ID)
		}
	}},
	{name: "two orders never touch each other", run: func(c *checker) {
		a, b := c.begun(), c.begun()
		a.must(withEvent(a.put()))
		b.must(b.cancel("no time"))
		a.must(a.claim(anna))
		a.settleAll()
		for _, o := range []*order{a, b} {
			if err := same(c.get(o.id), o.model); err != nil {
				c.fail("after transitions of another order: %w", err)
			}
		}
	}},
	{name: "a second client reads what the first wrote", run: func(c *checker) {
		o := c.withDrink()
		got, err := c.Second.Get(c.ctx, o.id)
		c.check(err)
		if err := same(got, o.model); err != nil {
			c.fail("Get by a second client: %w", err)
		}
	}},
}
