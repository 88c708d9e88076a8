package dynamostore

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// sample is the layout of the Serverlesspresso sample's order table, in either dialect.
//
// The sample's functions write to the same items: they may put an item anew, and set ORDERSTATE, TaskToken,
// orderNumber, TS, drinkOrder, baristaUserId and reason at any time. So those attributes are the truth, and are what
// conditions look at. What the sample has no place for is in attributes with a prefix of ours, which an item of the
// sample's may lack.
type sample struct {
	// venues is set in the dialect whose ORDERSTATE begins with the venue.
	venues bool
}

// The attributes that the sample knows.
const (
	samplePartition = "PK"
	sampleID        = "SK"
	sampleCustomer  = "USERID"
	sampleState     = "ORDERSTATE"
	sampleToken     = "TaskToken"
	sampleRobot     = "robot"
	sampleTime      = "TS"
	sampleDrink     = "drinkOrder"
	sampleNumber    = "orderNumber"
	sampleBarista   = "baristaUserId"
	sampleReason    = "reason"

	// samplePartitionValue is the partition key of every order.
	samplePartitionValue = "orders"
)

// The attributes that only we know.
const (
	// ownVenue is the venue in the dialect that has none.
	ownVenue = "om_ve"
	// ownCreated is when the order began; the sample overwrites TS.
	ownCreated = "om_ca"
	// ownFirst and ownSecond are the tokens that we registered. TaskToken holds the newest one of either, for the
	// sample's functions. A TaskToken that is neither was written by the sample, after ours.
	ownFirst  = "om_t1"
	ownSecond = "om_t2"
	// ownDrink and ownEnd are set when a drink or an end of ours decides nothing about a wait, as those of the sample do.
	ownDrink = "om_dk"
	ownEnd   = "om_fi"
	// ownCompleted and ownCancelled are what ORDERSTATE becomes when the order ends, where that has the venue in it: so
	// an order can be ended without being read.
	ownCompleted = "om_completed"
	ownCancelled = "om_cancelled"
)

var sampleRecord = record{
	history: "om_hi", requests: "om_rq", version: "om_v", owed: "om_oe", owing: "om_ow",
	first: slot{"om_d1", ownFirst, "om_s1", "om_t1at"}, second: slot{"om_d2", ownSecond, "om_s2", "om_t2at"},
	expires: "om_ex", ending: "om_en", updated: "om_ua", fenced: "om_fe",
}

// dialect is that of the table.
func (l sample) dialect() serverlesspresso.Dialect {
	if l.venues {
		return serverlesspresso.Core
	}
	return serverlesspresso.Workshop
}

// ends reports whether a state is an end in this layout.
func ends(state ordermanager.State) bool { return phaseOf(state) != serverlesspresso.Open }

// phaseOf is what ORDERSTATE tells of a state. An order that is being made is an open one with a barista.
func phaseOf(state ordermanager.State) serverlesspresso.Phase {
	switch state {
	case ordermanager.StateCompleted:
		return serverlesspresso.Completed
	case ordermanager.StateCancelled:
		return serverlesspresso.Cancelled
	}
	return serverlesspresso.Open
}

func (sample) record() *record { return &sampleRecord }

func (sample) key(orderID string) item {
	return item{samplePartition: str(samplePartitionValue), sampleID: str(orderID)}
}

// writing is an update in the making.
type writing struct {
	sample
	*update
	t *ordermanager.Transition
	// seen reads the item that refused the update before, and before is the order in it; nil the first time.
	seen   *reader
	before *ordermanager.Order
	// venue is the venue, if it is known.
	venue *string
}

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

// create also takes the place of a phantom: see the function of that name. It leaves nothing of it.
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

// undecided requires that neither we nor the sample's functions decided a wait.
func (w *writing) undecided(wait ordermanager.Wait) {
	w.requireAny(w.absent(sampleRecord.slot(wait).decision)...)
	w.requireAny(exists(ownEnd), w.in(serverlesspresso.Open))
	if wait == ordermanager.FirstWait {
		w.requireAny(append(w.absent(sampleDrink), exists(ownDrink))...)
	}
}

// decide puts decisions on record. What a drink or an end of the sample's decided is not there, and stays as it is.
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

// venueIn requires, in the dialect whose ORDERSTATE begins with it, that the venue is one of several.
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

// mustBeOpen reports whether the guards leave open orders only.
func (w *writing) mustBeOpen() bool {
	states := w.t.Guards.States
	return len(states) > 0 && !slices.ContainsFunc(states, ends)
}

func (w *writing) unclaimed() []string {
	return append(w.absent(sampleBarista), sampleBarista+" = "+w.value(str("")))
}

// forms is what ORDERSTATE may be in a phase, or ends with where the venue is not known.
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
	// Without the venue, the word must be there and the others must not: no condition looks at the end of a text. A
	// venue whose name has such a word in it is refused here, and tried again with what was seen.
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

