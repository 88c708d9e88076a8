package dynamostore

import (
	"cmp"
	"slices"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// writing is an update that is being built.
type writing struct {
	sample
	*update
	t *ordermanager.Transition
	// seen reads the item that refused the last update, and before is its order; both are nil the first time.
	seen   *reader
	before *ordermanager.Order
	// venue is the venue, if it is known.
	venue *string
}

// venueIn requires that the venue is one of several, in the dialect whose ORDERSTATE begins with it.
func (w *writing) venueIn(venues []string) {
	if len(venues) > mostVenues {
		w.require(never(sampleState))
		return
	}
	var forms []string
	for _, venue := range venues {
		for _, p := range serverlesspresso.Phases() {
			forms = append(forms, w.dialect().TableStates(p, venue)...)
		}
	}
	w.require(sampleState, " IN ", w.list(forms...))
}

// mustBeOpen reports whether the guards allow open orders only.
func (w *writing) mustBeOpen() bool {
	states := w.t.Guards.States
	return len(states) > 0 && !slices.ContainsFunc(states, ends)
}

func (w *writing) unclaimed() []string {
	return append(w.absent(sampleBarista), sampleBarista+" = "+w.value(str("")))
}

// forms lists what ORDERSTATE may be in a phase, or may end with if the venue is not known.
func (w *writing) forms(p serverlesspresso.Phase) []string {
	venue := ""
	if w.venue != nil {
		venue = *w.venue
	}
	return w.dialect().TableStates(p, venue)
}

// in is the condition that the order is in a phase.
func (w *writing) in(p serverlesspresso.Phase) string {
	if w.seen != nil { // ORDERSTATE must be what was seen
		if _, seen, ok := w.dialect().ParseTableState(w.seen.text(sampleState)); ok && seen == p {
			return exists(sampleState)
		}
		return missing(sampleID)
	}
	if !w.venues || w.venue != nil {
		return sampleState + " IN " + w.list(w.forms(p)...)
	}
	// Without the venue, ORDERSTATE must contain this phase's word and none of the others: no condition can look at the
	// end of a text. If the venue's name contains such a word, this is refused, and tried again with what was seen.
	var parts []string
	for _, other := range serverlesspresso.Phases() {
		part := "contains(" + sampleState + ", " + w.value(str(w.forms(other)[0])) + ")"
		if other != p {
			part = "NOT " + part
		}
		parts = append(parts, part)
	}
	return allOf(parts...)
}

// inAny lists, for each phase, the condition that the order is in it.
func (w *writing) inAny() (parts []string) {
	for _, p := range serverlesspresso.Phases() {
		parts = append(parts, w.in(p))
	}
	return parts
}

// inState is the condition that the order is in one of the states.
func (w *writing) inState(states []ordermanager.State) string {
	var parts []string
	pending := slices.Contains(states, ordermanager.StatePending)
	making := slices.Contains(states, ordermanager.StateMaking)
	switch {
	case pending && making:
		parts = append(parts, w.in(serverlesspresso.Open))
	case pending:
		parts = append(parts, allOf(w.in(serverlesspresso.Open), anyOf(w.unclaimed()...)))
	case making:
		parts = append(parts, allOf(w.in(serverlesspresso.Open), sampleBarista+" > "+w.value(str(""))))
	}
	for _, state := range states {
		if ends(state) {
			parts = append(parts, w.in(phaseOf(state)))
		}
	}
	if parts == nil { // states that no order is ever in
		return missing(sampleID)
	}
	return anyOf(parts...)
}

// state assigns ORDERSTATE. Where it knows the venue, it also stores the final forms, for writes that do not know it.
func (w *writing) state() {
	to := w.t.Assign.State
	if w.t.Create != nil {
		to = cmp.Or(to, w.t.Create.State)
	}
	if w.venues && w.venue != nil {
		w.set(ownCompleted, str(w.forms(serverlesspresso.Completed)[0]))
		w.set(ownCancelled, str(w.forms(serverlesspresso.Cancelled)[0]))
	}
	p := phaseOf(to)
	switch {
	case to == "":
	case w.t.Create != nil, ends(to) && (!w.venues || w.venue != nil):
		w.set(sampleState, str(w.form(p)))
	case !ends(to):
		// An open order keeps its ORDERSTATE.
		if !w.mustBeOpen() {
			w.require(w.in(serverlesspresso.Open))
		}
	default:
		source := map[serverlesspresso.Phase]string{
			serverlesspresso.Completed: ownCompleted, serverlesspresso.Cancelled: ownCancelled,
		}[p]
		w.require(exists(source))
		w.setTo(sampleState, source)
	}
}

// form is what we write for a phase.
func (w *writing) form(p serverlesspresso.Phase) string {
	forms := w.forms(p)
	if p == serverlesspresso.Cancelled && w.t.Entry.Action == ordermanager.ActionTimedOut {
		return forms[len(forms)-1]
	}
	return forms[0]
}

// requireUnchanged requires that attributes are what was seen.
func (w *writing) requireUnchanged(names ...string) {
	for _, name := range names {
		requireSame(w.update, w.seen, name)
	}
}
