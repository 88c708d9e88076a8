package serverlesspresso_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// A state of one's own is told to the sample's programs as what its workflow was told.
func TestOrderState_isWhatTheWorkflowWasTold(t *testing.T) {
	for _, test := range []struct {
		state          ordermanager.State
		told           ordermanager.Decision
		workshop, core string
	}{
		{ordermanager.StatePending, ordermanager.Undecided, "CREATED", "NYC-CREATED"},
		{ordermanager.StateMaking, ordermanager.Undecided, "CREATED", "NYC-CREATED"},
		{"on hold", ordermanager.Undecided, "CREATED", "NYC-CREATED"},
		{ordermanager.StateCompleted, ordermanager.Undecided, "Completed", "NYC-COMPLETED"},
		{ordermanager.StateCompleted, ordermanager.Done, "Completed", "NYC-COMPLETED"},
		{"collected", ordermanager.Done, "Completed", "NYC-COMPLETED"},
		{ordermanager.StateCancelled, ordermanager.Undecided, "Cancelled", "NYC-CANCELLED"},
		{"refunded", ordermanager.Cancelled, "Cancelled", "NYC-CANCELLED"},
	} {
		o := &ordermanager.Order{Venue: "NYC", State: test.state, SecondWait: ordermanager.WaitSlot{Decision: test.told}}
		workshop, core := serverlesspresso.Workshop.OrderState(o), serverlesspresso.Core.OrderState(o)
		if workshop != test.workshop || core != test.core {
			t.Errorf("%s, told %q: %s and %s, want %s and %s", test.state, test.told, workshop, core, test.workshop, test.core)
		}
	}
}

// Whoever writes to the table, and whoever reads it, takes the words from here.
func TestTableStates_areReadAsWhatTheyWereWrittenFor(t *testing.T) {
	for _, dialect := range serverlesspresso.Dialects() {
		for _, venue := range []string{"", "ABC", "NYC-CREATED", "-"} {
			for _, phase := range serverlesspresso.Phases() {
				for _, state := range dialect.TableStates(phase, venue) {
					want := venue
					if dialect == serverlesspresso.Workshop {
						want = ""
					}
					got, p, ok := dialect.ParseTableState(state)
					if got != want || p != phase || !ok {
						t.Errorf("%s: %q is read as %q, %d, %t", dialect, state, got, p, ok)
					}
				}
			}
		}
		for _, foreign := range []string{"", "created", "ABC", "making", "ABC-", "ABC-created"} {
			if venue, p, ok := dialect.ParseTableState(foreign); ok {
				t.Errorf("%s: %q is read as %q, %d", dialect, foreign, venue, p)
			}
		}
	}
	if _, p, ok := serverlesspresso.Core.ParseTableState("COMPLETED"); !ok || p != serverlesspresso.Completed {
		t.Error("an order from before there were venues is not read")
	}
	got := serverlesspresso.Workshop.TableStates(serverlesspresso.Cancelled, "")
	if !slices.Equal(got, []string{"Cancelled", "CANCELLED"}) {
		t.Errorf("a cancellation is written as %q", got)
	}
}

func TestReadDrinkOrder_readsAsMuchAsThereIs(t *testing.T) {
	whole := &ordermanager.Drink{Name: "Latte", Icon: "latte-icon", Modifiers: []string{"Oat", "2"}}
	written := serverlesspresso.DrinkOrder(&ordermanager.Order{Customer: "c1", Drink: whole})
	for name, c := range map[string]struct {
		value any
		want  *ordermanager.Drink
	}{
		"what is written here": {written, whole},
		"a map": {map[string]any{
			"drink": "Latte", "icon": "latte-icon", "modifiers": []any{"Oat", json.Number("2"), "", nil, true},
		}, whole},
		"a name":            {"Latte", &ordermanager.Drink{Name: "Latte"}},
		"a name in quotes":  {`"Latte"`, &ordermanager.Drink{Name: "Latte"}},
		"a number":          {json.Number("7"), &ordermanager.Drink{Name: "7"}},
		"a text with one":   {"7", &ordermanager.Drink{Name: "7"}},
		"half a JSON":       {`{"drink":"La`, &ordermanager.Drink{Name: `{"drink":"La`}},
		"an empty object":   {"{}", &ordermanager.Drink{}},
		"nothing of a kind": {true, &ordermanager.Drink{}},
		"wrong types":       {`{"drink":{},"modifiers":"Oat","icon":3}`, &ordermanager.Drink{Icon: "3"}},
	} {
		if diff := cmp.Diff(c.want, serverlesspresso.ReadDrinkOrder(c.value)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}
