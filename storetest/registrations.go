package storetest

import (
	"time"

	"github.com/brewline/ordermanager"
)

var registrationCases = []promise{
	{
		name: "a token is registered in a slot that was never used, whatever its time", invariant: "3",
		run: func(c *checker) {
			o := c.begun()
			o.must(o.register(secondWait, newToken(), o.now.Add(-24*time.Hour)))
		},
	},
	{name: "a newer token replaces an older one", invariant: "3", run: func(c *checker) {
		for _, wait := range []ordermanager.Wait{firstWait, secondWait} {
			o := c.begun()
			at := o.now
			o.must(o.register(wait, newToken(), at))
			o.must(o.register(wait, newToken(), at.Add(time.Millisecond)))
		}
	}},
	{name: "a token of the same time replaces the one before", invariant: "3", run: func(c *checker) {
		for _, wait := range []ordermanager.Wait{firstWait, secondWait} {
			o := c.begun()
			at := o.now
			o.must(o.register(wait, newToken(), at))
			o.must(o.register(wait, newToken(), at))
		}
	}},
	{name: "an older token is refused", invariant: "3", run: func(c *checker) {
		for _, wait := range []ordermanager.Wait{firstWait, secondWait} {
			o := c.begun()
			at := o.now.Add(time.Hour)
			o.must(o.register(wait, newToken(), at))
			o.mustNot(o.register(wait, newToken(), at.Add(-time.Millisecond)))
		}
	}},
	{name: "an older token is refused even after the newer one was answered", invariant: "3", run: func(c *checker) {
		for _, wait := range []ordermanager.Wait{firstWait, secondWait} {
			o := c.begun()
			at := o.now.Add(time.Hour)
			o.must(o.register(wait, newToken(), at))
			o.must(o.cancel("no time"))
			o.settleAll()
			o.mustNot(o.register(wait, newToken(), at.Add(-time.Millisecond)))
		}
	}},
	{name: "a duplicate registration is refused, whatever its time", invariant: "3", run: func(c *checker) {
		for _, wait := range []ordermanager.Wait{firstWait, secondWait} {
			o := c.begun()
			token := newToken()
			o.must(o.register(wait, token, o.now))
			for _, late := range []time.Duration{-time.Hour, 0, time.Hour} {
				o.mustNot(o.register(wait, token, o.now.Add(late)))
			}
		}
	}},
	{name: "a used token never comes back", invariant: "3", run: func(c *checker) {
		for _, wait := range []ordermanager.Wait{firstWait, secondWait} {
			o := c.begun()
			token := newToken()
			o.must(o.register(wait, token, o.now))
			o.must(o.put())
			o.must(o.claim(anna))
			o.must(o.complete(anna))
			o.settleAll()
			o.mustNot(o.register(wait, token, o.now.Add(time.Hour)))
		}
	}},
	{name: "a token that was replaced never comes back", invariant: "3", run: func(c *checker) {
		o := c.begun()
		dead := newToken()
		o.must(o.register(secondWait, dead, o.now))
		o.must(o.register(secondWait, newToken(), o.now))
		o.mustNot(o.register(secondWait, dead, o.now.Add(time.Hour)))
	}},
	{name: "a token can be registered on an order that has ended", invariant: "3", run: func(c *checker) {
		o := c.begun()
		o.must(o.cancel("no time"))
		o.settleAll()
		o.must(o.reached("7", newToken(), o.now))
	}},
	{name: "a registration in one slot leaves the other alone", invariant: "3", run: func(c *checker) {
		o := c.begun()
		first := o.model.FirstWait
		o.must(o.register(secondWait, newToken(), o.now))
		if got := c.get(o.id).FirstWait; !got.Token.Equal(first.Token) || !got.RegisteredAt.Equal(first.RegisteredAt) {
			c.fail("the first wait changed")
		}
		second := o.model.SecondWait
		o.must(o.register(firstWait, newToken(), o.now))
		if got := c.get(o.id).SecondWait; !got.Token.Equal(second.Token) || !got.RegisteredAt.Equal(second.RegisteredAt) {
			c.fail("the second wait changed")
		}
	}},
	{
		name: "AnswerFirst empties the first slot, and keeps the time of its registration", invariant: "3",
		run: func(c *checker) {
			o := c.withDrink()
			at := o.model.FirstWait.RegisteredAt
			o.must(o.reached("7", newToken(), o.now))
			got := c.get(o.id)
			if !got.FirstWait.Token.IsZero() || !got.FirstWait.RegisteredAt.Equal(at) || got.SecondWait.Token.IsZero() ||
				got.Number != "7" {
				c.fail("it did not: the order is %+v", *got)
			}
			o.mustNot(o.register(firstWait, newToken(), at.Add(-time.Millisecond)))
		},
	},
	{name: "AnswerFirst holds when both tokens have the same time", invariant: "3", run: func(c *checker) {
		o := c.withDrink()
		o.must(o.reached("7", newToken(), o.model.FirstWait.RegisteredAt))
	}},
	{name: "AnswerFirst refuses when the first token is newer", invariant: "3", run: func(c *checker) {
		o := c.withDrink()
		t := o.reached("7", newToken(), o.model.FirstWait.RegisteredAt.Add(-time.Millisecond))
		o.mustNot(t)
		t.Assign.AnswerFirst = false
		o.must(t)
	}},
	{
		name: "AnswerFirst refuses when the first slot was registered later, even if it is empty", invariant: "3",
		run: func(c *checker) {
			o := c.withDrink()
			o.settleAll()
			o.mustNot(o.reached("7", newToken(), o.model.FirstWait.RegisteredAt.Add(-time.Millisecond)))
			o.must(o.reached("7", newToken(), o.model.FirstWait.RegisteredAt))
		},
	},
	{name: "AnswerFirst holds when the first slot was never used", invariant: "3", run: func(c *checker) {
		o := c.order()
		t := o.create("customer of "+o.id, "venue")
		t.Assign.Register = nil
		o.must(t)
		o.must(o.reached("7", newToken(), o.now.Add(-24*time.Hour)))
	}},
	{name: "a registration obeys the other guards too", invariant: "3", run: func(c *checker) {
		o := c.withDrink()
		t := o.register(firstWait, newToken(), o.now)
		t.Guards.NoDrink = true
		o.mustNot(t)
		t.Guards.NoDrink = false
		o.must(t)
	}},
}
