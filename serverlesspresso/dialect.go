// Package serverlesspresso speaks the dialects of AWS's Serverlesspresso sample: what is said to its web apps and its
// other services, in the form that they read, and what they say, for every door that hears it.
//
// What they say is read exactly. Names are compared letter by letter; a name that stands twice is refused, and so is
// a known one in other letters ("Action"), because to pass over it would be to do something else than what was meant.
// Whatever else is unknown is ignored. null is the same as absent. What is not UTF-8, or has half of a surrogate
// pair, is refused.
package serverlesspresso

import (
	"fmt"
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

// The words of the REST API for the phases of an order. An order in the making is still a created one: it has a
// barista.
const (
	created   = "CREATED"
	completed = "COMPLETED"
	cancelled = "CANCELLED"
)

// word is what the REST API calls a state.
func word(state ordermanager.State) string {
	switch state {
	case ordermanager.StateCompleted:
		return completed
	case ordermanager.StateCancelled:
		return cancelled
	}
	return created
}

// state is ORDERSTATE as the REST API has it.
func (d Dialect) state(o *ordermanager.Order) string {
	if d == Core {
		return o.Venue + "-" + word(o.State)
	}
	return word(o.State)
}

// ParseState returns the states that a word of the REST API stands for, in either spelling of the sample. The error
// is an [*ordermanager.RequestError].
func ParseState(text string) ([]ordermanager.State, error) {
	switch strings.ToUpper(text) {
	case created:
		return []ordermanager.State{ordermanager.StatePending, ordermanager.StateMaking}, nil
	case completed:
		return []ordermanager.State{ordermanager.StateCompleted}, nil
	case cancelled:
		return []ordermanager.State{ordermanager.StateCancelled}, nil
	}
	return nil, &ordermanager.RequestError{
		Field: "state", Rule: fmt.Sprintf("is none of %s, %s, %s", created, completed, cancelled),
	}
}
