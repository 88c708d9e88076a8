package ordermanager

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager/internal/texts"
)

// Do carries out an action of the life cycle; [Manager.Put] and the other four are shorthands for the built-in ones.
//
// Errors: [ErrInvalidRequest], [ErrUnknownAction], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound],
// [ErrNotOwner], [ErrIllegalTransition], [ErrUnknownState], [ErrRequestReused], [ErrStore]; of a request with Venues
// also [ErrWrongVenue]; of an action that has to do with a claim [ErrClaimed]; of one that could go on for ever, like a
// claim, [ErrTooManyTransitions]; of one that needs a drink [ErrNotReady]; and of one that accepts a drink those of
// [Manager.Put].
func (m *Manager) Do(ctx context.Context, action Action, r Request) (Receipt, error) {
	r.Action = action
	return m.Handle(ctx, r)
}

// Handle carries out the action that the request names: see [Manager.Do]. An action that the life cycle does not have
// is [ErrUnknownAction].
func (m *Manager) Handle(ctx context.Context, r Request) (receipt Receipt, err error) {
	if err := m.name(&r); err != nil {
		return Receipt{}, err
	}
	ctx, end := m.begin(ctx, Operation{Name: "handle", Action: r.Action, OrderID: r.OrderID})
	err = m.act(ctx, &r, &receipt)
	end(Ending{Err: err})
	return receipt, err
}

// name makes the empty action a put, and refuses an action that the table does not have.
func (m *Manager) name(r *Request) error {
	if r.Action == "" {
		r.Action = ActionPut
	}
	if m.table.moves[r.Action] == nil || r.Action == ActionTimedOut {
		named, known := texts.Clip(string(r.Action), MaxNameBytes), join(m.lifecycle.Actions(), Action.name)
		return fmt.Errorf("%w: %q; the life cycle has %s", ErrUnknownAction, named, known)
	}
	return nil
}

// Put accepts the customer's drink, and resumes the first wait. The drink is checked against the menu first: an
// invalid one is refused with all its violations, whatever the state of the order. An order accepts one drink.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrMenuUnavailable], [ErrUnknownVenue],
// [ErrInvalidOrder], [ErrOrderNotFound], [ErrNotOwner], [ErrWrongVenue], [ErrIllegalTransition], [ErrDrinkAccepted],
// [ErrRequestReused], [ErrStore].
func (m *Manager) Put(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionPut
	return m.Handle(ctx, r)
}

// Make claims the order for the barista. Of several who try, one wins; the others get [ErrClaimed] with the order,
// which shows who.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrIllegalTransition],
// [ErrClaimed], [ErrNotReady], [ErrTooManyTransitions], [ErrRequestReused], [ErrStore].
func (m *Manager) Make(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionMake
	return m.Handle(ctx, r)
}

// Unmake releases the barista's claim.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrIllegalTransition],
// [ErrClaimed], [ErrRequestReused], [ErrStore].
func (m *Manager) Unmake(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionUnmake
	return m.Handle(ctx, r)
}

// Complete ends the order as made, and resumes the second wait. If the workflow has not reached it yet, it is answered
// when it does.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrIllegalTransition],
// [ErrClaimed], [ErrNotReady], [ErrRequestReused], [ErrStore].
func (m *Manager) Complete(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionComplete
	return m.Handle(ctx, r)
}

// Cancel ends the order without a drink, for the reason given, and resumes whichever wait is open: the first with the
// failure [CancelledError], the second with an output that says so. A wait that begins later is answered when it does.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrNotOwner],
// [ErrIllegalTransition], [ErrClaimed], [ErrRequestReused], [ErrStore].
func (m *Manager) Cancel(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionCancel
	return m.Handle(ctx, r)
}

func (m *Manager) act(ctx context.Context, r *Request, receipt *Receipt) error {
	if err := ready(ctx); err != nil {
		return err
	}
	r.Reason = texts.Line(r.Reason, MaxReasonBytes)
	if err := r.validate(); err != nil {
		return err
	}
	if r.RequestID == "" {
		r.RequestID = newRequestID()
	}
	return m.carryOut(ctx, r, receipt)
}

