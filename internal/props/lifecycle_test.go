package props_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// sense is what each action can mean, in words of this test: where it may start, and where it leads.
var sense = map[string]struct{ from, to string }{
	"put": {"P", "P"}, "make": {"P", "M"}, "unmake": {"M", "P"}, "complete": {"PM", "C"}, "cancel": {"PM", "X"}, "timed_out": {"PM", "X"},
}

var letter = map[ordermanager.State]string{"pending": "P", "making": "M", "completed": "C", "cancelled": "X"}

// sound is the definition of a sound table: each pair of action and state at most once, each in its sense, and all four states
// within reach.
func sound(rules []ordermanager.Rule) bool {
	type edge struct{ action, from string }
	edges := map[edge]string{}
	for _, r := range rules {
		meant, known := sense[string(r.Action)]
		if !known || letter[r.To] != meant.to || len(r.From) == 0 {
			return false
		}
		for _, from := range r.From {
			l := letter[from]
			e := edge{string(r.Action), l}
			if _, twice := edges[e]; twice || l == "" || meant.from != l && meant.from != "PM" || l == "C" || l == "X" {
				return false
			}
			edges[e] = meant.to
		}
	}
	reached := map[string]bool{"P": true}
	for range 4 {
		for e, to := range edges {
			if reached[e.from] {
				reached[to] = true
			}
		}
	}
	return len(reached) == 4
}

// tables are near to sound ones: a part of the most generous table, often with something done to it.
var tables = rapid.Custom(func(t *rapid.T) []ordermanager.Rule {
	var rules []ordermanager.Rule
	for _, r := range ordermanager.ServerlesspressoLifecycle.Rules() {
		if rapid.IntRange(0, 7).Draw(t, "leave out") == 0 {
			continue
		}
		if len(r.From) == 2 && rapid.IntRange(0, 2).Draw(t, "narrow") == 0 {
			i := rapid.IntRange(0, 1).Draw(t, "which")
			r.From = r.From[i : i+1]
		}
		rules = append(rules, r)
		if rapid.IntRange(0, 9).Draw(t, "split") == 0 {
			rules = append(rules, r)
		}
	}
	states := rapid.SampledFrom([]ordermanager.State{"pending", "making", "completed", "cancelled", "", "brewing"})
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "changes") {
		if len(rules) == 0 {
			break
		}
		r := &rules[rapid.IntRange(0, len(rules)-1).Draw(t, "rule")]
		switch rapid.IntRange(0, 3).Draw(t, "change") {
		case 0:
			r.To = states.Draw(t, "to")
		case 1:
			r.From = rapid.SliceOfN(states, 0, 3).Draw(t, "from")
		case 2:
			r.Action = rapid.SampledFrom([]ordermanager.Action{"put", "make", "unmake", "complete", "cancel", "timed_out", "brew", "", "workflow_started"}).Draw(t, "action")
		case 3:
			rules = append(rules, ordermanager.Rule{Action: r.Action, From: []ordermanager.State{states.Draw(t, "more")}, To: r.To})
		}
	}
	return rules
})

// Invariant 1: a Manager can only be built on a table that makes sense.
func TestValidate_acceptsExactlyTheSoundTables(t *testing.T) {
	counts := map[bool]int{}
	often(t, func(t *rapid.T) {
		rules := tables.Draw(t, "table")
		want := sound(rules)
		counts[want]++
		table := ordermanager.NewLifecycle(rules...)
		err := table.Validate()
		if (err == nil) != want {
			t.Fatalf("Validate says %v, the definition says sound = %v", err, want)
		}
		if err != nil && !errors.Is(err, ordermanager.ErrInvalidLifecycle) {
			t.Fatalf("%v is not ErrInvalidLifecycle", err)
		}
		if rules == nil {
			return // the zero value asks for the default
		}
		_, err = ordermanager.New(memory.NewStore(), ordermanager.StaticMenu(ordermanager.Menu{}), &memory.Resumer{}, &ordermanager.Options{Lifecycle: table})
		if (err == nil) != want {
			t.Fatalf("New says %v, the definition says sound = %v", err, want)
		}
		if want {
			checkAllowed(t, table, rules)
		}
	})
	if counts[true] < 5 || counts[false] < 5 {
		t.Errorf("sound and unsound tables: %v: that shows little", counts)
	}
}

// checkAllowed checks that what a table allows is what its rules say.
func checkAllowed(t *rapid.T, table ordermanager.Lifecycle, rules []ordermanager.Rule) {
	for _, state := range ordermanager.States() {
		want := map[ordermanager.Action]bool{}
		for _, r := range rules {
			for _, from := range r.From {
				if from == state && r.Action != ordermanager.ActionTimedOut {
					want[r.Action] = true
				}
			}
		}
		got := table.Allowed(state)
		if len(got) != len(want) {
			t.Fatalf("%s allows %v, want %v", state, got, want)
		}
		for _, action := range got {
			if !want[action] {
				t.Fatalf("%s allows %s", state, action)
			}
		}
	}
}
