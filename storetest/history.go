package storetest

import (
	"time"

	"github.com/brewline/ordermanager"
)

var historyCases = []promise{
	{name: "a request id is applied once", invariant: "6", run: func(c *checker) {
		o := c.withDrink()
		t := o.step(ordermanager.ActionMake, ordermanager.Barista(anna))
		o.must(t)
		o.mustNot(t)
		o.mustNot(t)
	}},
	{
		name: "a repetition after a lost answer is refused with the order that has the request", invariant: "6",
		run: func(c *checker) {
			o := c.withDrink()
			t := withEvent(o.claim(anna))
			o.must(t)
			result := c.apply(t)
			if result.Applied || result.Order == nil {
				c.fail("the repetition was applied: %t, with the order: %t", result.Applied, result.Order != nil)
			}
			if n := len(result.Order.History); n != 3 || result.Order.History[2].RequestID != t.Entry.RequestID {
				c.fail("the order of the refusal does not end with the request: it has %s", plural(n, "entries"))
			}
		},
	},
	{name: "a repetition is refused even when its other guards hold again", invariant: "6", run: func(c *checker) {
		o := c.withDrink()
		t := o.claim(anna)
		o.must(t)
		o.must(o.release(anna))
		o.must(o.reached("7", newToken(), o.now))
		o.mustNot(t)
	}},
	{name: "a request id that was used for something else is refused", invariant: "6", run: func(c *checker) {
		o := c.withDrink()
		t := o.claim(anna)
		o.must(t)
		other := o.cancel("no time")
		other.Entry.RequestID = t.Entry.RequestID
		o.mustNot(other)
	}},
	{name: "a request id that was refused can still be used", invariant: "6", run: func(c *checker) {
		o := c.begun()
		t := o.claim(anna)
		o.mustNot(t)
		other := o.cancel("no time")
		other.Entry.RequestID = t.Entry.RequestID
		o.must(other)
	}},
	{name: "one request id can be applied to two orders", run: func(c *checker) {
		a, b := c.begun(), c.begun()
		first, second := a.cancel("no time"), b.cancel("no time")
		second.Entry.RequestID = first.Entry.RequestID
		a.must(first)
		b.must(second)
	}},
	{name: "request ids that contain one another are different", invariant: "6", run: func(c *checker) {
		o := c.begun()
		for _, id := range []string{
			"abc", "ab", "a", "abcd", "bc", "ABC", "abc ", " abc", "a,b", "b", "%", "_", "*", "é", "e\u0301", `"`, `\`, `\"`,
			`","`, `{"requestId":"a",`, `}]`, "]", "<&>", "\u2028",
		} {
			t := o.step(ordermanager.ActionCancel, workflow)
			t.Entry.RequestID = id
			o.must(t)
			o.mustNot(t)
		}
	}},
	{
		name: "the history is complete, in order, with every state that was left and entered", invariant: "1",
		run: func(c *checker) {
			o := c.begun()
			o.must(o.put())
			o.must(o.claim(anna))
			o.must(o.release(anna))
			o.must(o.reached("7", newToken(), o.now))
			o.must(o.claim(ben))
			o.must(o.cancel("no time"))
			o.must(o.register(ordermanager.FirstWait, newToken(), o.now))
			pending, making, cancelled := ordermanager.StatePending, ordermanager.StateMaking, ordermanager.StateCancelled
			want := []struct{ from, to ordermanager.State }{
				{"", pending}, {pending, pending}, {pending, making}, {making, pending},
				{pending, pending}, {pending, making}, {making, cancelled}, {cancelled, cancelled},
			}
			got := c.get(o.id).History
			if len(got) != len(want) {
				c.fail("the history has %s, it must have %d", plural(len(got), "entries"), len(want))
			}
			for i, entry := range got {
				if entry.From != want[i].from || entry.To != want[i].to {
					c.fail(
						"entry %d leads from %q to %q, it must lead from %q to %q", i, entry.From, entry.To, want[i].from, want[i].to,
					)
				}
			}
		},
	},
	{name: "each entry has its action, actor, request, time and reason", run: func(c *checker) {
		o := c.begun()
		for i, actor := range []ordermanager.Actor{
			ordermanager.Customer("c"), ordermanager.Barista("b"), ordermanager.Admin("a"), ordermanager.System("s"), {},
		} {
			t := o.step(ordermanager.Actions()[i], actor)
			t.Entry.Reason = "because of " + actor.ID
			o.must(t)
		}
	}},
	{name: "an entry keeps its trace context, and one without has none", run: func(c *checker) {
		o := c.begun()
		for i, trace := range []string{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "", "x"} {
			t := o.step(ordermanager.Actions()[i], ordermanager.Barista(anna))
			t.Entry.Trace = trace
			o.must(t)
		}
		if got := c.get(o.id).History[1:]; got[0].Trace == "" || got[1].Trace != "" || got[2].Trace != "x" {
			c.fail("the trace contexts are %q, %q and %q", got[0].Trace, got[1].Trace, got[2].Trace)
		}
	}},
	{name: "times come back to the millisecond and in UTC", run: func(c *checker) {
		o := c.order()
		for _, at := range []time.Duration{0, time.Millisecond, 999 * time.Millisecond, time.Second} {
			o.now = time.Date(2026, time.March, 29, 1, 59, 59, 0, time.UTC).Add(at)
			t := ordermanager.Transition{}
			if o.model == nil {
				t = o.create("customer of "+o.id, "venue")
			} else {
				t = o.register(ordermanager.SecondWait, newToken(), o.now)
			}
			t.Entry.At = o.now
			o.must(t)
		}
		got := c.get(o.id)
		times := map[string]time.Time{"CreatedAt": got.CreatedAt, "UpdatedAt": got.UpdatedAt}
		for _, entry := range got.History {
			times["At of "+entry.RequestID] = entry.At
		}
		for name, at := range times {
			if at.Location() != time.UTC {
				c.fail("%s is in %v, it must be in UTC", name, at.Location())
			}
		}
	}},
	{name: "an order can end after its history is full", run: func(c *checker) {
		o := c.begun()
		o.fill(func() ordermanager.Transition { return o.step(ordermanager.ActionCancel, workflow) })
		o.mustNot(o.register(ordermanager.SecondWait, newToken(), o.now))
		o.must(o.cancel("enough"))
	}},
}
