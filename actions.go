package ordermanager

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"
)

// Handle carries out the action that the request names; see the method of that name. An action that does not exist is
// [ErrUnknownAction].
func (m *Manager) Handle(ctx context.Context, r Request) (Receipt, error) {
	if r.Action == "" {
		r.Action = ActionPut
	}
	if !slices.Contains(actions[:], r.Action) {
		return Receipt{}, fmt.Errorf("%w: %q", ErrUnknownAction, clip(string(r.Action)))
	}
	ctx, end := m.observe(ctx, "handle", r.Action, r.OrderID)
	receipt, err := m.act(ctx, r)
	end(err)
	return receipt, err
}

var actions = [...]Action{ActionPut, ActionMake, ActionUnmake, ActionComplete, ActionCancel}

// Put accepts the customer's drink, and resumes the first wait. The drink is checked against the menu first: an
// invalid one is refused with all its violations, whatever the state of the order. An order accepts one drink.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrMenuUnavailable], [ErrInvalidOrder], [ErrOrderNotFound],
// [ErrNotOwner], [ErrWrongVenue], [ErrIllegalTransition], [ErrDrinkAccepted], [ErrRequestReused], [ErrStore].
func (m *Manager) Put(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionPut
	return m.Handle(ctx, r)
}

// Make claims the order for the barista. Of several who try, one wins; the others get [ErrClaimed] with the order that says who.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrIllegalTransition], [ErrClaimed],
// [ErrNotReady], [ErrTooManyTransitions], [ErrRequestReused], [ErrStore].
func (m *Manager) Make(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionMake
	return m.Handle(ctx, r)
}

// Unmake gives the barista's claim up.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrIllegalTransition], [ErrClaimed],
// [ErrRequestReused], [ErrStore].
func (m *Manager) Unmake(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionUnmake
	return m.Handle(ctx, r)
}

// Complete ends the order as made, and resumes the second wait. If the workflow has not reached it yet, it is answered when it
// does.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrIllegalTransition], [ErrClaimed],
// [ErrNotReady], [ErrRequestReused], [ErrStore].
func (m *Manager) Complete(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionComplete
	return m.Handle(ctx, r)
}

// Cancel ends the order without a drink, for the reason given, and resumes whichever wait is open: the first with the failure
// [CancelledError], the second with an output that says so. A wait that begins later is answered when it does.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrNotOwner], [ErrIllegalTransition],
// [ErrClaimed], [ErrRequestReused], [ErrStore].
func (m *Manager) Cancel(ctx context.Context, r Request) (Receipt, error) {
	r.Action = ActionCancel
	return m.Handle(ctx, r)
}

func (m *Manager) act(ctx context.Context, r Request) (Receipt, error) {
	if err := ready(ctx); err != nil {
		return Receipt{}, err
	}
	if err := r.validate(); err != nil {
		return Receipt{}, err
	}
	permission := m.policy(r.Action, r.Actor)
	if !permission.Allowed {
		return Receipt{}, fmt.Errorf("%w: %s by a %s", ErrForbidden, r.Action, r.Actor.Role)
	}
	var drink *Drink
	if r.Action == ActionPut {
		menu, err := m.findMenu(ctx, &r)
		if err != nil {
			return Receipt{}, err
		}
		var violations []Violation
		if drink, violations = menu.sanitize(r.Drink); len(violations) > 0 {
			return m.refusePut(ctx, &r, violations)
		}
	}
	if r.RequestID == "" {
		r.RequestID = rand.Text()
	}
	t := m.transition(&r, permission, drink)
	result, err := m.apply(ctx, &t)
	switch {
	case err != nil:
		return Receipt{}, err
	case result.Applied:
		return m.finish(ctx, &t, result.Order, decidedBy(r.Action, result.Order)), nil
	}
	return m.refused(ctx, &t, result.Order)
}

// ready refuses a context that is done, while it is still certain that nothing was written.
func ready(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrContextDone, context.Cause(ctx))
	}
	return nil
}

// clock returns the time as every store can keep it.
func (m *Manager) clock() time.Time { return m.now().UTC().Truncate(time.Millisecond) }

