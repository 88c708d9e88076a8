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

// phase is what the sample tells apart: an order in the making is still a created one, which has a barista.
type phase int

const (
	open phase = iota
	completed
	cancelled
)

// The words of the REST API, and of the table in the core.
var words = [...]string{open: "CREATED", completed: "COMPLETED", cancelled: "CANCELLED"}

// tableWords are those of the workshop's table, which cancels with one word and times out with the other.
var tableWords = [...]string{open: "CREATED", completed: "Completed", cancelled: "Cancelled"}

// phaseOf takes a state of one's own for what the workflow was told in it.
func phaseOf(state ordermanager.State, told ordermanager.Decision) phase {
	switch {
	case told == ordermanager.Done, told == ordermanager.Undecided && state == ordermanager.StateCompleted:
		return completed
	case told == ordermanager.Cancelled, told == ordermanager.Undecided && state == ordermanager.StateCancelled:
		return cancelled
	}
	return open
}

// OrderState is ORDERSTATE of an order in the table and in the events of the dialect.
func (d Dialect) OrderState(o *ordermanager.Order) string {
	return d.tableState(phaseOf(o.State, o.SecondWait.Decision), o.Venue)
}

func (d Dialect) tableState(p phase, venue string) string {
	if d == Core {
		return venue + "-" + words[p]
	}
	return tableWords[p]
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
	case words[open]:
		return ordermanager.Undecided, nil
	case words[completed]:
		return ordermanager.Done, nil
	case words[cancelled]:
		return ordermanager.Cancelled, nil
	}
	return "", &ordermanager.RequestError{Field: "state", Rule: "is none of " + strings.Join(words[:], ", ")}
}
