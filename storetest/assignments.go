package storetest

import (
	"slices"

	"github.com/brewline/ordermanager"
)

// assigning is a case about one assignment.
type assigning struct {
	name   string
	begin  func(c *checker) *order
	assign ordermanager.Assignment
	done   func(o *ordermanager.Order) bool
}

// assignments has each assignment alone, and combinations. done checks what was assigned; the comparison with the model
// checks that nothing else changed.
func assignments() []assigning {
	return []assigning{
		{"nothing is assigned, and only the history grows", claimedByAnna, ordermanager.Assignment{},
			func(o *ordermanager.Order) bool {
				return o.State == ordermanager.StateMaking && o.Barista == anna && o.Drink != nil && o.Version == 4
			}},
		{"State is assigned", claimedByAnna, ordermanager.Assignment{State: ordermanager.StateCancelled},
			func(o *ordermanager.Order) bool { return o.State == ordermanager.StateCancelled && o.Barista == anna }},
		{"Drink is assigned", begun, ordermanager.Assignment{Drink: espresso()},
			func(o *ordermanager.Order) bool {
				return o.Drink != nil && o.Drink.Name == "Espresso" && len(o.Drink.Modifiers) == 2
			}},
		{"Drink is assigned without modifiers and icon", begun, ordermanager.Assignment{
			Drink: &ordermanager.Drink{Name: "Latte"},
		},
			func(o *ordermanager.Order) bool {
				return o.Drink != nil && o.Drink.Name == "Latte" && len(o.Drink.Modifiers) == 0
			}},
		{"Barista is assigned", claimedByAnna, ordermanager.Assignment{Barista: pointer(ben)},
			func(o *ordermanager.Order) bool { return o.Barista == ben }},
		{"Barista is assigned to nobody", claimedByAnna, ordermanager.Assignment{
			State: ordermanager.StatePending, Barista: pointer(""),
		},
			func(o *ordermanager.Order) bool { return o.Barista == "" && o.State == ordermanager.StatePending }},
		{"Reason is assigned", ended, ordermanager.Assignment{Reason: "closing time"},
			func(o *ordermanager.Order) bool { return o.Reason == "closing time" }},
		{"Number is assigned", begun, ordermanager.Assignment{Number: "0042"},
			func(o *ordermanager.Order) bool { return o.Number == "0042" }},
		{"Events become owed as they are", begun, ordermanager.Assignment{Events: oddEvents},
			func(o *ordermanager.Order) bool {
				return slices.Equal(slices.Sorted(slices.Values(o.OwedEvents)), oddEvents)
			}},
		{"State, Barista, Reason, Number and Events are assigned in one write", claimedByAnna,
			ordermanager.Assignment{
				State: ordermanager.StateCancelled, Barista: pointer(""), Reason: "sold out", Number: "8", Events: oddEvents[:1],
			},
			func(o *ordermanager.Order) bool {
				return o.State == ordermanager.StateCancelled && o.Barista == "" && o.Reason == "sold out" && o.Number == "8" &&
					len(o.OwedEvents) == 1
			}},
	}
}

func assignmentCases() []promise {
	var cases []promise
	for i, row := range assignments() {
		cases = append(cases, promise{name: row.name, run: func(c *checker) {
			row := assignments()[i] // a fresh one that no store has seen
			o := row.begin(c)
			t := o.step(ordermanager.ActionCancel, ordermanager.Admin("chief"))
			t.Assign = row.assign
			decide(&t.Assign)
			t.Owing = row.assign.Events != nil || t.Assign.Ends
			o.must(t)
			if got := c.get(o.id); !row.done(got) {
				c.fail("it was not: the order is %+v", *got)
			}
		}})
	}
	return append(cases,
		promise{name: "a zero field changes nothing", run: func(c *checker) {
			o := c.claimed()
			o.must(o.reached("17", newToken(), o.now))
			o.must(withEvent(o.cancel("no time")))
			for range 3 {
				o.must(o.step(ordermanager.ActionTimedOut, workflow))
			}
			if got := c.get(o.id); got.Number != "17" || got.Reason != "no time" || got.Barista != anna ||
				len(got.OwedEvents) != 1 {
				c.fail("it did: the order is %+v", *got)
			}
		}},
		promise{name: "a whole life comes out as the contract says", invariant: "1", run: func(c *checker) {
			o := c.begun()
			o.must(o.put())
			o.must(withEvent(o.reached("17", newToken(), o.now)))
			o.must(withEvent(o.claim(anna)))
			o.must(withEvent(o.release(anna)))
			o.must(withEvent(o.claim(ben)))
			o.must(withEvent(o.complete(ben)))
			o.settleAll()
			o.mustNot(o.cancel("too late"))
			o.mustNot(o.claim(anna))
			o.mustNot(o.put())
		}},
	)
}

// oddEvents are owed events, sorted: request ids, and some with the name of a publisher.
var oddEvents = []string{
	" a scope:0123456789abcdef0123456789abcdef", " a-hook ~ts", " z-hook 1 \"\\'",
	"1 '\"<&>", "token:0123456789abcdef0123456789abcdef", "~s", "é",
}

func pointer(text string) *string { return &text }