// transition turns a request into data. The states come from the life-cycle table, the rest of the guards from the policy
// and from what the action means.
func (m *Manager) transition(r *Request, permission Permission, drink *Drink) Transition {
	legal := m.table.moves[r.Action]
	t := Transition{
		OrderID: r.OrderID,
		Guards:  Guards{States: legal.from},
		Assign:  Assignment{State: legal.to, Event: m.owesEvent(r.Action)},
		Entry:   Entry{Action: r.Action, To: legal.to, Actor: r.Actor, RequestID: r.RequestID, At: m.clock(), Reason: r.Reason},
	}
	if permission.OwnOrder {
		t.Guards.Customer = r.Actor.ID
	}
	if permission.RespectClaim {
		t.Guards.FreeFor = r.Actor.ID
	}
	switch r.Action {
	case ActionPut:
		venue := r.Venue
		t.Guards.NoDrink, t.Guards.Venue = true, &venue
		t.Assign.Drink = drink
	case ActionMake:
		t.Guards.HasDrink, t.Guards.HistoryBelow = true, MaxClaimHistory
		barista := r.Actor.ID
		t.Assign.Barista = &barista
	case ActionUnmake:
		t.Assign.Barista = new(string)
	case ActionComplete:
		t.Guards.HasDrink = true
		if permission.RespectClaim {
			barista := r.Actor.ID
			t.Assign.Barista = &barista
		}
	case ActionCancel:
		t.Assign.Reason = r.Reason
	}
	t.Owing = t.Assign.Event || r.Action == ActionPut || t.Assign.State.Terminal()
	return t
}

func (m *Manager) owesEvent(action Action) bool {
	return m.publisher != nil && eventTypes[action] != ""
}

// refused explains why the order, nil if it does not exist, did not take the transition: as a success when it has taken it before,
// and as an error otherwise.
func (m *Manager) refused(ctx context.Context, t *Transition, o *Order) (Receipt, error) {
	failing := t.failing(o)
	switch {
	case failing&guardMissing != 0:
		return Receipt{}, fmt.Errorf("%w: %s", ErrOrderNotFound, t.OrderID)
	case failing&guardRepeated != 0 && t.appliedTo(o):
		receipt := m.finish(ctx, t, o, nil)
		receipt.Replayed = true
		return receipt, nil
	}
	return Receipt{}, m.refusal(t, o, reasons(failing))
}

// appliedTo reports whether the order's entry with this request id was made by this very request.
func (t *Transition) appliedTo(o *Order) bool {
	entry, _, _ := o.Entry(t.Entry.RequestID)
	same := entry.Action == t.Entry.Action && entry.Actor == t.Entry.Actor && entry.Reason == t.Entry.Reason
	if drink := t.Assign.Drink; same && drink != nil {
		return o.Drink != nil && o.Drink.Name == drink.Name && slices.Equal(o.Drink.Modifiers, drink.Modifiers)
	}
	return same
}

