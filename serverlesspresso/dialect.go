// Package serverlesspresso speaks the two dialects of AWS's Serverlesspresso sample: it writes what the sample's web
// apps and services read, and reads what they send, for every door.
//
// Reading is strict. Names are case-sensitive; a duplicate name is refused, and so is a known name in the wrong case
// ("Action"), because ignoring it would do something other than what was meant. Other unknown names are ignored. null
// means absent. Invalid UTF-8 and unpaired surrogates are refused.
package serverlesspresso

import (
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// Dialect is one of the two versions of the sample.
type Dialect string

const (
	// Workshop is the version of AWS's workshop. It has one venue, which it does not name.
	Workshop Dialect = "workshop"
	// Core is the version of the public repository. It has many venues, and calls them events.
	Core Dialect = "core"
)

// Dialects returns both dialects.
func Dialects() []Dialect { return []Dialect{Workshop, Core} }

// Known reports whether d is one of [Dialects].
func (d Dialect) Known() bool { return slices.Contains(Dialects(), d) }

// Phase is how the sample sees an order: one that is being made is still open, with a barista.
type Phase int

const (
	// Open has not ended.
	Open Phase = iota
	// Completed has its drink made.
	Completed
	// Cancelled was ended by a person or a time-out.
	Cancelled
)

// Phases returns all phases, in the order of an order's life.
func Phases() []Phase { return []Phase{Open, Completed, Cancelled} }

// words are the states in the REST API, and in the core's table.
var words = [...]string{Open: "CREATED", Completed: "COMPLETED", Cancelled: "CANCELLED"}

// tableWords are the states in the workshop's table. A cancel writes "Cancelled", a time-out "CANCELLED".
var tableWords = [...]string{Open: "CREATED", Completed: "Completed", Cancelled: "Cancelled"}

// phaseOf maps a custom state to what the workflow was told in it.
func phaseOf(state ordermanager.State, told ordermanager.Decision) Phase {
	switch {
	case told == ordermanager.Done, told == ordermanager.Undecided && state == ordermanager.StateCompleted:
		return Completed
	case told == ordermanager.Cancelled, told == ordermanager.Undecided && state == ordermanager.StateCancelled:
		return Cancelled
	}
	return Open
}

// OrderState returns ORDERSTATE as the dialect's table and events have it.
func (d Dialect) OrderState(o *ordermanager.Order) string {
	return d.tableState(phaseOf(o.State, o.SecondWait.Decision), o.Venue)
}

func (d Dialect) tableState(p Phase, venue string) string {
	if d == Core {
		return venue + "-" + words[p]
	}
	return tableWords[p]
}

// TableStates returns the values of ORDERSTATE that an order in this phase can have in the table: the one that actions
// write comes first, that of a time-out last. The workshop's have no venue.
func (d Dialect) TableStates(p Phase, venue string) []string {
	state := d.tableState(p, venue)
	if d == Core || state == words[p] {
		return []string{state}
	}
	return []string{state, words[p]}
}

// ParseTableState splits ORDERSTATE of the table; ok is false for what the sample never writes. In the core a venue may
// contain hyphens, and an order older than venues has no venue.
func (d Dialect) ParseTableState(text string) (venue string, p Phase, ok bool) {
	for _, p := range Phases() {
		if d != Core {
			if slices.Contains(d.TableStates(p, ""), text) {
				return "", p, true
			}
			continue
		}
		if venue, ok := strings.CutSuffix(text, d.tableState(p, "")); ok {
			return venue, p, true
		}
		if text == words[p] {
			return "", p, true
		}
	}
	return "", Open, false
}

// state returns ORDERSTATE as the REST API has it.
func (d Dialect) state(o *ordermanager.Order) string {
	p := phaseOf(o.State, o.SecondWait.Decision)
	if d == Core {
		return d.tableState(p, o.Venue)
	}
	return words[p]
}

// ParseState parses a state of the REST API, in either spelling of the sample, and returns what the workflow was told
// about orders in it. The error is an [*ordermanager.RequestError].
func ParseState(text string) (ordermanager.Decision, error) {
	switch strings.ToUpper(text) {
	case words[Open]:
		return ordermanager.Undecided, nil
	case words[Completed]:
		return ordermanager.Done, nil
	case words[Cancelled]:
		return ordermanager.Cancelled, nil
	}
	return "", &ordermanager.RequestError{Field: "state", Rule: "is none of " + strings.Join(words[:], ", ")}
}
