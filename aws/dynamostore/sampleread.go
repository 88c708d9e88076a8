package dynamostore

import (
	"cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// phantom reports whether an item is not an order. The sample's functions leave such an item behind when they change an
// order that does not exist: it has what they set, but no customer and no token.
func (sample) phantom(r *reader) bool {
	return !r.has(sampleCustomer) && !r.has(sampleToken) && !r.has(sampleRecord.version)
}

func (l sample) decode(r *reader, listed bool) *ordermanager.Order {
	// A listed item has no token, so it cannot be told from a phantom.
	if !listed && l.phantom(r) {
		return nil
	}
	o := &ordermanager.Order{
		ID:        r.text(sampleID),
		Customer:  r.required(sampleCustomer),
		Venue:     r.text(ownVenue),
		Robot:     r.flag(sampleRobot),
		Number:    r.shown(sampleNumber),
		Barista:   r.text(sampleBarista),
		Reason:    r.shown(sampleReason),
		CreatedAt: r.shownTime(ownCreated),
		UpdatedAt: r.shownTime(sampleRecord.updated),
	}
	if drink := r.get(sampleDrink); drink != nil {
		o.Drink = serverlesspresso.ReadDrinkOrder(plain(drink))
	}
	venue, p, ok := l.dialect().ParseTableState(r.required(sampleState))
	if !ok {
		r.fail(sampleState, "is not a state of this layout")
	}
	if l.venues {
		o.Venue = venue
	}
	switch {
	case p == serverlesspresso.Completed:
		o.State = ordermanager.StateCompleted
	case p == serverlesspresso.Cancelled:
		o.State = ordermanager.StateCancelled
	case o.Barista != "":
		o.State = ordermanager.StateMaking
	default:
		o.State = ordermanager.StatePending
	}
	if ts := r.shownTime(sampleTime); o.CreatedAt.IsZero() {
		o.CreatedAt = ts
	}
	if o.UpdatedAt.IsZero() {
		o.UpdatedAt = r.shownTime(sampleTime)
	}
	sampleRecord.decode(r, o, listed)
	if listed {
		return o
	}
	held := r.holder()
	o.FirstWait.Token, o.SecondWait.Token = held.first, held.second
	// A drink or an end without a recorded decision was written by the sample's functions.
	theirs := ordermanager.Order{State: o.State, Drink: o.Drink}
	if r.has(ownDrink) {
		theirs.Drink = nil
	}
	if r.has(ownEnd) {
		theirs.State = ordermanager.StatePending
	}
	first, second := decisionsOf(&theirs)
	o.FirstWait.Decision = cmp.Or(o.FirstWait.Decision, first)
	o.SecondWait.Decision = cmp.Or(o.SecondWait.Decision, second)
	return o
}
