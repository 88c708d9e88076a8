package dynamostore

import (
	"cmp"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func (l sample) apply(t *ordermanager.Transition, seen item, ttl time.Duration) *update {
	w := &writing{sample: l, update: newUpdate(), t: t}
	switch {
	case t.Create != nil:
		w.venue = &t.Create.Venue
	case seen != nil:
		w.seen = &reader{item: seen}
		w.before = l.decode(w.seen, false)
		text := w.seen.text(sampleState)
		venue, _, _ := l.dialect().ParseTableState(text)
		w.venue = &venue
		w.requireEqual(sampleState, str(text))
	default:
		w.venue = t.Guards.Venue
	}
	if t.Create != nil {
		w.create()
	} else {
		w.guards()
	}
	sampleRecord.apply(w.update, t, ttl)
	w.decide()
	w.state()
	w.details()
	w.tokens()
	if t.Owing {
		w.set(sampleRecord.owing, num(0))
	}
	return w.update
}

// create also replaces a phantom (see there), and leaves nothing of it.
func (w *writing) create() {
	w.requireAny(w.absent(sampleCustomer)...)
	w.requireAny(w.absent(sampleToken)...)
	w.require(missing(sampleRecord.version))
	a := &w.t.Assign
	for _, left := range [...]struct {
		name     string
		assigned bool
	}{
		{sampleDrink, a.Drink != nil}, {sampleBarista, a.Barista != nil}, {sampleReason, a.Reason != ""},
		{sampleNumber, a.Number != ""},
	} {
		if !left.assigned {
			w.remove(left.name)
		}
	}
	w.set(sampleCustomer, str(w.t.Create.Customer))
	w.set(sampleRobot, boolean(w.t.Create.Robot))
	at := w.value(millis(w.t.Entry.At))
	w.setTo(sampleTime, at)
	w.setTo(ownCreated, at)
	if !w.venues && w.t.Create.Venue != "" {
		w.set(ownVenue, str(w.t.Create.Venue))
	}
}

var sampleSound = newSoundness(func(u *update) {
	u.require(u.kind(sampleCustomer, "S"))
	u.requireNullable("S", sampleToken, sampleBarista)
	u.requireOptional("S", ownVenue)
	sampleRecord.sound(u)
})

func (w *writing) guards() {
	g := &w.t.Guards
	w.requireSound(sampleSound)
	if w.venues && w.venue == nil {
		// contains does not see what comes after the word in ORDERSTATE: somebody must have read it.
		w.require(exists(ownCompleted))
	}
	if len(g.States) > 0 {
		w.require(w.inState(g.States))
	} else {
		w.requireAny(w.inAny()...)
	}
	if g.Customer != "" {
		w.requireEqual(sampleCustomer, str(g.Customer))
	}
	if g.Venue != nil {
		if w.venues && w.seen == nil {
			w.venueIn([]string{*g.Venue})
		} else if !w.venues {
			requireText(w.update, ownVenue, *g.Venue)
		}
	}
	switch {
	case len(g.Venues) == 0:
	case !w.venues:
		requireVenue(w.update, ownVenue, g.Venues, w.before)
	case w.seen == nil: // otherwise ORDERSTATE must be what was seen
		w.venueIn(g.Venues)
	}
	if g.NoDrink {
		w.requireAny(w.absent(sampleDrink)...)
	}
	if g.HasDrink {
		w.require(w.present(sampleDrink))
	}
	if g.FreeFor != "" && len(g.HeldIn) > 0 {
		w.requireAny(sampleBarista+" = "+w.value(str(g.FreeFor)), "NOT "+w.inState(g.HeldIn))
	}
	if g.Undecided != 0 {
		w.undecided(g.Undecided)
	}
}

// undecided requires that neither we nor the sample's functions have decided a wait.
func (w *writing) undecided(wait ordermanager.Wait) {
	w.requireAny(w.absent(sampleRecord.slot(wait).decision)...)
	w.requireAny(exists(ownEnd), w.in(serverlesspresso.Open))
	if wait == ordermanager.FirstWait {
		w.requireAny(append(w.absent(sampleDrink), exists(ownDrink))...)
	}
}

// decide records decisions, but never over what a drink or an end of the sample's has decided without a record.
func (w *writing) decide() {
	a := &w.t.Assign
	if a.Drink != nil && a.First == ordermanager.Undecided {
		w.set(ownDrink, boolean(true))
	}
	if ends(a.State) && (a.First == ordermanager.Undecided || a.Second == ordermanager.Undecided) {
		w.set(ownEnd, boolean(true))
	}
	if w.seen != nil {
		seen := ordermanager.Assignment{
			First: cmp.Or(w.before.FirstWait.Decision, a.First), Second: cmp.Or(w.before.SecondWait.Decision, a.Second),
		}
		w.requireUnchanged(sampleDrink)
		sampleRecord.decide(w.update, &seen)
		return
	}
	sampleRecord.decide(w.update, a)
	if w.t.Create != nil {
		return
	}
	if a.First != ordermanager.Undecided && !w.mustBeOpen() || a.Second != ordermanager.Undecided && !w.mustBeOpen() {
		w.requireAny(exists(ownEnd), exists(sampleRecord.second.decision), w.in(serverlesspresso.Open))
	}
	if a.First == ordermanager.Cancelled {
		w.requireAny(append(w.absent(sampleDrink), exists(ownDrink), exists(sampleRecord.first.decision))...)
	}
}

// details assigns what is neither state nor token.
func (w *writing) details() {
	a := &w.t.Assign
	if a.Drink != nil {
		of := ordermanager.Order{Drink: a.Drink}
		if by := w.t.Entry.Actor; by.Role == ordermanager.RoleCustomer {
			of.Customer = by.ID
		}
		w.set(sampleDrink, str(serverlesspresso.DrinkOrder(&of)))
	}
	if a.Barista != nil {
		w.set(sampleBarista, str(*a.Barista))
	}
	if a.Reason != "" {
		w.set(sampleReason, str(a.Reason))
	}
	if a.Number != "" {
		w.set(sampleNumber, str(a.Number))
	}
}