// carryOut writes the transition of the first rule that the actor is permitted. If the order turns out to be in a state
// of another rule of the action, it writes that rule's. Every further attempt follows from a change that somebody else
// made. The receipt is left alone if there is an error.
func (m *Manager) carryOut(ctx context.Context, r *Request, receipt *Receipt) error {
	moves := m.table.moves[r.Action]
	move, permission := moves[0], m.permission(moves[0], r)
	for _, other := range moves[1:] {
		if permission.Allowed {
			break
		}
		if p := m.permission(other, r); p.Allowed {
			move, permission = other, p
		}
	}
	for {
		if !permission.Allowed {
			return forbidden(r)
		}
		drink, violations, err := m.drink(ctx, r, move)
		if err != nil {
			return err
		}
		if len(violations) > 0 {
			return m.refuseDrink(ctx, r, violations, receipt)
		}
		lent := new(lent)
		t := m.transition(r, move, permission, drink, lent)
		result, failing, err := m.applyWithin(ctx, &t, &lent.limited)
		switch {
		case err != nil:
			return err
		case result.Applied:
			*receipt = m.finish(ctx, r.Action, &t, result.Order, result.Answered...)
			return nil
		}
		if failing&guardMissing != 0 {
			return fmt.Errorf("%w: %s", ErrOrderNotFound, t.OrderID)
		}
		other, legal := m.table.moveFrom(r.Action, result.Order.State)
		switch {
		case failing&guardRepeated != 0 && r.scope(result.Order):
		case failing&(guardState|guardRepeated|guardCustomer) == guardState && legal:
			move, permission = other, m.permission(other, r)
		case failing&(guardVenue|guardCustomer) == guardVenue && result.Order.Venue == "" && r.Venue != "":
			r.Venue = "" // where there is only one, it may be named or not
		case r.Action == ActionTimedOut && failing == guardState && result.Order.decided(SecondWait):
			*receipt = m.unchanged(ctx, r.Action, result.Order)
			return nil
		default:
			return m.refused(ctx, &t, result.Order, failing, receipt)
		}
		if err := ready(ctx); err != nil {
			return err
		}
	}
}

// scope replaces the request id by one of the actor's own if another actor has used it. It reports whether it did.
func (r *Request) scope(o *Order) bool {
	entry, _, found := o.Entry(r.RequestID)
	if !found || entry.Actor == r.Actor || strings.HasPrefix(r.RequestID, scopePrefix) {
		return false
	}
	r.RequestID = r.scoped()
	return true
}

func (r *Request) scoped() string {
	return scopePrefix + fingerprint(string(r.Actor.Role), r.Actor.ID, r.RequestID)
}

// newRequestID returns a random identifier. It differs from the few others of its order, and guessing it gains nothing,
// so 64 bits of the runtime's generator are good enough, at a tenth of the cost of crypto/rand.
func newRequestID() string { return strconv.FormatUint(rand.Uint64(), 32) } //nolint:gosec // as above

// permission is what the request's actor may do by a rule, within the venues of the request.
func (m *Manager) permission(move *move, r *Request) Permission {
	p := move.permission(r.Actor, m.policy)
	switch {
	case len(r.Venues) == 0:
	case len(p.Venues) == 0:
		p.Venues = r.Venues
	default:
		elsewhere := func(venue string) bool { return !slices.Contains(r.Venues, venue) }
		p.Venues = slices.DeleteFunc(slices.Clone(p.Venues), elsewhere)
		p.Allowed = p.Allowed && len(p.Venues) > 0
	}
	return p
}

