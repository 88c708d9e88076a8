package main

import (
	_ "embed" // for the life cycle
	"fmt"
	"os"
	"slices"

	"github.com/brewline/ordermanager"
)

// The bar's own life cycle: the standard one with a shelf, where a drink that is ready stays until it is collected.
//
//go:embed lifecycle.json
var lifecycleJSON []byte

// table is the bar's life cycle, and what the pages derive from it. The pages have words for some states and actions,
// but depend only on put, by which a customer chooses a drink.
type table struct{ ordermanager.Lifecycle }

// readTable reads the life cycle from a file, or the bar's own if there is none.
func readTable(path string) (table, error) {
	data := lifecycleJSON
	if path != "" {
		var err error
		if data, err = os.ReadFile(path); err != nil { //nolint:gosec // whoever starts the bar chooses it
			return table{}, fmt.Errorf("the life cycle cannot be read: %w", err)
		}
	}
	lifecycle, err := ordermanager.ParseLifecycle(data)
	if err != nil {
		return table{}, fmt.Errorf("the life cycle in %s cannot be used: %w", path, err)
	}
	t := table{lifecycle}
	if !slices.ContainsFunc(t.from(t.Initial()), func(r ordermanager.Rule) bool {
		return r.Action == ordermanager.ActionPut && r.Drink == ordermanager.DrinkAccepts
	}) {
		return table{}, fmt.Errorf("the life cycle in %s cannot be used here: without the action put, which accepts a drink "+
			"in the state %s, nobody can order", path, t.Initial())
	}
	return t, nil
}

// from returns the rules for what is legal in a state.
func (t table) from(state ordermanager.State) []ordermanager.Rule {
	return slices.DeleteFunc(t.Rules(), func(r ordermanager.Rule) bool { return !slices.Contains(r.From, state) })
}

// offers returns the actions offered to a role for an order in a state, those that lead on first. It leaves out put: a
// drink is chosen from the menu.
func (t table) offers(state ordermanager.State, role ordermanager.Role) []ordermanager.Rule {
	offers := slices.DeleteFunc(t.from(state), func(r ordermanager.Rule) bool {
		may := slices.Contains(r.By, role)
		if len(r.By) == 0 {
			may = ordermanager.DefaultPolicy(r.Action, ordermanager.Actor{Role: role, ID: string(role)}).Allowed
		}
		return !may || r.Action == ordermanager.ActionPut || r.Action == ordermanager.ActionTimedOut
	})
	quiet := func(r ordermanager.Rule) bool { return t.style(r, state) == "quiet" }
	return slices.Concat(slices.DeleteFunc(slices.Clone(offers), quiet),
		slices.DeleteFunc(offers, func(r ordermanager.Rule) bool { return !quiet(r) }))
}

// open returns the states of orders that have not ended.
func (t table) open() []ordermanager.State {
	var open []ordermanager.State
	for _, s := range t.States() {
		if !t.Terminal(s.State) {
			open = append(open, s.State)
		}
	}
	return open
}

// ended returns the states of orders that have ended.
func (t table) ended() []ordermanager.State {
	var ended []ordermanager.State
	for _, s := range t.States() {
		if t.Terminal(s.State) {
			ended = append(ended, s.State)
		}
	}
	return ended
}

// done reports whether the drink of an order in the state is made.
func (t table) done(state ordermanager.State) bool { return t.Answers(state) == ordermanager.Done }

// shelf returns the states in which a drink is made and waits for its customer.
func (t table) shelf() []ordermanager.State {
	return slices.DeleteFunc(t.open(), func(state ordermanager.State) bool { return !t.done(state) })
}

// clearing is the action by which the bar itself ends orders in a state: one that the table allows the role system.
func (t table) clearing(state ordermanager.State) (ordermanager.Action, bool) {
	for _, r := range t.from(state) {
		if t.Terminal(r.To) && slices.Contains(r.By, ordermanager.RoleSystem) {
			return r.Action, true
		}
	}
	return "", false
}

// way is the usual way of an order: from state to state by the first action that leads on.
func (t table) way() []ordermanager.State {
	way := []ordermanager.State{t.Initial()}
	for _, r := range t.wayRules() {
		way = append(way, r.To)
	}
	return way
}

// wayRules are the rules that lead along the usual way.
func (t table) wayRules() []ordermanager.Rule {
	var rules []ordermanager.Rule
	seen := []ordermanager.State{t.Initial()}
	for {
		from := t.from(seen[len(seen)-1])
		next := slices.IndexFunc(from, func(r ordermanager.Rule) bool {
			return !slices.Contains(seen, r.To) && t.Answers(r.To) != ordermanager.Cancelled
		})
		if next < 0 {
			return rules
		}
		rules, seen = append(rules, from[next]), append(seen, from[next].To)
	}
}

// back reports whether a rule leads back to an earlier state of the usual way.
func (t table) back(r ordermanager.Rule, from ordermanager.State) bool {
	way := t.way()
	to := slices.Index(way, r.To)
	return to >= 0 && to < slices.Index(way, from)
}

// tone is the class of a state in the style sheet, by what the state means.
func (t table) tone(state ordermanager.State) string {
	switch {
	case state == t.Initial():
		return "pending"
	case t.Answers(state) == ordermanager.Cancelled, t.Terminal(state) && !slices.Contains(t.way(), state):
		return "cancelled"
	case t.done(state):
		return "completed"
	}
	return "making"
}

// style is the class of the button of a rule: what makes a drink ready stands out, and what leads back does not.
func (t table) style(r ordermanager.Rule, from ordermanager.State) string {
	switch {
	case t.done(r.To) && !t.done(from):
		return "complete"
	case t.back(r, from), t.Terminal(r.To) && !slices.Contains(t.way(), r.To):
		return "quiet"
	}
	return ""
}
