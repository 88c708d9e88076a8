package ordermanager

import (
	"context"
	"fmt"
	"time"

	"github.com/brewline/ordermanager/internal/texts"
)

// workflow is the actor of the notifications.
var workflow = System("workflow")

// WorkflowStarted creates the order, pending and without a drink, and registers the token of the first wait. If the
// order exists, only the token is registered: a duplicate changes nothing, an older one is kept as the spare one, a
// newer one replaces what is held, and a wait that is decided already is answered at once.
//
// Errors: [ErrInvalidRequest], [ErrContextDone], [ErrOrderExists], [ErrTooManyTransitions], [ErrStore]; of a workflow
// that takes part in the write (see [Joint]) and does not take the order also [ErrShopClosed], [ErrQueueFull],
// [ErrTooManyOrders].
func (m *Manager) WorkflowStarted(ctx context.Context, n WorkflowStarted) (Receipt, error) {
	return m.notified(ctx, ActionWorkflowStarted, n.OrderID, func(ctx context.Context) (Receipt, error) {
		if err := checkID("userId", n.Customer); err != nil {
			return Receipt{}, err
		}
		if err := CheckID("eventId", n.Venue); err != nil {
			return Receipt{}, err
		}
		t, err := m.registration(ActionWorkflowStarted, n.OrderID, FirstWait, n.Token, n.At)
		if err != nil {
			return Receipt{}, err
		}
		creation := t
		creation.Create = &NewOrder{Customer: n.Customer, Venue: n.Venue, Robot: n.Robot, State: m.table.initial}
		creation.Guards = Guards{}
		creation.Assign.Events = m.fanout.owed(m.table.began.Event, t.Entry.RequestID)
		creation.Owing = creation.Assign.Events != nil
		result, _, err := m.apply(ctx, &creation)
		switch {
		case err != nil:
			return Receipt{}, err
		case result.Applied:
			return m.finish(ctx, creation.Entry.Action, &creation, result.Order, result.Answered...), nil
		case result.Order.Customer != n.Customer || result.Order.Venue != n.Venue:
			return Receipt{}, fmt.Errorf("%w: %s", ErrOrderExists, n.OrderID)
		}
		return m.register(ctx, &t, result.Order)
	})
}

// WaitingCompletion records the order number and registers the token of the second wait. A duplicate changes nothing,
// an older token is kept as the spare one, a newer one replaces what is held, and on an order whose second wait is
// decided the wait is answered at once. The token of the first wait is refused.
//
// Errors: [ErrInvalidRequest], [ErrContextDone], [ErrOrderNotFound], which a delivery that overtook the start of the
// workflow gets and should repeat, [ErrNotOwner], [ErrTooManyTransitions], [ErrStore].
func (m *Manager) WaitingCompletion(ctx context.Context, n WaitingCompletion) (Receipt, error) {
	return m.notified(ctx, ActionWaitingCompletion, n.OrderID, func(ctx context.Context) (Receipt, error) {
		t, err := m.waiting(n)
		if err != nil {
			return Receipt{}, err
		}
		return m.register(ctx, &t, nil)
	})
}

// waiting is the transition of [Manager.WaitingCompletion], as long as the wait is undecided and the token the newest.
func (m *Manager) waiting(n WaitingCompletion) (Transition, error) {
	if err := CheckID("userId", n.Customer); err != nil {
		return Transition{}, err
	}
	if err := checkText("orderNumber", n.Number, MaxNumberBytes); err != nil {
		return Transition{}, err
	}
	t, err := m.registration(ActionWaitingCompletion, n.OrderID, SecondWait, n.Token, n.At)
	if err != nil {
		return Transition{}, err
	}
	t.Guards.Customer = n.Customer
	t.Guards.Undecided = SecondWait
	t.Assign.Number = n.Number
	t.Assign.AnswerFirst = true
	t.Owing = t.Assign.Events != nil
	return t, nil
}

// TimedOut ends the order as the life cycle's rules for [ActionTimedOut] say, with the cause as its reason. An order
// whose workflow has its answer already, or on record, is left as it is, and that is a success.
//
// Errors: [ErrInvalidRequest], [ErrContextDone], [ErrOrderNotFound], [ErrUnknownState], [ErrStore], and of a request id
// that comes with another cause [ErrRequestReused].
func (m *Manager) TimedOut(ctx context.Context, n TimedOut) (Receipt, error) {
	return m.notified(ctx, ActionTimedOut, n.OrderID, func(ctx context.Context) (Receipt, error) {
		if err := checkRequestID(n.RequestID); err != nil {
			return Receipt{}, err
		}
		if n.RequestID == "" {
			n.RequestID = newRequestID()
		}
		var receipt Receipt
		err := m.carryOut(ctx, &Request{
			Action: ActionTimedOut, OrderID: n.OrderID, Actor: workflow, RequestID: n.RequestID,
			Reason: texts.Line(n.Cause, MaxReasonBytes),
		}, &receipt)
		return receipt, err
	})
}

// notified is what all notifications have in common.
func (m *Manager) notified(
	ctx context.Context, action Action, orderID string, do func(context.Context) (Receipt, error),
) (Receipt, error) {
	ctx, end := m.begin(ctx, Operation{Name: "handle", Action: action, OrderID: orderID})
	receipt, err := Receipt{}, ready(ctx)
	if err == nil {
		err = checkID("orderId", orderID)
	}
	if err == nil {
		receipt, err = do(ctx)
	}
	end(Ending{Err: err})
	return receipt, err
}

