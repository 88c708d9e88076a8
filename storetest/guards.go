package storetest

import (
	"slices"

	"github.com/brewline/ordermanager"
)

// guardCases has cases for each guard where it holds, and where it is the only one that does not.
func guardCases() []promise {
	other := "somewhere else"
	none := ""
	type guards = ordermanager.Guards
	rows := []struct {
		name   string
		begin  func(c *checker) *order
		guards func(o *ordermanager.Order) guards
		holds  bool
	}{
		{"States holds for the only state", begun, states(ordermanager.StatePending), true},
		{"States holds for one of several states", claimedByAnna, states(open...), true},
		{"States refuses another state", begun, states(ordermanager.StateMaking), false},
		{"States refuses a state that is none of several", ended, states(open...), false},
		{"Customer holds for the order's customer", begun,
			func(o *ordermanager.Order) guards { return guards{Customer: o.Customer} }, true},
		{"Customer refuses another customer", begun,
			func(o *ordermanager.Order) guards { return guards{Customer: o.Customer + "x"} }, false},
		{"Venue holds for the order's venue", begun,
			func(o *ordermanager.Order) guards { return guards{Venue: &o.Venue} }, true},
		{"Venues holds for one of several venues", begun,
			func(o *ordermanager.Order) guards { return guards{Venues: []string{other, o.Venue}} }, true},
		{"Venues refuses a venue that is none of several", begun,
			func(o *ordermanager.Order) guards { return guards{Venues: []string{other, o.Venue + "x"}} }, false},
		{"Venues refuses no venue where there is none of several", withoutVenue,
			func(*ordermanager.Order) guards { return guards{Venues: []string{other, "x"}} }, false},
		{"Venue refuses another venue", begun,
			func(*ordermanager.Order) guards { return guards{Venue: &other} }, false},
		{"Venue refuses no venue where there is one", begun,
			func(*ordermanager.Order) guards { return guards{Venue: &none} }, false},
		{"Venue holds for no venue where there is none", withoutVenue,
			func(*ordermanager.Order) guards { return guards{Venue: &none} }, true},
		{"Venue refuses a venue where there is none", withoutVenue,
			func(*ordermanager.Order) guards { return guards{Venue: &other} }, false},
		{"NoDrink holds without a drink", begun, fixed(guards{NoDrink: true}), true},
		{"NoDrink refuses with a drink", withDrink, fixed(guards{NoDrink: true}), false},
		{"HasDrink holds with a drink", withDrink, fixed(guards{HasDrink: true}), true},
		{"HasDrink refuses without a drink", begun, fixed(guards{HasDrink: true}), false},
		{"FreeFor holds for the barista who has the claim", claimedByAnna, fixed(guards{FreeFor: anna, HeldIn: held}), true},
		{"FreeFor refuses another barista", claimedByAnna, fixed(guards{FreeFor: ben, HeldIn: held}), false},
		{"FreeFor holds for anybody when nobody has a claim", withDrink, fixed(guards{FreeFor: ben, HeldIn: held}), true},
		{"FreeFor holds for anybody when the claim was given up", released, fixed(guards{FreeFor: ben, HeldIn: held}), true},
		{
			"FreeFor looks at orders that are being made only", completedByAnna, fixed(guards{FreeFor: ben, HeldIn: held}), true,
		},
		{"HistoryBelow holds below", withDrink, fixed(guards{HistoryBelow: 3}), true},
		{"HistoryBelow refuses at the limit", withDrink, fixed(guards{HistoryBelow: 2}), false},
		{"HistoryBelow refuses above the limit", withDrink, fixed(guards{HistoryBelow: 1}), false},
	}
	invariants := map[bool]string{false: "9"}
	var cases []promise
	for _, row := range rows {
		cases = append(cases, promise{name: row.name, invariant: invariants[row.holds], run: func(c *checker) {
			o := row.begin(c)
			t := withEvent(o.step(ordermanager.ActionCancel, workflow))
			t.Assign.Number, t.Assign.Reason = "42", "a reason"
			t.Guards = row.guards(o.model)
			t.Guards.States = slices.Clone(t.Guards.States)
			if o.do(t) != row.holds {
				c.fail("applied: %t", !row.holds)
			}
		}})
	}
	return append(cases,
		promise{name: "no guards at all hold for any order", run: func(c *checker) {
			for _, begin := range []func(*checker) *order{begun, withDrink, claimedByAnna, ended, withoutVenue} {
				o := begin(c)
				o.must(o.step(ordermanager.ActionCancel, workflow))
			}
		}},
		promise{name: "all guards must hold, not one of them", invariant: "9", run: func(c *checker) {
			o := c.claimed()
			venue := o.model.Venue
			all := guards{
				States: slices.Clone(open), Customer: o.model.Customer, Venue: &venue, HasDrink: true, FreeFor: anna, HeldIn: held,
				HistoryBelow: 10,
			}
			spoil := map[string]func(g *guards){
				"States":       func(g *guards) { g.States = []ordermanager.State{ordermanager.StatePending} },
				"Customer":     func(g *guards) { g.Customer = "somebody else" },
				"Venue":        func(g *guards) { g.Venue = &other },
				"NoDrink":      func(g *guards) { g.NoDrink, g.HasDrink = true, false },
				"FreeFor":      func(g *guards) { g.FreeFor = ben },
				"HistoryBelow": func(g *guards) { g.HistoryBelow = 3 },
			}
			for _, change := range spoil {
				t := o.step(ordermanager.ActionMake, workflow)
				t.Guards = all
				change(&t.Guards)
				o.mustNot(t)
			}
			t := o.step(ordermanager.ActionMake, workflow)
			t.Guards = all
			o.must(t)
		}},
		promise{name: "a refused transition can be applied later, when its guards hold", run: func(c *checker) {
			o := c.begun()
			early := o.claim(anna)
			o.mustNot(early)
			o.must(o.put())
			o.must(early)
		}},
	)
}

func begun(c *checker) *order         { return c.begun() }
func withDrink(c *checker) *order     { return c.withDrink() }
func claimedByAnna(c *checker) *order { return c.claimed() }

func withoutVenue(c *checker) *order {
	o := c.order()
	o.must(o.create("customer of "+o.id, ""))
	return o
}

func released(c *checker) *order {
	o := c.claimed()
	o.must(o.release(anna))
	return o
}

func completedByAnna(c *checker) *order {
	o := c.claimed()
	o.must(o.complete(anna))
	return o
}

func ended(c *checker) *order {
	o := c.begun()
	o.must(o.cancel("no time"))
	return o
}

func states(s ...ordermanager.State) func(*ordermanager.Order) ordermanager.Guards {
	return fixed(ordermanager.Guards{States: s})
}

func fixed(g ordermanager.Guards) func(*ordermanager.Order) ordermanager.Guards {
	return func(*ordermanager.Order) ordermanager.Guards { return g }
}
