package ordermanager

import (
	"fmt"
	"net/url"
)

// event builds the event of one history entry. It takes what changed from the entry, not from the order, which may
// have moved on since.
func (t *table) event(o *Order, requestID string) (Event, error) {
	entry, version, found := o.Entry(requestID)
	if !found {
		return Event{}, fmt.Errorf("%w: no history entry for the owed event %q", ErrStoreContract, requestID)
	}
	made := t.made(&entry)
	switch {
	case entry.Action == ActionWaitingCompletion:
		made = &waitingCompletion
	case entry.Action == ActionWorkflowStarted && entry.From == "":
		made = &t.began
	}
	if made == nil || made.Event == "" {
		return Event{}, fmt.Errorf("%w: the life cycle does not say which event announces %s from %s to %s",
			ErrUndeliverable, entry.Action, entry.From, entry.To)
	}
	event := Event{
		ID:       url.PathEscape(o.ID) + "/" + requestID,
		Type:     made.Event,
		OrderID:  o.ID,
		Customer: o.Customer,
		Venue:    o.Venue,
		Robot:    o.Robot,
		Version:  version,
		At:       entry.At,
		State:    entry.To,
		Number:   o.Number,
		Drink:    o.Drink,
		Reason:   entry.Reason,
		Trace:    entry.Trace,
	}
	if made.Claim != ClaimReleases && entry.Actor.Role != RoleCustomer && entry.Actor.Role != RoleSystem {
		event.Barista = entry.Actor.ID
	}
	return event, nil
}

// waitingCompletion is announced whatever the table says.
var waitingCompletion = move{Rule: Rule{Action: ActionWaitingCompletion, Event: EventWaitingCompletion}}
