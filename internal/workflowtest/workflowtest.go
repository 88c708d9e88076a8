// Package workflowtest tests package workflow on any database.
package workflowtest

import (
	"testing"
)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(h *house)
	}{
		{"an order goes through both waits, in any process", goesThroughBothWaits},
		{"many processes at once give each order a number of its own", givesEachANumber},
		{"an order is begun once", beginsOnce},
		{"what the Manager will never accept leaves no workflow", leavesNoWorkflow},
		{"an order whose Manager fails is begun all the same", beginsWithoutItsManager},
		{"a token is kept only until the Manager has it", keepsNoToken},

		{"an answer before the time-out is carried out is in time", isInTime},
		{"an answer that is faster than the time-out wins", isFaster},
		{"a time-out is carried out by one process", timesOutOnce},
		{"a time-out waits for a start that the Manager was not told of", waitsForTheStart},

		{"no limit is exceeded by one", keepsLimits},
		{"an order counts for as long as each limit says", countsOverTime},
		{"an order that timed out does not count for the day", countsNoTimeOut},
		{"a closed or a full shop takes no order", takesNoOrder},
		{"options that make no sense are refused", refusesOptions},

		{"a workflow that ended long ago is forgotten", forgets},
		{"what is forgotten is forgotten in small steps", forgetsInSteps},
		{"many processes at once forget what ended", forgetTogether},

		{"it keeps the contract of a resumer", resumes},
		{"a token of another service is undeliverable, and one that nobody waits on is gone", tellsTokensApart},
		{"a process that is killed anywhere loses nothing", losesNothing},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(newHouse(t, open))
		})
	}
}
