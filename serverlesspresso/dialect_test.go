package serverlesspresso_test

import (
	"testing"

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
