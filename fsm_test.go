package ordermanager_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/looplab/fsm"

	"github.com/brewline/ordermanager"
)

var update = flag.Bool("update", false, "write the golden files anew")

var lifecycles = map[string]ordermanager.Lifecycle{
	"standard":         ordermanager.StandardLifecycle(),
	"serverlesspresso": ordermanager.ServerlesspressoLifecycle(),
}

func TestLifecycle_allowsWhatTheTableSays(t *testing.T) {
	want := map[string]map[ordermanager.State][]ordermanager.Action{
		"standard": {
			ordermanager.StatePending:   {"put", "make", "cancel"},
			ordermanager.StateMaking:    {"unmake", "complete", "cancel"},
			ordermanager.StateCompleted: {},
			ordermanager.StateCancelled: {},
		},
		"serverlesspresso": {
			ordermanager.StatePending:   {"put", "make", "complete", "cancel"},
			ordermanager.StateMaking:    {"unmake", "complete", "cancel"},
			ordermanager.StateCompleted: {},
			ordermanager.StateCancelled: {},
		},
	}
	for name, lifecycle := range lifecycles {
		got := map[ordermanager.State][]ordermanager.Action{}
		for _, state := range ordermanager.States() {
			got[state] = lifecycle.Allowed(state)
		}
		if diff := cmp.Diff(want[name], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLifecycle_diagramsAreTheGoldenOnes(t *testing.T) {
	for name, lifecycle := range lifecycles {
		golden(t, name+".mermaid", lifecycle.Mermaid())
		golden(t, name+".dot", lifecycle.DOT())
	}
}

func TestReadme_showsTheLifecycle(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```mermaid\n"+ordermanager.StandardLifecycle().Mermaid()+"```") {
		t.Errorf(
			"README.md does not show the standard life cycle; it should be\n%s", ordermanager.StandardLifecycle().Mermaid(),
		)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); if this is meant, run go test -run Lifecycle -update .\n%s", name, diff)
	}
}

func TestLifecycle_ofOnesOwnIsCheckedWhenTheManagerIsBuilt(t *testing.T) {
	rule := func(action ordermanager.Action, to ordermanager.State, from ...ordermanager.State) ordermanager.Rule {
		return ordermanager.Rule{Action: action, From: from, To: to}
	}
	sound := ordermanager.StandardLifecycle().Rules()
	tests := []struct {
		name  string
		rules []ordermanager.Rule
		want  string
	}{
		{"a sound one", sound, ""},
		{"one without unmake", append(sound[:2:2], sound[3:]...), ""},
		{"one with an action of its own", append(sound, rule("note", "pending", "pending")), ""},
		{
			"an unknown state", append(sound, rule("cancel", "cancelled", "pending", "lost")),
			`starts from "lost", which is no state`,
		},
		{"an exit that takes an answer back", append(sound, rule("reopen", "pending", "completed")), "leads from completed"},
		{"the same twice", append(sound, rule("cancel", "cancelled", "pending")), "starts from pending twice"},
		{"an action from nowhere", append(sound, rule("cancel", "cancelled")), "no state to start from"},
		{"a state out of reach", sound[4:], "no path leads from pending to making"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			options := &ordermanager.Options{Lifecycle: ordermanager.NewLifecycle(tt.rules...)}
			_, err := ordermanager.New(newHouse(t).store, coffeeMenu, newHouse(t).resumer, options)
			if tt.want == "" {
				if err != nil {
					t.Errorf("a sound table was refused: %v", err)
				}
				return
			}
			if !errors.Is(err, ordermanager.ErrInvalidLifecycle) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an ErrInvalidLifecycle that says %q", err, tt.want)
			}
		})
	}
	if err := (ordermanager.Lifecycle{}).Validate(); !errors.Is(err, ordermanager.ErrInvalidLifecycle) {
		t.Errorf("the empty table was accepted: %v", err)
	}
}

func TestLifecycle_withoutAnActionRefusesItEverywhere(t *testing.T) {
	rules := ordermanager.StandardLifecycle().Rules()
	h := newHouse(t, func(o *ordermanager.Options) {
		o.Lifecycle = ordermanager.NewLifecycle(append(rules[:2:2], rules[3:]...)...) // no unmake
	})
	h.bring(ordermanager.StateMaking)
	err := h.refusesAction(ordermanager.ErrUnknownAction, by("unmake", ordermanager.Barista(holder)))
	if !strings.Contains(err.Error(), "the life cycle has put, make, complete, cancel") {
		t.Errorf("%v does not say what there is", err)
	}
}

func TestLifecycle_cannotBeChangedFromOutside(t *testing.T) {
	rules := ordermanager.StandardLifecycle().Rules()
	lifecycle := ordermanager.NewLifecycle(rules...)
	rules[1].From[0] = ordermanager.StateCompleted
	lifecycle.Rules()[1].From[0] = ordermanager.StateCancelled
	if diff := cmp.Diff(ordermanager.StandardLifecycle().Rules(), lifecycle.Rules()); diff != "" {
		t.Error(diff)
	}
}

// What the design relies on in looplab/fsm; a new version that behaves differently is noticed here.
func TestLooplab_behavesAsWeKnowIt(t *testing.T) {
	machine := fsm.NewFSM("pending", byHand, nil)
	err := machine.Event(context.Background(), "put")
	if !errors.As(err, &fsm.NoTransitionError{}) {
		t.Errorf("a transition to the same state gave %v", err)
	}
	if err := machine.Event(context.Background(), "complete"); !errors.As(err, &fsm.InvalidEventError{}) {
		t.Errorf("an illegal transition gave %v", err)
	}
	if machine.Current() != "pending" {
		t.Errorf("a refused event moved the machine to %s", machine.Current())
	}
}
