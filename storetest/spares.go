package storetest

import (
	"time"

	"github.com/brewline/ordermanager"
)

// losing is the registration of a token that lost.
func (o *order) losing(wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time) ordermanager.Transition {
	t := o.register(wait, token, at)
	t.Assign.Register.Spare = true
	return t
}

// bothWaits runs a story for each wait, on an order with one token for that wait, registered at the given time.
func bothWaits(c *checker, story func(o *order, wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time)) {
	for _, wait := range []ordermanager.Wait{firstWait, secondWait} {
		o := c.order()
		t := o.create(unique("customer"), unique("venue"))
		t.Assign.Register, t.Owing = nil, false
		o.must(t)
		token, at := newToken(), o.now
		o.must(o.register(wait, token, at))
		story(o, wait, token, at)
	}
}

var spareCases = []promise{
	{name: "a token that is replaced becomes the spare one", invariant: "3", run: func(c *checker) {
		bothWaits(c, func(o *order, wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time) {
			o.must(o.register(wait, newToken(), at))
			if got := slotOf(c.get(o.id), wait); !got.Spare.Equal(token) {
				c.fail("the spare token of wait %d is %s", wait, nameOf(got.Spare))
			}
		})
	}},
	{name: "the latest token that lost is the spare one", invariant: "3", run: func(c *checker) {
		bothWaits(c, func(o *order, wait ordermanager.Wait, _ ordermanager.TaskToken, at time.Time) {
			for range 3 {
				o.must(o.register(wait, newToken(), at))
			}
			o.must(o.losing(wait, newToken(), at.Add(-time.Second)))
			o.must(o.losing(wait, newToken(), at.Add(-time.Hour)))
			o.must(o.register(wait, newToken(), at))
		})
	}},
	{name: "a token that lost leaves the one that won, and its time", invariant: "3", run: func(c *checker) {
		bothWaits(c, func(o *order, wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time) {
			lost := newToken()
			o.must(o.losing(wait, lost, at.Add(-time.Millisecond)))
			if got := slotOf(c.get(o.id), wait); !got.Token.Equal(token) || !got.Spare.Equal(lost) ||
				!got.RegisteredAt.Equal(at) {
				c.fail("the slot of wait %d has %s and %s, of %v", wait, nameOf(got.Token), nameOf(got.Spare), got.RegisteredAt)
			}
		})
	}},
	{name: "a token that has not lost is not registered as if it had", invariant: "3", run: func(c *checker) {
		bothWaits(c, func(o *order, wait ordermanager.Wait, _ ordermanager.TaskToken, at time.Time) {
			o.mustNot(o.losing(wait, newToken(), at))
			o.mustNot(o.losing(wait, newToken(), at.Add(time.Millisecond)))
		})
		o := c.begun()
		o.mustNot(o.losing(secondWait, newToken(), o.now.Add(-24*time.Hour)))
	}},
	{
		name: "a token that was answered leaves the spare one where it is, and is no spare itself", invariant: "3",
		run: func(c *checker) {
			bothWaits(c, func(o *order, wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time) {
				o.must(o.cancel("no time"))
				o.settle(only(wait, o.model.Version, token, ordermanager.TaskToken{}))
				o.must(o.losing(wait, newToken(), at.Add(-time.Second)))
				o.must(o.register(wait, newToken(), at.Add(time.Second)))
			})
		},
	},
	{name: "a settlement takes the spare token off only from its own place", invariant: "3", run: func(c *checker) {
		bothWaits(c, func(o *order, wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time) {
			newer := newToken()
			o.must(o.register(wait, newer, at))
			o.must(o.cancel("no time"))
			o.settle(only(wait, o.model.Version, token, newer))
			o.settle(only(wait, o.model.Version, newToken(), newToken()))
			if got := slotOf(c.get(o.id), wait); !got.Token.Equal(newer) || !got.Spare.Equal(token) {
				c.fail("the slot of wait %d has %s and %s", wait, nameOf(got.Token), nameOf(got.Spare))
			}
			o.settle(only(wait, o.model.Version, ordermanager.TaskToken{}, token))
			o.settle(only(wait, o.model.Version, newer, ordermanager.TaskToken{}))
		})
	}},
	{name: "a settlement leaves a token that became the spare one in the meantime", invariant: "3", run: func(c *checker) {
		bothWaits(c, func(o *order, wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time) {
			o.must(o.cancel("no time"))
			version := o.model.Version
			o.must(o.register(wait, newToken(), at))
			s := only(wait, version, token, ordermanager.TaskToken{})
			s.Everything = true
			o.settle(s)
			c.contains(allOwing, o.id, true)
			o.owes()
		})
	}},
	{name: "an order owes an answer to its spare token alone", invariant: "3", run: func(c *checker) {
		bothWaits(c, func(o *order, wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time) {
			o.must(o.losing(wait, newToken(), at.Add(-time.Second)))
			o.must(o.cancel("no time"))
			o.settle(only(wait, o.model.Version, token, ordermanager.TaskToken{}))
			c.contains(allOwing, o.id, true)
			o.owes()
		})
	}},
	{name: "AnswerFirst leaves the spare token", invariant: "3", run: func(c *checker) {
		o := c.withDrink()
		lost := newToken()
		o.must(o.losing(firstWait, lost, o.model.FirstWait.RegisteredAt.Add(-time.Second)))
		o.must(o.reached("7", newToken(), o.now))
		if got := c.get(o.id).FirstWait; !got.Token.IsZero() || !got.Spare.Equal(lost) {
			c.fail("the first slot has %s and %s", nameOf(got.Token), nameOf(got.Spare))
		}
		c.contains(allOwing, o.id, true)
		o.owes()
	}},
	{name: "a token that lost never comes back", invariant: "3", run: func(c *checker) {
		bothWaits(c, func(o *order, wait ordermanager.Wait, _ ordermanager.TaskToken, at time.Time) {
			lost := newToken()
			o.must(o.losing(wait, lost, at.Add(-time.Second)))
			o.mustNot(o.losing(wait, lost, at.Add(-time.Second)))
			o.mustNot(o.register(wait, lost, at.Add(time.Hour)))
		})
	}},
}

// only is a settlement of one wait.
func only(wait ordermanager.Wait, version int, token, spare ordermanager.TaskToken) settlement {
	if wait == firstWait {
		return settlement{Version: version, First: token, FirstSpare: spare}
	}
	return settlement{Version: version, Second: token, SecondSpare: spare}
}
