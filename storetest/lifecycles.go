package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// The life cycles that the promises are about. If a store refuses one when a Manager is built, the cases that need it
// do not apply.

// The states of ownLifecycle. Stores have stumbled over some of these names.
const (
	shelf     ordermanager.State = "ready"
	shelves   ordermanager.State = "ready-2"
	collected ordermanager.State = "Collected_by_somebody_in_32_byte"
	onHold    ordermanager.State = "making_on-hold"
)

// ownStates are the states that ownLifecycle adds to the built-in ones.
var ownStates = []ordermanager.State{shelf, shelves, collected, onHold}

// ownLifecycle has states and actions of its own: orders wait on a shelf until they are collected, and can be put on
// hold by the barista. The workflow is answered when the drink is on the shelf.
func ownLifecycle() ordermanager.Lifecycle {
	type (
		states = []ordermanager.State
		rule   = ordermanager.Rule
	)
	return ordermanager.StandardLifecycle().
		WithStates(
			ordermanager.StateRule{State: shelf, Answers: ordermanager.Done}, ordermanager.StateRule{
				State: shelves, Answers: ordermanager.Done,
			},
			ordermanager.StateRule{State: collected, Answers: ordermanager.Done}, ordermanager.StateRule{State: onHold},
		).
		With(
			rule{Action: "finish", From: states{"making"}, To: shelf, Claim: ordermanager.ClaimReleases, Event: "OrderReady"},
			rule{Action: "move", From: states{shelf}, To: shelves},
			rule{Action: "collect", From: states{shelf, shelves}, To: collected},
			rule{Action: "hold", From: states{"making"}, To: onHold},
			rule{Action: "go-on", From: states{onHold}, To: "making"},
			rule{Action: "timed_out", From: states{"pending", "making", onHold}, To: "cancelled"},
		)
}

// makeAnswers is the standard life cycle, except that the first wait is answered when a barista takes the order. So
// neither the drink nor the state tells what a wait is answered with.
func makeAnswers() ordermanager.Lifecycle {
	rules := ordermanager.StandardLifecycle().Rules()
	for i := range rules {
		rules[i].Answers = 0
		if rules[i].Action == ordermanager.ActionMake {
			rules[i].Answers = ordermanager.FirstWait
		}
	}
	return ordermanager.StandardLifecycle().With(rules...)
}

