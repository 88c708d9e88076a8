// Package storetest checks that an [ordermanager.Store] keeps its contract. One line in a test is enough:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) ordermanager.Store { return mystore.New() })
//	}
//
// Each case is a promise of the contract. The suite has a model of an order, written by hand without the functions that
// stores are built with, and compares the store with it after every call.
//
// All identifiers are random, so the suite can run on a table with other data. The orders are such as a Manager makes:
// one that is being made has a barista, a pending one has none, and the times of entries are in UTC, to the
// millisecond.
//
// A green run says nothing about durability, about what a store does when its service fails, or about how a listing is
// sorted, except that newest first is the reverse of oldest first.
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

// RunHarness is [Run] for a store whose [Harness] has more than the store.
func RunHarness(t *testing.T, newHarness func(t *testing.T) Harness) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Topic+"/"+c.Name, func(t *testing.T) {
			err := c.Run(t.Context(), newHarness(t))
			switch {
			case errors.Is(err, ErrNotAsked):
				t.Log(err) // not a skip: the store lacks nothing that anybody could use
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
