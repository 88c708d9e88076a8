package storetest

var owingCases = []promise{
	{
		name: "an order whose drink was accepted owes an answer to the first wait until it is settled", invariant: "5",
		run: func(c *checker) {
			c.withDrink().owes()
		},
	},
	{
		name: "an order that was cancelled owes an answer to the open wait until it is settled", invariant: "5",
		run: func(c *checker) {
			o := c.begun()
			o.must(o.cancel("no time"))
			o.owes()
			second := c.withDrink()
			second.must(second.reached("7", newToken(), second.now))
			second.settleAll()
			second.must(second.cancel("no time"))
			second.owes()
		},
	},
	{name: "an order owes its events until they are settled", invariant: "5", run: func(c *checker) {
		o := c.withDrink()
		o.settleAll()
		o.must(withEvent(o.claim(anna)))
		o.owes()
	}},
	{
		name: "a token that is registered on an order that has ended is owed an answer", invariant: "3",
		run: func(c *checker) {
			o := c.begun()
			o.must(o.cancel("no time"))
			o.settleAll()
			o.must(o.reached("7", newToken(), o.now))
			o.owes()
		},
	},
	{name: "an order that never owed anything is not listed as owing", invariant: "5", run: func(c *checker) {
		o := c.order()
		t := o.create("customer of "+o.id, "venue")
		t.Owing = false
		o.must(t)
		c.contains(allOwing, o.id, false)
	}},
	{name: "a partial settlement leaves an order in the listing", invariant: "5", run: func(c *checker) {
		o := owing(c)
		for _, s := range []settlement{
			{First: o.model.FirstWait.Token},
			{Events: []string{o.model.OwedEvents[0]}},
			{Second: o.model.SecondWait.Token},
			{},
		} {
			s.Version = o.model.Version
			o.settle(s)
			c.contains(allOwing, o.id, true)
		}
		o.owes()
	}},
	{
		name: "a settlement of everything as of an older version does not hide an order that owes", invariant: "5",
		run: func(c *checker) {
			o := c.withDrink()
			s := settlement{Version: o.model.Version, First: o.model.FirstWait.Token, Everything: true}
			o.must(withEvent(o.claim(anna)))
			o.settle(s)
			c.contains(allOwing, o.id, true)
			o.owes()
		},
	},
	{
		name: "a settlement of everything as of an older version does not hide a newer token", invariant: "3",
		run: func(c *checker) {
			o := c.begun()
			o.must(o.cancel("no time"))
			s := settlement{Version: o.model.Version, First: o.model.FirstWait.Token, Everything: true}
			o.must(o.register(firstWait, newToken(), o.now))
			o.settle(s)
			c.contains(allOwing, o.id, true)
			o.owes()
		},
	},
	{name: "a later transition that owes nothing does not hide an order that owes", invariant: "5", run: func(c *checker) {
		o := c.withDrink()
		t := o.claim(anna)
		t.Owing = false
		o.must(t)
		c.contains(allOwing, o.id, true)
		o.owes()
	}},
	{name: "an end that owes nothing does not hide what was owed before it", invariant: "5", run: func(c *checker) {
		o := c.withDrink()
		t := o.cancel("no time")
		t.Owing = false
		o.must(t)
		c.contains(allOwing, o.id, true)
		o.owes()
	}},
	{name: "a refused transition does not make an order owe", invariant: "5", run: func(c *checker) {
		o := c.withDrink()
		o.settleAll()
		o.mustNot(withEvent(o.put()))
		c.contains(allOwing, o.id, false)
	}},
	{
		name: "an empty settlement takes an order off the listing that owes nothing any more", invariant: "5",
		run: func(c *checker) {
			o := c.order()
			t := o.create("customer of "+o.id, "venue")
			t.Assign.Register, t.Owing = nil, false
			o.must(t)
			o.must(o.put()) // announced as owing, and owes nothing: there is no token
			o.settle(settlement{Version: o.model.Version, Everything: true})
			c.contains(allOwing, o.id, false)
		},
	},
	{name: "an order that owes again is listed again", invariant: "5", run: func(c *checker) {
		o := c.withDrink()
		o.owes()
		o.must(withEvent(o.claim(anna)))
		o.owes()
		o.must(withEvent(o.complete(anna)))
		o.owes()
	}},
}
