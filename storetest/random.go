package storetest

import (
	"math/rand/v2"
	"time"

	"github.com/brewline/ordermanager"
)

// randomCases drive orders at random, and compare with the model after every step. The seeds are fixed, so that what was found is
// found again.
var randomCases = []promise{
	{"a random sequence of transitions and settlements comes out as the contract says", "1", func(c *checker) {
		for seed := range uint64(6) {
			walk(c, rand.New(rand.NewPCG(seed, 0))) //nolint:gosec // a sequence that can be repeated is what is wanted
		}
	}},
	{"random races come out as if there had been none", "2", func(c *checker) {
		for seed := range uint64(6) {
			r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // as above
			o := c.begun()
			for range 5 {
				o.race(repeat(6, func(int) ordermanager.Transition { return random(o, r, nil) })...)
			}
		}
	}},
}

// walk drives one order.
func walk(c *checker, r *rand.Rand) {
	o := c.begun()
	var before []ordermanager.Transition
	for range 60 {
		if r.IntN(4) == 0 {
			o.settle(randomSettlement(o, r))
		} else {
			t := random(o, r, before)
			before = append(before, t)
			o.do(t)
		}
	}
	if o.model.Owes() {
		c.contains(allOwing, o.id, true)
	}
	o.settleAll()
	c.contains(allOwing, o.id, false)
}

// random is a transition that may or may not be permitted, or one of those that went before.
func random(o *order, r *rand.Rand, before []ordermanager.Transition) ordermanager.Transition {
	if len(before) > 0 && r.IntN(6) == 0 {
		return before[r.IntN(len(before))]
	}
	who := []string{anna, ben}[r.IntN(2)]
	at := o.model.CreatedAt.Add(time.Duration(r.IntN(5)) * time.Minute)
	var t ordermanager.Transition
	switch r.IntN(10) {
	case 0, 1:
		t = o.put()
	case 2, 3:
		t = o.claim(who)
	case 4, 5:
		t = o.release(who)
	case 6:
		t = o.register(firstWait, newToken(), at)
	case 7:
		t = o.reached("7", newToken(), at)
	case 8:
		t = o.step(ordermanager.ActionMake, ordermanager.Barista(who))
	default:
		// Ends are rare, so that the sequences stay long.
		t = []func() ordermanager.Transition{
			func() ordermanager.Transition { return o.complete(who) },
			func() ordermanager.Transition { return o.cancel("no time") },
			o.put, o.put,
		}[r.IntN(4)]()
	}
	if r.IntN(5) == 0 {
		t.Guards.Customer = []string{o.model.Customer, "somebody else"}[r.IntN(2)]
	}
	if r.IntN(5) == 0 {
		t.Guards.Venue = []*string{&o.model.Venue, new(string)}[r.IntN(2)]
	}
	if r.IntN(5) == 0 {
		t.Guards.FreeFor, t.Guards.HeldIn = who, held
	}
	if r.IntN(5) == 0 {
		t.Guards.HistoryBelow = 1 + r.IntN(40)
	}
	if r.IntN(5) == 0 {
		t.Guards.Undecided = []ordermanager.Wait{firstWait, secondWait}[r.IntN(2)]
	}
	if r.IntN(5) == 0 {
		t.Assign.First = []ordermanager.Decision{ordermanager.Done, ordermanager.Cancelled}[r.IntN(2)]
	}
	if r.IntN(20) == 0 {
		t.Assign.Second = []ordermanager.Decision{ordermanager.Done, ordermanager.Cancelled}[r.IntN(2)]
	}
	if t.Assign.Register != nil && t.Create == nil {
		t.Assign.Register.Spare = r.IntN(3) == 0
	}
	if r.IntN(3) == 0 {
		t.Assign.Event = true
	}
	// Announcing too often that an order may owe is harmless; too seldom is not, so that this looks at the outcome.
	t.Owing = r.IntN(2) == 0 || t.Permits(o.model) && t.Apply(clone(o.model)).Owes()
	return t
}

// randomSettlement settles some of what the order owes, and some of what it does not.
func randomSettlement(o *order, r *rand.Rand) ordermanager.Settlement {
	s := settlement{Version: o.model.Version - r.IntN(2)}
	if r.IntN(2) == 0 && o.model.SecondWait.Decision != ordermanager.Undecided {
		s.Second, s.SecondSpare = o.model.SecondWait.Token, o.model.SecondWait.Spare
	}
	if r.IntN(2) == 0 && o.model.FirstWait.Decision != ordermanager.Undecided {
		s.First, s.FirstSpare = o.model.FirstWait.Token, o.model.FirstWait.Spare
	}
	if r.IntN(4) == 0 {
		s.First, s.Second = newToken(), newToken()
	}
	for _, id := range o.model.OwedEvents {
		if r.IntN(2) == 0 {
			s.Events = append(s.Events, id)
		}
	}
	after := clone(o.model)
	s.Apply(after)
	s.Everything = !after.Owes()
	return s
}
