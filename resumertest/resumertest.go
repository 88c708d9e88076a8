// Package resumertest checks that an [ordermanager.Resumer] keeps its contract. Once there is a [Harness], which starts
// workflows that wait and shows what they received, one line in a test is enough.
//
//	func TestResumer(t *testing.T) {
//		resumertest.Run(t, newHarness)
//	}
//
// Each case is a promise of the contract. The cases start every workflow themselves, so the suite can run against a
// shared service.
//
// A green run without [Harness.Break] says nothing about what the resumer does when its service fails; the output names
// the skipped cases.
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
