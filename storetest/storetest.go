// Package storetest checks that an [ordermanager.Store] keeps its contract. One line in a test is enough:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) ordermanager.Store { return mystore.New() })
//	}
//
// Each case is a promise of the contract. What a store has to do is written out here by hand, and not asked of the
// functions that a store can be made with; the store is compared with it after every call.
//
// All identifiers are random, so that the suite can run on a table that holds other things. The orders are such as a
// Manager makes: one that is being made has a barista, one that is pending has none, and an entry's time is in UTC and
// to the millisecond.
//
// A green run says nothing about durability, about what a store does when its service fails, or about the order of a
// listing, which the contract leaves open.
package storetest

import (
	"errors"
	"testing"

	"github.com/brewline/ordermanager"
)

// Run runs every case as a subtest, each on a store of its own from newStore.
func Run(t *testing.T, newStore func(t *testing.T) ordermanager.Store) {
	t.Helper()
	RunHarness(t, func(t *testing.T) Harness { return Harness{Store: newStore(t)} })
}

// RunHarness is [Run] for a store that needs more of a [Harness] than the store.
func RunHarness(t *testing.T, newHarness func(t *testing.T) Harness) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Topic+"/"+c.Name, func(t *testing.T) {
			err := c.Run(t.Context(), newHarness(t))
			switch {
			case errors.Is(err, ErrNotAsked):
				t.Log(err) // no skip, because nothing is missing that anybody could use
			case err != nil:
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
		{"create", createCases},
		{"guards", guardCases()},
		{"assignments", assignmentCases()},
		{"decisions", decisionCases},
		{"history", historyCases},
		{"registrations", registrationCases},
		{"spares", spareCases},
		{"settlements", settlementCases},
		{"races", raceCases},
		{"values", valueCases()},
		{"aliasing", aliasingCases},
		{"listings", listingCases},
		{"leaving", leavingCases()},
		{"owing", owingCases},
		{"lifecycles", lifecycleCases},
		{"contexts", contextCases()},
		{"changes", changeCases()},
		{"random", randomCases},
	} {
		for _, p := range topic.cases {
			c := Case{Topic: topic.name, Name: p.name, Invariant: p.invariant, Watcher: p.watcher, Run: p.check}
			if p.needs != nil {
				c.Needs = p.needs()
			}
			all = append(all, c)
		}
	}
	return all
}
