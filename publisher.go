package ordermanager

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Publisher announces what happened to orders.
//
// An event is recorded in the same write as the transition that it reports and is published after it, to each publisher
// of a Manager on its own: the same event may come twice, never zero times, and events may overtake each other.
// Consumers drop duplicates by [Event.ID] and stale news by [Event.Version]. An implementation must be safe for
// concurrent use.
type Publisher interface {
	// Publish publishes the events, in order. A nil error means that every one was accepted. A [*PublishError] in the
	// chain of an error says which were not; after any other error, one that is joined from several among them, that is
	// unknown, and all of them will be published again. An error that repeating cannot cure wraps [ErrUndeliverable].
	//
	// It must return when its context is done: the action or the redrive that delivers waits for it, however long that
	// takes, and with it whoever called. Nothing is lost by that, since the events stay owed.
	Publish(ctx context.Context, events []Event) error
}

// PublishError is returned by a [Publisher] that knows which events were accepted: all but these.
type PublishError struct {
	// Failed says why, by [Event.ID].
	Failed map[string]error
}

func (e *PublishError) Error() string {
	parts := make([]string, 0, len(e.Failed))
	for _, id := range slices.Sorted(maps.Keys(e.Failed)) {
		parts = append(parts, fmt.Sprintf("event %s: %v", id, e.Failed[id]))
	}
	return strings.Join(parts, "; ")
}

// Unwrap returns the reasons.
func (e *PublishError) Unwrap() []error { return slices.Collect(maps.Values(e.Failed)) }

// EventType names what happened. A [Rule] may have a name of its own.
type EventType string

// The events. The names are those of the Serverlesspresso sample, without its prefix "OrderManager.".
const (
	// EventMakeOrder follows make, and unmake with an empty Barista, in [StandardLifecycle]; so do the next two.
	EventMakeOrder EventType = "MakeOrder"
	// EventOrderCompleted follows complete.
	EventOrderCompleted EventType = "OrderCompleted"
	// EventOrderCancelled follows cancel. A time-out has none: the workflow announces it itself.
	EventOrderCancelled EventType = "OrderCancelled"
	// EventWaitingCompletion follows the registration of the second wait.
	EventWaitingCompletion EventType = "WaitingCompletion"
)

// Events that the sample does not have. The standard tables do not announce them; your own may, as examples/pickup
// does.
const (
	// EventOrderCreated is for the [StateRule] of the initial state.
	EventOrderCreated EventType = "OrderCreated"
	// EventDrinkAccepted is for a rule that accepts a drink.
	EventDrinkAccepted EventType = "DrinkAccepted"
	// EventOrderTimedOut is for the rules of [ActionTimedOut].
	EventOrderTimedOut EventType = "OrderTimedOut"
)

// Event is one thing that happened to an order. It never carries a task token.
type Event struct {
	// ID is the same each time this event is published.
	ID string
	// Type names what happened.
	Type EventType
	// OrderID, Customer, Venue and Robot are those of the order.
	OrderID, Customer, Venue string
	Robot                    bool
	// Version is the order's version that this event reports.
	Version int
	// At is when it happened.
	At time.Time
	// State is the order's state after it.
	State State
	// Barista is who claimed the order, or did something else to it as a barista; nobody after an action that gives a
	// claim up.
	Barista string
	// Number is the order number, where there is one.
	Number string
	// Drink is the accepted drink, where there is one. It is the order's, and only to be read.
	Drink *Drink
	// Reason says why the order was cancelled.
	Reason string
	// Trace is the trace context of the call that made it happen, of [Entry].
	Trace string
}