// drink checks the drink of a request against the menu, if the rule accepts one.
func (m *Manager) drink(ctx context.Context, r *Request, move *move) (*Drink, []Violation, error) {
	if move.Drink != DrinkAccepts {
		return nil, nil, nil
	}
	menu, err := m.findMenu(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	drink, violations := menu.sanitize(r.Drink)
	return drink, violations, nil
}

// lent is what a store gets pointers to for one write, in a single allocation.
type lent struct {
	limited        limitedContext
	venue, barista string
}

// guards returns the conditions under which the permission allows the rule. The venue is the request's.
func (m *Manager) guards(r *Request, move *move, permission *Permission, venue *string) Guards {
	g := Guards{States: move.from, Venues: permission.Venues, HasDrink: move.Drink == DrinkNeeds}
	if permission.OwnOrder {
		g.Customer = r.Actor.ID
	}
	if permission.RespectClaim {
		g.FreeFor, g.HeldIn = r.Actor.ID, m.table.held
	}
	if move.Drink == DrinkAccepts {
		g.NoDrink, g.Venue = true, venue
	}
	if move.Claim == ClaimTakes && permission.RespectClaim || move.endless && r.Actor.Role != RoleAdmin {
		g.HistoryBelow = MaxClaimHistory
	}
	return g
}

var nobody = new(string)

// transition turns a request into data: the rule defines its meaning, the permission its conditions.
func (m *Manager) transition(r *Request, move *move, permission Permission, drink *Drink, lent *lent) Transition {
	lent.venue, lent.barista = r.Venue, r.Actor.ID
	t := Transition{
		OrderID: r.OrderID,
		Guards:  m.guards(r, move, &permission, &lent.venue),
		Assign: Assignment{
			State: move.To, First: move.first, Second: move.second, Ends: move.ends,
			Events: m.fanout.owed(move.Event, r.RequestID),
		},
		Entry: Entry{Action: r.Action, To: move.To, Actor: r.Actor, RequestID: r.RequestID, At: m.clock(), Reason: r.Reason},
	}
	if move.Drink == DrinkAccepts {
		t.Assign.Drink = drink
	}
	switch {
	case move.Claim == ClaimReleases:
		t.Assign.Barista = nobody
	case move.Claim == ClaimTakes || move.Claim == ClaimNeeds && permission.RespectClaim:
		t.Assign.Barista = &lent.barista
	}
	if move.second == Cancelled {
		t.Assign.Reason = r.Reason
	}
	t.Owing = t.Assign.Events != nil || move.first != Undecided || move.second != Undecided
	return t
}

// refused explains why the order did not accept the transition: as a success if it had accepted it before, and as an
// error otherwise.
func (m *Manager) refused(ctx context.Context, t *Transition, o *Order, failing guard, receipt *Receipt) error {
	barista := t.Assign.Barista
	claimed := failing&^(guardState|guardHistory) == 0 && barista != nil && o.Barista == *barista &&
		slices.Contains(m.table.held, o.State) && m.table.takes(t.Entry.Action, o.State)
	if claimed || failing&guardRepeated != 0 && t.appliedTo(o) {
		*receipt = m.finish(ctx, t.Entry.Action, nil, o)
		receipt.Replayed = true
		return nil
	}
	return m.refusal(t, o, failing)
}

// appliedTo reports whether the order's entry with this request id was made by this very request.
func (t *Transition) appliedTo(o *Order) bool {
	entry, _, _ := o.Entry(t.Entry.RequestID)
	same := entry.Action == t.Entry.Action && entry.Actor == t.Entry.Actor && entry.Reason == t.Entry.Reason
	if drink := t.Assign.Drink; same && drink != nil {
		return o.Drink.matches(DrinkOrder{Drink: drink.Name, Modifiers: drink.Modifiers})
	}
	return same
}

// reasons turns failed guards into reasons, the most telling first. Somebody else's order reveals no others.
func (m *Manager) reasons(o *Order, failing guard) []Reason {
	if failing&guardCustomer != 0 {
		return []Reason{reason(ErrNotOwner)}
	}
	illegal := ErrIllegalTransition
	if m.table.states[o.State] == nil {
		illegal = ErrUnknownState
	}
	all := make([]Reason, 0, bits.OnesCount16(uint16(failing)))
	for _, row := range [...]struct {
		guard guard
		err   error
	}{
		{guardRepeated, ErrRequestReused},
		{guardVenue, ErrWrongVenue},
		{guardClaim, ErrClaimed},
		{guardState, illegal},
		{guardNoDrink, ErrDrinkAccepted},
		{guardHasDrink, ErrNotReady},
		{guardHistory, ErrTooManyTransitions},
	} {
		if failing&row.guard != 0 {
			all = append(all, reason(row.err))
		}
	}
	return all
}

func (m *Manager) refusal(t *Transition, o *Order, failing guard) *TransitionError {
	e := &TransitionError{Action: t.Entry.Action, OrderID: t.OrderID, Reasons: m.reasons(o, failing)}
	if t.shows(o) {
		o.mask()
		e.Order, e.State, e.Allowed = o, o.State, m.allowed(o, t.Entry.Actor, t.Guards.Venues)
		place := m.table.states[o.State]
		e.Ended = place != nil && place.ended
	}
	return e
}

// shows reports whether the actor may see the order that refused: their own, and of a venue of theirs.
func (t *Transition) shows(o *Order) bool {
	g := &t.Guards
	return (g.Customer == "" || g.Customer == o.Customer) && (len(g.Venues) == 0 || slices.Contains(g.Venues, o.Venue))
}

// allowed returns the actions that the actor could do to the order now. It evaluates the guards of a transition, as
// everything does.
func (m *Manager) allowed(o *Order, actor Actor, venues []string) []Action {
	place := m.table.states[o.State]
	if place == nil {
		return []Action{}
	}
	allowed := make([]Action, 0, len(place.actions))
	r := &Request{OrderID: o.ID, Actor: actor, Venue: o.Venue, Venues: venues}
	for _, action := range place.actions {
		move, _ := m.table.moveFrom(action, o.State)
		permission := m.permission(move, r)
		if !permission.Allowed {
			continue
		}
		guards := m.guards(r, move, &permission, &o.Venue)
		if guards.failing(o) == 0 {
			allowed = append(allowed, action)
		}
	}
	return allowed
}

// refuseDrink answers a request whose drink the menu refuses. If it was accepted before the menu changed, it is
// replayed like any other; if that cannot be found out, its outcome is unknown.
func (m *Manager) refuseDrink(ctx context.Context, r *Request, violations []Violation, receipt *Receipt) error {
	refusal := &MenuError{OrderID: r.OrderID, Violations: violations}
	o, err := m.get(ctx, r.OrderID)
	switch {
	case err != nil && r.RequestID != "":
		return err
	case err != nil, o == nil, o.Customer != r.Actor.ID && r.Actor.Role == RoleCustomer,
		len(r.Venues) > 0 && !slices.Contains(r.Venues, o.Venue):
		return refusal
	}
	for _, id := range [...]string{r.RequestID, r.scoped()} {
		entry, _, found := o.Entry(id)
		same := found && entry.Action == r.Action && entry.Actor == r.Actor && entry.Reason == r.Reason
		if same && o.Drink.matches(r.Drink) {
			*receipt = m.finish(ctx, r.Action, nil, o)
			receipt.Replayed = true
			return nil
		}
	}
	o.mask()
	refusal.Order, refusal.Allowed = o, m.allowed(o, r.Actor, r.Venues)
	return refusal
}

// Explanation says whether an action would be accepted now.
type Explanation struct {
	// Action is what was asked about.
	Action Action
	// Allowed is true if there is no reason against it.
	Allowed bool
	// Reasons are all reasons against it.
	Reasons []Reason
	// Violations are the menu's objections.
	Violations []Violation
	// Order is the order as it is; nil for somebody who may not see it.
	Order *Order
}

// Explain says whether the request would be accepted now, and every reason why not. Nothing is written. The menu is
// read only if an action that accepts a drink names one. Another caller may act in between: an action that was
// explained as allowed can still be refused.
//
// Errors: [ErrInvalidRequest], [ErrUnknownAction], [ErrContextDone], [ErrMenuUnavailable], [ErrOrderNotFound],
// [ErrStore].
func (m *Manager) Explain(ctx context.Context, r Request) (Explanation, error) {
	if err := m.name(&r); err != nil {
		return Explanation{}, err
	}
	o, err := m.asked(ctx, &r)
	if err != nil {
		return Explanation{}, err
	}
	return m.explain(ctx, &r, o)
}

// Actions explains every action of the life cycle for the order and the actor of the request, in the order of the
// table: what a page needs for its buttons. The order is read once.
//
// Errors: [ErrInvalidRequest], [ErrContextDone], [ErrOrderNotFound], [ErrStore].
func (m *Manager) Actions(ctx context.Context, r Request) ([]Explanation, error) {
	o, err := m.asked(ctx, &r)
	if err != nil {
		return nil, err
	}
	var all []Explanation
	for _, action := range m.lifecycle.Actions() {
		asked := Request{Action: action, OrderID: r.OrderID, Actor: r.Actor, Venue: o.Venue, Venues: r.Venues}
		e, err := m.explain(ctx, &asked, o)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// asked checks a request and reads its order.
func (m *Manager) asked(ctx context.Context, r *Request) (*Order, error) {
	if err := ready(ctx); err != nil {
		return nil, err
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	return m.existing(ctx, r.OrderID)
}

func (m *Manager) explain(ctx context.Context, r *Request, o *Order) (Explanation, error) {
	e := Explanation{Action: r.Action}
	if o.Venue == "" {
		r.Venue = "" // as in carryOut
	}
	move, _ := m.table.moveFrom(r.Action, o.State)
	permission := m.permission(move, r)
	if !permission.Allowed {
		e.Reasons = append(e.Reasons, reason(ErrForbidden))
	}
	if !r.Drink.IsZero() {
		var err error
		if _, e.Violations, err = m.drink(ctx, r, move); err != nil {
			return Explanation{}, err
		}
		if len(e.Violations) > 0 {
			e.Reasons = append(e.Reasons, reason(ErrInvalidOrder))
		}
	}
	t := m.transition(r, move, permission, nil, new(lent))
	failing := t.Guards.failing(o)
	e.Reasons = append(e.Reasons, m.reasons(o, failing)...)
	if t.shows(o) && (permission.Allowed || r.Actor.Role != RoleCustomer || o.Customer == r.Actor.ID) {
		masked := o.masked()
		e.Order = &masked
	}
	e.Allowed = len(e.Reasons) == 0
	return e, nil
}