var lifecycleCases = []promise{
	{name: "the ordinary life cycles can be kept", run: func(c *checker) {
		for _, lifecycle := range []ordermanager.Lifecycle{
			ordermanager.StandardLifecycle(), ordermanager.ServerlesspressoLifecycle(),
		} {
			if err := refuses(c.Store, lifecycle); err != nil {
				c.fail("it is refused: %w", err)
			}
		}
	}},
	{
		name: "a life cycle that cannot be kept is refused with the names of its states", invariant: "9",
		run: func(c *checker) {
			err := refuses(c.Store, ownLifecycle())
			for _, state := range ownStates {
				if err != nil && !strings.Contains(err.Error(), string(state)) {
					c.fail("the refusal does not name the state %s: %w", state, err)
				}
			}
		},
	},
	{
		name: "a whole life in states and by actions of one's own comes out as the contract says", invariant: "1",
		needs: ownLifecycle,
		run: func(c *checker) {
			o := c.claimed()
			o.must(o.reached("7", newToken(), o.now))
			o.must(o.act("hold", onHold, "making"))
			o.mustNot(o.act("finish", shelf, "making"))
			o.must(o.act("go-on", "making", onHold))
			o.settleAll()
			finish := withEvent(o.act("finish", shelf, "making"))
			finish.Assign.Barista, finish.Assign.First, finish.Assign.Second = new(string), ordermanager.Done, ordermanager.Done
			o.must(finish)
			c.contains(allOwing, o.id, true)
			o.must(o.act("move", shelves, shelf))
			o.settleAll()
			collect := o.act("collect", collected, shelf, shelves)
			collect.Assign.First, collect.Assign.Second, collect.Assign.Ends = ordermanager.Done, ordermanager.Done, true
			o.must(collect)
			o.mustNot(o.act("collect", collected, shelf, shelves))
			var path []string
			for _, e := range c.get(o.id).History {
				path = append(path, fmt.Sprintf("%s %s-%s", e.Action, e.From, e.To))
			}
			if want := fmt.Sprintf("collect %s-%s", shelves, collected); path[len(path)-1] != want {
				c.fail("the history ends with %q, it must end with %q", path[len(path)-1], want)
			}
		},
	},
	{
		name: "FreeFor holds in the states of HeldIn, whatever they are called", invariant: "7", needs: ownLifecycle,
		run: func(c *checker) {
			heldIn := []ordermanager.State{"making", onHold}
			o := c.claimed()
			o.must(o.act("hold", onHold, "making"))
			ask := func(who string, heldIn ...ordermanager.State) ordermanager.Transition {
				t := o.step("look", ordermanager.Barista(who))
				t.Guards.FreeFor, t.Guards.HeldIn = who, heldIn
				return t
			}
			o.mustNot(ask(ben, heldIn...))
			o.mustNot(ask(ben, onHold))
			o.must(ask(anna, heldIn...))
			o.must(ask(ben, "making"))
			o.must(ask(ben, shelf, "making_on", "on-hold"))
			o.must(ask(ben))
			o.must(o.act("go-on", "making", onHold))
			o.mustNot(ask(ben, heldIn...))
			finish := o.act("finish", shelf, "making")
			finish.Assign.First, finish.Assign.Second = ordermanager.Done, ordermanager.Done
			o.must(finish)
			o.must(ask(ben, heldIn...))
			o.mustNot(ask(ben, shelf))
		},
	},
	{
		name: "an order that nobody holds in a state of HeldIn is free for nobody", invariant: "7", needs: ownLifecycle,
		run: func(c *checker) {
			o := c.withDrink()
			t := o.step("look", ordermanager.Barista(ben))
			t.Guards.FreeFor, t.Guards.HeldIn = ben, []ordermanager.State{"pending"}
			o.mustNot(t)
		},
	},
	{
		name: "a listing by a state of one's own has exactly the orders in that state", needs: ownLifecycle,
		run: func(c *checker) {
			customer, venue := unique("customer"), unique("venue")
			want := map[ordermanager.State][]string{}
			all := append(slices.Clone(ownStates), ordermanager.States()...)
			for i, state := range append(slices.Clone(all), ownStates...) {
				o := c.order()
				o.must(o.create(customer, venue))
				o.must(o.act(ordermanager.Action(fmt.Sprint("to-", i)), state, "pending"))
				want[state] = append(want[state], o.id)
			}
			for _, state := range all {
				for _, limit := range []int{1, 100} {
					c.listed(ordermanager.Query{State: state, Customer: customer, Limit: limit}, want[state]...)
					c.listed(ordermanager.Query{State: state, Venue: venue, Limit: limit}, want[state]...)
				}
				var others []string
				for _, other := range all {
					if other != state {
						others = append(others, want[other]...)
					}
				}
				c.containsAll(ordermanager.Query{State: state, Limit: ordermanager.MaxPageSize}, want[state], others)
			}
		},
	},
	{
		name: "states whose names contain one another, or differ in case, are different", needs: ownLifecycle,
		run: func(c *checker) {
			o := c.withDrink()
			o.must(o.act("finish", shelves, "pending"))
			for _, state := range []ordermanager.State{shelf, "READY-2", "eady-2", "ready-", "ready-22"} {
				o.mustNot(o.act("collect", collected, state))
				c.listed(ordermanager.Query{State: state, Customer: o.model.Customer, Limit: 5})
			}
			o.must(o.act("collect", collected, shelf, shelves))
		},
	},
}

// act is a step to a state by any action. It decides nothing.
func (o *order) act(
	action ordermanager.Action, to ordermanager.State, from ...ordermanager.State,
) ordermanager.Transition {
	t := o.step(action, ordermanager.Admin("chief"))
	t.Guards.States, t.Assign.State, t.Entry.To = slices.Clone(from), to, to
	return t
}
