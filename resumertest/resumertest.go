// Package resumertest checks that an [ordermanager.Resumer] keeps its contract. One line in a test is enough, once
// there is a [Harness]: a way to start workflows that wait, and to see what they were given.
//
//	func TestResumer(t *testing.T) {
//		resumertest.Run(t, newHarness)
//	}
//
// Each case is a promise of the contract. All workflows are started by the cases themselves, so that the suite can run
// against a service that is shared.
//
// A green run without [Harness.Break] says nothing about what the resumer does when its service fails; the skipped
// cases say so in the test's output.
package resumertest

import (
	"testing"
)

// Run runs every case as a subtest, each on a harness of its own from newHarness.
func Run(t *testing.T, newHarness func(t *testing.T) Harness) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Topic+"/"+c.Name, func(t *testing.T) {
			h := newHarness(t)
			if c.NeedsBreak && h.Break == nil {
				t.Skip("the harness has no Break")
			}
			if err := c.Run(t.Context(), h); err != nil {
				t.Error(err)
			}
		})
	}
}

// Cases returns every case, for a test that wants to do more than run them all.
func Cases() []Case {
	var all []Case
	for _, topic := range []struct {
		name  string
		cases []promise
	}{
		{"outcomes", outcomeCases},
		{"answers", answerCases},
		{"races", raceCases},
		{"errors", errorCases},
	} {
		for _, p := range topic.cases {
			all = append(all, Case{Topic: topic.name, Name: p.name, Invariant: p.invariant, NeedsBreak: p.breaks, Run: p.check})
		}
	}
	return all
}
