// Package serverlesspresso speaks the dialects of AWS's Serverlesspresso sample: what is said to its web apps and its
// other services, in the form that they read, and what they say, for every door that hears it.
//
// What they say is read exactly. Names are compared letter by letter; a name that stands twice is refused, and so is
// a known one in other letters ("Action"), because to pass over it would be to do something else than what was meant.
// Whatever else is unknown is ignored. null is the same as absent. What is not UTF-8, or has half of a surrogate
// pair, is refused.
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

// Dialects lists both.
func Dialects() []Dialect { return []Dialect{Workshop, Core} }

// Known reports whether d is one of [Dialects].
func (d Dialect) Known() bool { return slices.Contains(Dialects(), d) }

// Phase is what the sample tells apart: an order in the making is still an open one, which has a barista.
type Phase int

const (
	// Open is an order that goes on.
	Open Phase = iota
	// Completed is one that was made.
	Completed
	// Cancelled is one that a person or a time-out ended.
	Cancelled
)

// Phases lists them all, in the order of a life.
func Phases() []Phase { return []Phase{Open, Completed, Cancelled} }

// The words of the REST API, and of the table in the core.
var words = [...]string{Open: "CREATED", Completed: "COMPLETED", Cancelled: "CANCELLED"}

// tableWords are those of the workshop's table, which cancels with one word and times out with the other.
var tableWords = [...]string{Open: "CREATED", Completed: "Completed", Cancelled: "Cancelled"}

// phaseOf takes a state of one's own for what the workflow was told in it.
func phaseOf(state ordermanager.State, told ordermanager.Decision) Phase {
	switch {
	case told == ordermanager.Done, told == ordermanager.Undecided && state == ordermanager.StateCompleted:
		return Completed
	case told == ordermanager.Cancelled, told == ordermanager.Undecided && state == ordermanager.StateCancelled:
		return Cancelled
	}
	return Open
}

// OrderState is ORDERSTATE of an order in the table and in the events of the dialect.
func (d Dialect) OrderState(o *ordermanager.Order) string {
	return d.tableState(phaseOf(o.State, o.SecondWait.Decision), o.Venue)
}

func (d Dialect) tableState(p Phase, venue string) string {
	if d == Core {
		return venue + "-" + words[p]
	}
	return tableWords[p]
}

// TableStates lists what ORDERSTATE of an order in this phase may be in the table, in the form that an action writes
// first. Where there are several, the last is that of a time-out. The workshop has no venue in it.
func (d Dialect) TableStates(p Phase, venue string) []string {
	state := d.tableState(p, venue)
	if d == Core || state == words[p] {
		return []string{state}
	}
	return []string{state, words[p]}
}

// ParseTableState takes ORDERSTATE of the table apart; ok is false for what the sample never writes. In the core, a
// venue may have hyphens in its name, and an order from before there were venues has the word alone.
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

// state is ORDERSTATE as the REST API has it.
func (d Dialect) state(o *ordermanager.Order) string {
	p := phaseOf(o.State, o.SecondWait.Decision)
	if d == Core {
		return d.tableState(p, o.Venue)
	}
	return words[p]
}

// ParseState returns what the workflow was told of the orders that a word of the REST API stands for, in either spelling of the sample. The
// error is an [*ordermanager.RequestError].
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