// registration is the part that both registrations have in common. The token's fingerprint is the request id: whatever
// keeps a request from being applied twice keeps a used token from coming back.
func (m *Manager) registration(
	action Action, orderID string, wait Wait, token TaskToken, at time.Time,
) (Transition, error) {
	switch {
	case token.IsZero():
		return Transition{}, invalid("TaskToken", "is required")
	case len(token.Reveal()) > MaxTokenBytes:
		return Transition{}, invalid("TaskToken", fmt.Sprintf("is longer than %d bytes", MaxTokenBytes))
	}
	now := m.clock()
	switch {
	case at.IsZero():
		at = now
	case at.After(now.Add(maxSkew)):
		at = time.UnixMilli(0) // nobody knows when: any other token wins
	}
	t := Transition{
		OrderID: orderID,
		Guards:  Guards{HistoryBelow: MaxHistory},
		Assign:  Assignment{Register: &Registration{Wait: wait, Token: token, At: at.UTC().Truncate(time.Millisecond)}},
		Entry:   Entry{Action: action, Actor: workflow, RequestID: token.Fingerprint(), At: now},
	}
	if action == ActionWaitingCompletion {
		t.Assign.Events = m.fanout.owed(waitingCompletion.Event, t.Entry.RequestID)
	}
	return t, nil
}

// maxSkew is how far a notification's time may lie in the future. A clock that is further off must not win over every
// other.
const maxSkew = 5 * time.Minute

// register puts the token of t on an existing order: held while its wait is undecided, and answered at once when it is
// not. The first write guesses that it is undecided and that the token is the newest; the refusal of a wrong guess says
// so. The order is what is known of it already, or nil.
func (m *Manager) register(ctx context.Context, t *Transition, o *Order) (Receipt, error) {
	r, events, at := t.Assign.Register, t.Assign.Events, t.Assign.Register.At
	// A decision is never revoked and a slot's time never goes back, so each wrong guess is made once, and the loop ends.
	for {
		decided := o != nil && o.decided(r.Wait)
		t.Guards.Undecided, r.At = r.Wait, at
		if decided {
			t.Guards.Undecided = 0
		}
		if decided && r.Wait == FirstWait {
			// It was begun again, and a second wait of the same time must not take it for answered.
			r.At = at.Add(time.Millisecond)
		}
		if r.Spare {
			t.Assign.Number = ""
		}
		// An order whose workflow has its answer, and a token that lost, need no event.
		if t.Assign.Events = events; decided || r.Spare {
			t.Assign.Events = nil
		}
		t.Owing = decided || t.Assign.Events != nil
		result, failing, err := m.apply(ctx, t)
		if err != nil {
			return Receipt{}, err
		}
		if result.Applied {
			return m.finish(ctx, t.Entry.Action, t, result.Order, result.Answered...), nil
		}
		o = result.Order
		var entry Entry
		if o != nil {
			entry, _, _ = o.Entry(t.Entry.RequestID)
		}
		switch {
		case failing&guardMissing != 0:
			return Receipt{}, fmt.Errorf("%w: %s", ErrOrderNotFound, t.OrderID)
		case failing&guardCustomer != 0:
			return Receipt{}, m.refusal(t, o, failing)
		case failing&guardRepeated != 0 && entry.Action != t.Entry.Action:
			return Receipt{}, invalid("TaskToken",
				"is the one that was registered by "+string(entry.Action)+": each wait has a token of its own")
		case failing&guardRepeated != 0:
			return m.unchanged(ctx, t.Entry.Action, o), nil
		case failing&guardHistory != 0 && o.decided(r.Wait):
			return m.answerUnrecorded(ctx, t, o)
		case failing&guardHistory != 0:
			return Receipt{}, m.refusal(t, o, failing)
		case failing&guardSuperseded != 0 && !r.Spare:
			r.Spare = true
		case failing&guardFirstNewer != 0 && t.Assign.AnswerFirst:
			t.Assign.AnswerFirst = false
		case failing&guardDecided == 0 || decided:
			return Receipt{}, &StoreError{"apply", t.OrderID, ErrStoreContract} // or it would go on for ever
		}
	}
}

// answerUnrecorded answers a token that an order with a full history cannot keep, because its workflow would wait for
// ever otherwise. A failure here is an error, because there is no record to redrive from.
func (m *Manager) answerUnrecorded(ctx context.Context, t *Transition, o *Order) (Receipt, error) {
	r := t.Assign.Register
	answer, err := m.resume(ctx, o, r.Wait, r.Token)
	if err != nil {
		err = fmt.Errorf("its history is full, and the answer did not go out: %w", err)
		return Receipt{}, &StoreError{"apply", t.OrderID, err}
	}
	receipt := m.unchanged(ctx, t.Entry.Action, o)
	if receipt.Resume == ResumeNone {
		receipt.Resume = ResumeDelivered
		if answer == Gone {
			receipt.Resume, receipt.Gone = ResumeGone, GoneAnswered
		}
	}
	return receipt, nil
}