// reasons turns guards that did not hold into reasons, the most telling one first. Somebody else's order says nothing more.
func reasons(failing guard) []Reason {
	if failing&guardCustomer != 0 {
		return []Reason{reason(ErrNotOwner)}
	}
	var all []Reason
	for _, row := range [...]struct {
		guard guard
		err   error
	}{
		{guardRepeated, ErrRequestReused},
		{guardVenue, ErrWrongVenue},
		{guardClaim, ErrClaimed},
		{guardState, ErrIllegalTransition},
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

func (m *Manager) refusal(t *Transition, o *Order, reasons []Reason) *TransitionError {
	e := &TransitionError{Action: t.Entry.Action, OrderID: t.OrderID, Reasons: reasons}
	if t.Guards.Customer == "" || t.Guards.Customer == o.Customer {
		masked := o.masked()
		e.Order, e.State, e.Allowed = &masked, o.State, m.allowed(o, t.Entry.Actor)
	}
	return e
}

// allowed lists the actions that the actor could do to the order now. It asks the guards of a transition, as everything does.
func (m *Manager) allowed(o *Order, actor Actor) []Action {
	return slices.DeleteFunc(slices.Clone(m.table.allowed[o.State]), func(action Action) bool {
		permission := m.policy(action, actor)
		t := m.transition(&Request{Action: action, OrderID: o.ID, Actor: actor, Venue: o.Venue}, permission, nil)
		return !permission.Allowed || !t.Permits(o)
	})
}

// refusePut answers a put whose drink the menu refuses. One that was accepted before the menu changed is repeated like any other; if
// that cannot be found out, its outcome is unknown.
func (m *Manager) refusePut(ctx context.Context, r *Request, violations []Violation) (Receipt, error) {
	refusal := &MenuError{OrderID: r.OrderID, Violations: violations}
	o, err := m.get(ctx, r.OrderID)
	switch {
	case err != nil && r.RequestID != "":
		return Receipt{}, err
	case err != nil, o == nil, o.Customer != r.Actor.ID:
		return Receipt{}, refusal
	}
	if entry, _, found := o.Entry(r.RequestID); found && entry.Action == ActionPut && entry.Actor == r.Actor && o.Drink.matches(r.Drink) {
		receipt := m.finish(ctx, &Transition{OrderID: r.OrderID, Entry: entry}, o, nil)
		receipt.Replayed = true
		return receipt, nil
	}
	masked := o.masked()
	refusal.Order, refusal.Allowed = &masked, m.allowed(o, r.Actor)
	return Receipt{}, refusal
}

// matches reports whether this is what the order asked for.
func (d *Drink) matches(order DrinkOrder) bool {
	if d == nil || d.Name != order.Drink || len(d.Modifiers) != len(order.Modifiers) {
		return false
	}
	return !slices.ContainsFunc(order.Modifiers, func(modifier string) bool { return !slices.Contains(d.Modifiers, modifier) })
}

// Explanation says whether an action would be accepted now.
type Explanation struct {
	// Allowed is true when nothing stands against it.
	Allowed bool
	// Reasons is everything that stands against it.
	Reasons []Reason
	// Violations is what the menu objects to.
	Violations []Violation
	// Order is the order as it is; nil for somebody who may not see it.
	Order *Order
}

// Explain says whether the request would be accepted now, and every reason why not. Nothing is written. The menu is asked only if a put
// names a drink. Another caller may act in between: an action that was explained as allowed can still be refused.
//
// Errors: [ErrInvalidRequest], [ErrUnknownAction], [ErrContextDone], [ErrMenuUnavailable], [ErrOrderNotFound], [ErrStore].
func (m *Manager) Explain(ctx context.Context, r Request) (Explanation, error) {
	if r.Action == "" {
		r.Action = ActionPut
	}
	if !slices.Contains(actions[:], r.Action) {
		return Explanation{}, fmt.Errorf("%w: %q", ErrUnknownAction, clip(string(r.Action)))
	}
	if err := ready(ctx); err != nil {
		return Explanation{}, err
	}
	if err := r.validate(); err != nil {
		return Explanation{}, err
	}
	var e Explanation
	permission := m.policy(r.Action, r.Actor)
	if !permission.Allowed {
		e.Reasons = append(e.Reasons, reason(ErrForbidden))
	}
	if r.Action == ActionPut && !r.Drink.IsZero() {
		menu, err := m.findMenu(ctx, &r)
		if err != nil {
			return Explanation{}, err
		}
		if _, e.Violations = menu.sanitize(r.Drink); len(e.Violations) > 0 {
			e.Reasons = append(e.Reasons, reason(ErrInvalidOrder))
		}
	}
	o, err := m.get(ctx, r.OrderID)
	if err != nil {
		return Explanation{}, err
	}
	if o == nil {
		return Explanation{}, fmt.Errorf("%w: %s", ErrOrderNotFound, r.OrderID)
	}
	t := m.transition(&r, permission, nil)
	failing := t.failing(o) &^ guardRepeated
	e.Reasons = append(e.Reasons, reasons(failing)...)
	if failing&guardCustomer == 0 && (permission.Allowed || r.Actor.Role != RoleCustomer || o.Customer == r.Actor.ID) {
		masked := o.masked()
		e.Order = &masked
	}
	e.Allowed = len(e.Reasons) == 0
	return e, nil
}
