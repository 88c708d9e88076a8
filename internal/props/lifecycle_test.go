package props_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// tables are near to sound ones: a part of the most generous table, often with something done to it.
var tables = rapid.Custom(func(t *rapid.T) []ordermanager.Rule {
	var rules []ordermanager.Rule
	for _, r := range ordermanager.ServerlesspressoLifecycle().Rules() {
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
			r.Action = rapid.SampledFrom([]ordermanager.Action{
				"put", "make", "unmake", "complete", "cancel", "timed_out", "brew", "", "workflow_started",
			}).Draw(t, "action")
		case 3:
			rules = append(
				rules, ordermanager.Rule{Action: r.Action, From: []ordermanager.State{states.Draw(t, "more")}, To: r.To},
			)
		}
	}
	return rules
})

// Invariant 1: a Manager can only be built on a table that makes sense, and what that means is the same as a value and
// as a file. Which tables make sense is shown by internal/explore.
func TestValidate_saysTheSameAtEveryEntrance(t *testing.T) {
	counts := map[bool]int{}
	often(t, func(t *rapid.T) {
		rules := tables.Draw(t, "table")
		table := ordermanager.NewLifecycle(rules...)
		err := table.Validate()
		counts[err == nil]++
		if problems, ok := errors.AsType[*ordermanager.LifecycleError](err); err != nil && (!ok ||
			len(problems.Problems) == 0) {
			t.Fatalf("%v does not say what is wrong", err)
		}
		data, jsonErr := json.Marshal(table)
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		parsed, parseErr := ordermanager.ParseLifecycle(data)
		if (parseErr == nil) != (err == nil) || err != nil && parseErr.Error() != err.Error() {
			t.Fatalf("as a file: %v, as a value: %v", parseErr, err)
		}
		if len(rules) > 0 { // the zero value asks for the default
			_, newErr := ordermanager.New(memory.NewStore(), ordermanager.NoMenu(), &memory.Resumer{},
				&ordermanager.Options{Lifecycle: table})
			if (newErr == nil) != (err == nil) || err != nil && !errors.Is(newErr, ordermanager.ErrInvalidLifecycle) {
				t.Fatalf("New: %v, Validate: %v", newErr, err)
			}
		}
		if err == nil {
			checkAllowed(t, table, rules)
			if diff := cmp.Diff(table.Rules(), parsed.Rules(), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("as a file it is another one:\n%s", diff)
			}
		}
	}, func() bool { return counts[true] >= 5 && counts[false] >= 5 })
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
