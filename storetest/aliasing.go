package storetest

import "github.com/brewline/ordermanager"

var aliasingCases = []promise{
	{name: "what Apply returned can be changed without changing the store", run: func(c *checker) {
		o := c.claimed()
		result := c.apply(withEvent(o.step(ordermanager.ActionCancel, workflow)))
		before := clone(result.Order)
		scribble(result.Order)
		c.same(o.id, before)
	}},
	{name: "what a refused Apply returned can be changed without changing the store", run: func(c *checker) {
		o := c.claimed()
		result := c.apply(o.put())
		scribble(result.Order)
		c.same(o.id, o.model)
	}},
	{name: "what Get returned can be changed without changing the store", run: func(c *checker) {
		o := c.claimed()
		o.must(withEvent(o.step(ordermanager.ActionCancel, workflow)))
		scribble(c.get(o.id))
		c.same(o.id, o.model)
	}},
	{name: "what List returned can be changed without changing the store", run: func(c *checker) {
		o := c.claimed()
		o.must(withEvent(o.step(ordermanager.ActionCancel, workflow)))
		q := ordermanager.Query{Customer: o.model.Customer, Limit: 10}
		c.listed(q, o.id)
		for _, listed := range c.list(q) {
			scribble(listed)
		}
		c.same(o.id, o.model)
	}},
	// The drink is an exception: like an entry of the history, nobody changes it once it is made.
	{name: "what was passed to Apply can be changed without changing the store", run: func(c *checker) {
		o := c.order()
		t := o.create("customer of "+o.id, "venue")
		o.must(t)
		*t.Create, *t.Assign.Register = ordermanager.NewOrder{Customer: "changed"}, ordermanager.Registration{}
		c.same(o.id, o.model)

		t = o.put()
		t.Guards.States = []ordermanager.State{ordermanager.StatePending}
		o.must(t)
		t.Guards.States[0], *t.Guards.Venue = "changed", "changed"
		c.same(o.id, o.model)

		t = o.claim(anna)
		o.must(t)
		*t.Assign.Barista = "changed"
		c.same(o.id, o.model)
	}},
	{name: "what was passed to Apply is not changed", run: func(c *checker) {
		o := c.begun()
		t := o.put()
		t.Assign.Drink.Modifiers = []string{"Z", "A", "M"}
		o.must(t)
		if got := t.Assign.Drink; got.Name != "Espresso" || got.Modifiers[0] != "Z" || got.Modifiers[1] != "A" ||
			got.Modifiers[2] != "M" {
			c.fail("it is: the drink is %+v", *got)
		}
	}},
	{name: "what was passed to Settle is not changed, and can be", run: func(c *checker) {
		o := owing(c)
		events := append([]string(nil), o.model.OwedEvents[:2]...)
		want := append([]string(nil), events...)
		o.settle(settlement{Version: o.model.Version, Events: events})
		if events[0] != want[0] || events[1] != want[1] {
			c.fail("it is: the events are %q", events)
		}
		events[0], events[1] = "changed", "changed"
		c.same(o.id, o.model)
	}},
	{name: "an order that was returned does not change with the store", run: func(c *checker) {
		o := c.withDrink()
		kept := c.get(o.id)
		before := clone(kept)
		o.must(withEvent(o.claim(anna)))
		o.settleAll()
		if err := same(kept, before); err != nil {
			c.fail("it does: %w", err)
		}
	}},
}

// same reads an order and compares it.
func (c *checker) same(orderID string, want *ordermanager.Order) {
	if err := same(c.get(orderID), want); err != nil {
		c.fail("after the change: %w", err)
	}
}

// scribble changes everything that can be reached from an order.
func scribble(o *ordermanager.Order) {
	if o == nil {
		return
	}
	for i := range o.OwedEvents {
		o.OwedEvents[i] = "changed"
	}
	// Appending must not write into memory that the store keeps, either.
	o.History = append(o.History, ordermanager.Entry{RequestID: "added"})
	o.OwedEvents = append(o.OwedEvents, "added")
	*o = ordermanager.Order{ID: "changed"}
}
