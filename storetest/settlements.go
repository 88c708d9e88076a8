package storetest

import "github.com/brewline/ordermanager"

var settlementCases = []promise{
	{name: "a settlement takes the first token off, and nothing else", invariant: "3", run: func(c *checker) {
		o := owing(c)
		o.settle(settlement{Version: o.model.Version, First: o.model.FirstWait.Token})
		if got := c.get(o.id); !got.FirstWait.Token.IsZero() || got.FirstWait.RegisteredAt.IsZero() ||
			got.SecondWait.Token.IsZero() {
			c.fail("it did not: the order is %+v", *got)
		}
	}},
	{name: "a settlement takes the second token off, and nothing else", invariant: "3", run: func(c *checker) {
		o := owing(c)
		o.settle(settlement{Version: o.model.Version, Second: o.model.SecondWait.Token})
		if got := c.get(o.id); !got.SecondWait.Token.IsZero() || got.SecondWait.RegisteredAt.IsZero() ||
			got.FirstWait.Token.IsZero() {
			c.fail("it did not: the order is %+v", *got)
		}
	}},
	{name: "a settlement takes off the events that it names, and no others", invariant: "5", run: func(c *checker) {
		o := owing(c)
		events := o.model.OwedEvents
		o.settle(settlement{Version: o.model.Version, Events: []string{events[1]}})
		if got := c.get(o.id); len(got.OwedEvents) != 2 {
			c.fail("%s are owed, they must be 2", plural(len(got.OwedEvents), "events"))
		}
	}},
	{name: "what is settled with one publisher is owed to the other", invariant: "5", run: func(c *checker) {
		for _, either := range []int{0, 1} {
			o := c.withDrink()
			o.settleAll()
			o.must(withEvents(o.claim(anna)))
			o.settle(settlement{Version: o.model.Version, Events: o.model.OwedEvents[either:][:1]})
			o.owes()
		}
	}},
	{name: "a settlement takes everything off in one go", invariant: "5", run: func(c *checker) {
		o := owing(c)
		o.settleAll()
		if got := c.get(o.id); owes(got) {
			c.fail("it still owes: the order is %+v", *got)
		}
	}},
	{name: "a settlement leaves a newer token alone", invariant: "3", run: func(c *checker) {
		for _, wait := range []ordermanager.Wait{firstWait, secondWait} {
			o := c.begun()
			old, newer := newToken(), newToken()
			o.must(o.register(wait, old, o.now))
			o.must(o.cancel("no time"))
			o.must(o.register(wait, newer, o.now))
			o.settle(settlement{Version: o.model.Version, First: old, Second: old})
			got := map[ordermanager.Wait]ordermanager.WaitSlot{
				firstWait: c.get(o.id).FirstWait, secondWait: c.get(o.id).SecondWait,
			}[wait]
			if !got.Token.Equal(newer) {
				c.fail("the newer token of wait %d is gone", wait)
			}
		}
	}},
	{name: "a settlement of one wait's token leaves the other slot alone", invariant: "3", run: func(c *checker) {
		o := owing(c)
		o.settle(settlement{Version: o.model.Version, First: o.model.SecondWait.Token, Second: o.model.FirstWait.Token})
	}},
	{name: "a settlement does what it can when a part of it is out of date", invariant: "5", run: func(c *checker) {
		o := owing(c)
		o.settle(settlement{
			Version: o.model.Version, First: newToken(), Second: o.model.SecondWait.Token,
			Events: []string{"never heard of", o.model.OwedEvents[0]},
		})
	}},
	{name: "a settlement of an older version takes off what it delivered", invariant: "5", run: func(c *checker) {
		o := c.withDrink()
		version, token := o.model.Version, o.model.FirstWait.Token
		o.must(withEvent(o.claim(anna)))
		o.settle(settlement{Version: version, First: token, Everything: true})
	}},
	{name: "settling twice changes nothing", invariant: "5", run: func(c *checker) {
		o := owing(c)
		s := settlement{
			Version: o.model.Version, First: o.model.FirstWait.Token, Second: o.model.SecondWait.Token,
			Events: append([]string(nil), o.model.OwedEvents...), Everything: true,
		}
		o.settle(s)
		o.settle(s)
	}},
	{name: "settling what is not there is not an error and changes nothing", invariant: "5", run: func(c *checker) {
		o := owing(c)
		o.settle(settlement{
			Version: o.model.Version, First: newToken(), Second: newToken(), Events: []string{"never", "heard", "of"},
		})
		o.settle(settlement{Version: o.model.Version})
		fresh := c.begun()
		fresh.settle(settlement{Version: 1, Second: newToken(), Events: []string{"never heard of"}, Everything: true})
	}},
	{name: "settling a missing order is not an error and creates nothing", invariant: "5", run: func(c *checker) {
		o := c.order()
		o.settle(settlement{Version: 1, First: newToken(), Events: []string{"x"}})
		o.settle(settlement{Version: 1, Everything: true})
		c.contains(ordermanager.Query{Owing: true, Limit: ordermanager.MaxPageSize}, o.id, false)
	}},
	{name: "a settlement neither counts as a transition nor changes a time", invariant: "6", run: func(c *checker) {
		o := owing(c)
		before := c.get(o.id)
		o.settleAll()
		after := c.get(o.id)
		if after.Version != before.Version || len(after.History) != len(before.History) ||
			!after.UpdatedAt.Equal(before.UpdatedAt) {
			c.fail("it does: version %d after %d", after.Version, before.Version)
		}
	}},
	{name: "an order that has ended and is settled is listed as before", run: func(c *checker) {
		o := c.claimed()
		o.settleAll()
		o.must(o.complete(anna))
		ended := []ordermanager.Query{
			{State: ordermanager.StateCompleted, Venue: o.model.Venue},
			{State: ordermanager.StateCompleted, Customer: o.model.Customer},
			{Venue: o.model.Venue}, {Customer: o.model.Customer},
		}
		listed := func() {
			for _, q := range ended {
				q.Limit = 10
				c.listed(q, o.id)
			}
			c.listed(ordermanager.Query{State: ordermanager.StateMaking, Venue: o.model.Venue, Limit: 10})
		}
		listed()
		o.settleAll()
		listed()
		o.must(o.register(secondWait, newToken(), o.now)) // a workflow that was begun again
		listed()
		o.owes()
		listed()
	}},
	{name: "an event that is owed after a settlement is owed", invariant: "5", run: func(c *checker) {
		o := owing(c)
		o.settleAll()
		o.must(withEvent(o.step(ordermanager.ActionCancel, workflow)))
		if got := c.get(o.id); len(got.OwedEvents) != 1 {
			c.fail("%s are owed, it must be one", plural(len(got.OwedEvents), "events"))
		}
	}},
}
