package storetest

import (
	"math/rand/v2"
	"time"

	"github.com/brewline/ordermanager"
)

// randomCases drive orders at random, and compare them with the model after every step. The seeds are fixed, so that a
// failure can be repeated.
var randomCases = []promise{
	{
		name: "a random sequence of transitions and settlements comes out as the contract says", invariant: "1",
		run: func(c *checker) {
			for seed := range uint64(6) {
				walk(c, rand.New(rand.NewPCG(seed, 0)), random) //nolint:gosec // the sequence must be repeatable
			}
		},
	},
	{name: "random races come out as if there had been none", invariant: "2", run: func(c *checker) {
		for seed := range uint64(6) {
			races(c, rand.New(rand.NewPCG(seed, 1)), random) //nolint:gosec // as above
		}
	}},
	{
		name: "a random sequence in states and with decisions of one's own comes out as the contract says", invariant: "1",
		needs: ownLifecycle,
		run: func(c *checker) {
			for seed := range uint64(6) {
				walk(c, rand.New(rand.NewPCG(seed, 2)), randomOwn) //nolint:gosec // as above
			}
		},
	},
	{
		name: "random races in states and with decisions of one's own come out as if there had been none", invariant: "2",
		needs: ownLifecycle,
		run: func(c *checker) {
			for seed := range uint64(6) {
				races(c, rand.New(rand.NewPCG(seed, 3)), randomOwn) //nolint:gosec // as above
			}
		},
	},
}

// draw makes a transition that may or may not be permitted.
type draw func(o *order, r *rand.Rand) ordermanager.Transition

// walk takes one order through random transitions and settlements.
func walk(c *checker, r *rand.Rand, draw draw) {
	o := c.begun()
	var before []ordermanager.Transition
	for range 60 {
		switch n := r.IntN(24); {
		case n < 6:
			o.settle(randomSettlement(o, r))
		case n < 9 && len(before) > 0:
			o.do(before[r.IntN(len(before))])
		default:
			t := draw(o, r)
			before = append(before, t)
			o.do(t)
		}
	}
	if owes(o.model) {
		c.contains(allOwing, o.id, true)
	}
	o.settleAll()
	c.contains(allOwing, o.id, false)
}

func races(c *checker, r *rand.Rand, draw draw) {
	o := c.begun()
	for range 5 {
		o.race(repeat(6, func(int) ordermanager.Transition { return draw(o, r) })...)
	}
}

func random(o *order, r *rand.Rand) ordermanager.Transition {
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
		t.Guards.FreeFor, t.Guards.HeldIn = who, held
	}
	return randomly(o, r, t)
}

// randomOwn is like random, with arbitrary states and decisions.
func randomOwn(o *order, r *rand.Rand) ordermanager.Transition {
	t := random(o, r)
	all := append(ordermanager.States(), ownStates...)
	if r.IntN(3) == 0 {
		t.Guards.States = []ordermanager.State{all[r.IntN(len(all))], all[r.IntN(len(all))], o.model.State}[:1+r.IntN(3)]
	}
	if r.IntN(3) == 0 && t.Create == nil {
		t.Assign.State = all[r.IntN(len(all))]
		t.Entry.To = t.Assign.State
	}
	if r.IntN(4) == 0 {
		t.Guards.FreeFor, t.Guards.HeldIn = []string{anna, ben}[r.IntN(2)], all[:r.IntN(len(all))]
	}
	decisions := []ordermanager.Decision{undecided, done, given}
	t.Assign.First, t.Assign.Second = undecided, undecided
	if r.IntN(5) == 0 {
		t.Assign.First = decisions[r.IntN(3)]
	}
	if r.IntN(12) == 0 {
		t.Assign.Second = decisions[r.IntN(3)]
	}
	return announced(o, r, t)
}

// randomly adds guards and events to a transition.
func randomly(o *order, r *rand.Rand, t ordermanager.Transition) ordermanager.Transition {
	if r.IntN(5) == 0 {
		t.Guards.Customer = []string{o.model.Customer, "somebody else"}[r.IntN(2)]
	}
	if r.IntN(5) == 0 {
		t.Guards.Venue = []*string{&o.model.Venue, new(string)}[r.IntN(2)]
	}
	if r.IntN(8) == 0 {
		t.Guards.Venues = []string{"elsewhere", o.model.Venue}[:1+r.IntN(2)]
	}
	if r.IntN(5) == 0 {
		t.Guards.HistoryBelow = 1 + r.IntN(40)
	}
	if r.IntN(5) == 0 {
		t.Guards.Undecided = []ordermanager.Wait{firstWait, secondWait}[r.IntN(2)]
	}
	if t.Assign.Register != nil {
		t.Assign.Register.Spare = r.IntN(3) == 0
	}
	switch r.IntN(4) {
	case 0:
		t = withEvent(t)
	case 1:
		t = withEvents(t)
	}
	return announced(o, r, t)
}

// announced sets Owing. Setting it needlessly is harmless; leaving it out is not, so this looks at the outcome.
func announced(o *order, r *rand.Rand, t ordermanager.Transition) ordermanager.Transition {
	t.Owing = r.IntN(2) == 0 || refusal(&t, o.model) == "" && owes(after(t, o.model))
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
	s.Everything = !owes(settled(s, o.model))
	return s
}