// inAny are the conditions that the order is in one of the phases.
func (w *writing) inAny() (parts []string) {
	for _, p := range serverlesspresso.Phases() {
		parts = append(parts, w.in(p))
	}
	return parts
}

// inState is the condition that the order is in one of the states.
func (w *writing) inState(states []ordermanager.State) string {
	var parts []string
	pending, making := slices.Contains(states, ordermanager.StatePending), slices.Contains(states, ordermanager.StateMaking)
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

// state assigns ORDERSTATE, and keeps its other forms where the venue is known and may not be later.
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
		// An open order stays as it is written.
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

// tokens assigns the tokens: each to its own attribute, and the newest one to TaskToken. What a token finds in its
// place becomes the spare one; an empty text is none.
func (w *writing) tokens() {
	r := w.t.Assign.Register
	switch {
	case r == nil:
	case r.Spare:
		w.set(sampleRecord.slot(r.Wait).spare, str(r.Token.Reveal()))
	default:
		token := w.value(str(r.Token.Reveal()))
		w.setTo(sampleRecord.slot(r.Wait).token, token)
		if r.Wait == ordermanager.SecondWait {
			w.secondToken(token)
		} else {
			w.firstToken(token)
		}
	}
	if w.t.Assign.AnswerFirst {
		w.remove(ownFirst)
		if r == nil || r.Spare {
			w.unmirrorFirst()
		}
	}
}

func (w *writing) firstToken(token string) {
	spare := sampleRecord.first.spare
	switch {
	case w.t.Create != nil:
		w.setTo(sampleToken, token)
	case w.seen == nil:
		// The usual case is that the second wait has not begun. If it has, TaskToken may be its token.
		w.notBegun()
		w.require("NOT ", w.kind(sampleToken, "NULL"))
		w.setTo(sampleToken, token)
		none := w.value(str(""))
		w.setTo(spare, "if_not_exists(", sampleToken, ", if_not_exists(", ownFirst, ", if_not_exists(", spare, ", ", none, ")))")
	default:
		w.requireUnchanged(sampleToken, ownFirst, ownSecond)
		held := w.seen.holder()
		if !held.first.IsZero() {
			w.set(spare, str(held.first.Reveal()))
		}
		if held.second.IsZero() || w.seen.token(sampleToken).Equal(w.seen.token(ownFirst)) {
			w.setTo(sampleToken, token)
		}
	}
}

func (w *writing) secondToken(token string) {
	w.setTo(sampleToken, token)
	if w.t.Create != nil {
		return
	}
	// As the sample does; but the time of creation is kept.
	at := w.value(millis(w.t.Entry.At))
	w.setTo(ownCreated, "if_not_exists("+ownCreated+", if_not_exists("+sampleTime+", "+at+"))")
	w.setTo(sampleTime, at)
	if w.seen == nil {
		// The usual case is that the second wait begins now, so that there is no token of it.
		w.notBegun()
		if !w.t.Assign.AnswerFirst {
			// The first token stays, so it must be safe in its own attribute before TaskToken is overwritten.
			w.requireAny(append(w.absent(sampleToken), sampleToken+" = "+ownFirst, sampleToken+" = "+ownSecond)...)
		}
		return
	}
	w.requireUnchanged(sampleToken, ownFirst, ownSecond)
	held := w.seen.holder()
	if !held.second.IsZero() {
		w.set(sampleRecord.second.spare, str(held.second.Reveal()))
	}
	if !held.first.IsZero() && !w.t.Assign.AnswerFirst {
		w.set(ownFirst, str(held.first.Reveal()))
	}
}

// notBegun requires that there is no sign of the second wait.
func (w *writing) notBegun() {
	w.requireAny(w.absent(sampleNumber)...)
	w.requireAny(w.absent(sampleRecord.second.at)...)
}

// unmirrorFirst keeps a first token that is taken off from staying in TaskToken.
func (w *writing) unmirrorFirst() {
	if w.seen == nil {
		w.require("NOT ", sampleToken, " = ", ownFirst)
		return
	}
	w.requireUnchanged(sampleToken, ownFirst)
	if w.seen.token(sampleToken).Equal(w.seen.token(ownFirst)) {
		w.remove(sampleToken)
	}
}

// holder is who holds which token.
type holder struct{ first, second ordermanager.TaskToken }

// holder tells the tokens of an item apart. A TaskToken that is not one of ours belongs to the second wait if that
// has begun, of which the order number is the sign.
func (r *reader) holder() holder {
	h := holder{r.token(ownFirst), r.token(ownSecond)}
	token := r.token(sampleToken)
	switch {
	case token.IsZero() || token.Equal(h.first) || token.Equal(h.second):
	case token.Equal(r.token(sampleRecord.first.spare)) || token.Equal(r.token(sampleRecord.second.spare)): // it lost
	case r.has(sampleNumber) || r.has(sampleRecord.second.at):
		h.second = token
	default:
		h.first = token
	}
	return h
}

// settle expects the newest token in TaskToken, and looks closer only when it is not there. Taking a token off its
// own attribute must take it off TaskToken too, where it would pass for a newer one of the sample's.
func (sample) settle(s *ordermanager.Settlement, seen item, ttl time.Duration) *update {
	u := newUpdate()
	u.require(exists(sampleID))
	if seen != nil {
		settleSeen(u, s, &reader{item: seen})
	} else {
		settleBlind(u, s)
	}
	u.takeToken(sampleRecord.first.spare, s.FirstSpare, plainToken, seen)
	u.takeToken(sampleRecord.second.spare, s.SecondSpare, plainToken, seen)
	sampleRecord.settle(u, s, seen, ttl)
	if !u.changes() {
		return nil
	}
	return u
}

func settleBlind(u *update, s *ordermanager.Settlement) {
	newest, own := s.Second, ownSecond
	if newest.IsZero() {
		newest, own = s.First, ownFirst
	}
	if newest.IsZero() {
		return
	}
	token := u.value(str(newest.Reveal()))
	u.require(sampleToken + " = " + token)
	u.requireAny(append(u.absent(own), own+" = "+token)...)
	u.remove(sampleToken, own)
	if own == ownSecond && !s.First.IsZero() {
		u.requireEqual(ownFirst, str(s.First.Reveal()))
		u.remove(ownFirst)
	}
}

func settleSeen(u *update, s *ordermanager.Settlement, r *reader) {
	held := r.holder()
	taken := false
	for _, slot := range [...]struct {
		own           string
		settled, held ordermanager.TaskToken
	}{{ownFirst, s.First, held.first}, {ownSecond, s.Second, held.second}} {
		if slot.settled.IsZero() || !slot.held.Equal(slot.settled) {
			continue
		}
		requireSame(u, r, slot.own)
		u.remove(slot.own)
		taken = taken || r.token(sampleToken).Equal(slot.settled)
	}
	if !u.changes() {
		return
	}
	requireSame(u, r, sampleToken)
	if taken {
		u.remove(sampleToken)
	}
}

// requireUnchanged requires that attributes are what was seen.
func (w *writing) requireUnchanged(names ...string) {
	for _, name := range names {
		requireSame(w.update, w.seen, name)
	}
}

// requireSame requires that an attribute is what was seen.
func requireSame(u *update, r *reader, name string) {
	if r.has(name) {
		u.requireEqual(name, r.get(name))
	} else {
		u.requireAny(u.absent(name)...)
	}
}

// phantom reports whether an item is no order. The sample's functions leave such a row behind when they change an
// order that does not exist: it has what they set, and neither a customer nor anybody who waits.
func (sample) phantom(r *reader) bool {
	return !r.has(sampleCustomer) && !r.has(sampleToken) && !r.has(sampleRecord.version)
}

func (l sample) decode(r *reader, listed bool) *ordermanager.Order {
	// A listing has no tokens to tell.
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
	// What decided without our keeping a decision is what the sample's functions wrote.
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

func (sample) listedAttributes() []string {
	return []string{
		sampleCustomer, sampleState, sampleRobot, sampleTime, sampleDrink, sampleNumber, sampleBarista, sampleReason, ownVenue, ownCreated,
		sampleRecord.updated, sampleRecord.version,
	}
}

// listed keeps tokens and histories, which the indexes of the sample have, from being sent.
func (l sample) listed() string {
	return strings.Join(append(l.listedAttributes(), samplePartition, sampleID), ", ")
}

func (l sample) plan(q ordermanager.Query) ([][]stream, error) {
	switch {
	case q.Owing:
		return [][]stream{{{index: sampleOwingIndex, hash: sampleRecord.owing, value: num(0), sort: sampleID}}}, nil
	case q.Customer != "":
		return [][]stream{{{index: userIndex, hash: sampleCustomer, value: str(q.Customer), sort: sampleID}}}, nil
	case l.venues && q.Venue == "":
		return nil, &unlistable{ordermanager.RequestError{
			Field: "eventId", Rule: "is required: the core layout has no index by state alone, only by venue and by customer",
		}}
	}
	phases := serverlesspresso.Phases()
	switch {
	case q.State == "":
	case l.keeps(q.State):
		phases = []serverlesspresso.Phase{phaseOf(q.State)}
	default:
		phases = nil
	}
	var streams []stream
	for _, p := range phases {
		for _, form := range l.dialect().TableStates(p, q.Venue) {
			streams = append(streams, stream{index: statusIndex, hash: sampleState, value: str(form), sort: sampleID})
		}
	}
	if q.Newest {
		latest := stream{index: timeIndex, hash: samplePartition, value: str(samplePartitionValue), sort: sampleTime}
		return [][]stream{{latest}, streams}, nil
	}
	return [][]stream{streams}, nil
}
