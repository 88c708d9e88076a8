package ordermanager

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// workflow is the actor of the notifications.
var workflow = System("workflow")

// WorkflowStarted says that a workflow began and waits for a drink.
type WorkflowStarted struct {
	// OrderID and Customer are required; the venue where there is more than one.
	OrderID, Customer, Venue string
	// Robot marks an order that a program placed.
	Robot bool
	// Token resumes the first wait. Required.
	Token TaskToken
	// At is the time of the notification itself, not of its delivery; zero means now. Of two tokens for one wait the later is kept,
	// and of two of the same time the one that arrives last: pass on the time of the event, as finely as it is known, or a delivery
	// that was overtaken can put a dead token in the place of a live one.
	At time.Time
}

// WaitingCompletion says that the workflow has taken an order number and waits for completion.
type WaitingCompletion struct {
	// OrderID is required. Customer, if given, must be the order's.
	OrderID, Customer string
	// Number is the order number.
	Number string
	// Token resumes the second wait. Required.
	Token TaskToken
	// At is as in [WorkflowStarted].
	At time.Time
}

// TimedOut says that the workflow stopped waiting.
type TimedOut struct {
	// OrderID is required.
	OrderID string
	// Cause becomes the reason of the cancellation, at most [MaxReasonBytes].
	Cause string
	// RequestID identifies the notification; it may be empty.
	RequestID string
}

// WorkflowStarted creates the order, pending and without a drink, and registers the token of the first wait. If the order exists, only
// the token is registered: a duplicate changes nothing, an older one is ignored, a newer one replaces what is held, and a wait
// that is decided already is answered at once.
//
// Errors: [ErrInvalidRequest], [ErrContextDone], [ErrOrderExists], [ErrTooManyTransitions], [ErrStore].
func (m *Manager) WorkflowStarted(ctx context.Context, n WorkflowStarted) (Receipt, error) {
	return m.notified(ctx, ActionWorkflowStarted, n.OrderID, func(ctx context.Context) (Receipt, error) {
		if err := checkID("userId", n.Customer); err != nil {
			return Receipt{}, err
		}
		if err := checkText("eventId", n.Venue, MaxIDBytes); err != nil {
			return Receipt{}, err
		}
		t, err := m.registration(ActionWorkflowStarted, n.OrderID, FirstWait, n.Token, n.At)
		if err != nil {
			return Receipt{}, err
		}
		creation := t
		creation.Create, creation.Guards = &NewOrder{Customer: n.Customer, Venue: n.Venue, Robot: n.Robot}, Guards{}
		result, err := m.apply(ctx, &creation)
		switch {
		case err != nil:
			return Receipt{}, err
		case result.Applied:
			return m.finish(ctx, &creation, result.Order, nil), nil
		case result.Order.Customer != n.Customer || result.Order.Venue != n.Venue:
			return Receipt{}, fmt.Errorf("%w: %s", ErrOrderExists, n.OrderID)
		}
		return m.register(ctx, &t, result.Order)
	})
}

// WaitingCompletion records the order number and registers the token of the second wait. A duplicate changes nothing, an older
// token is ignored, a newer one replaces what is held, and on an order that has ended the wait is answered at once.
//
// Errors: [ErrInvalidRequest], [ErrContextDone], [ErrOrderNotFound], which a delivery that overtook the start of the workflow
// gets and should repeat, [ErrNotOwner], [ErrTooManyTransitions], [ErrStore].
func (m *Manager) WaitingCompletion(ctx context.Context, n WaitingCompletion) (Receipt, error) {
	return m.notified(ctx, ActionWaitingCompletion, n.OrderID, func(ctx context.Context) (Receipt, error) {
		if err := checkText("userId", n.Customer, MaxIDBytes); err != nil {
			return Receipt{}, err
		}
		if err := checkText("orderNumber", n.Number, MaxNumberBytes); err != nil {
			return Receipt{}, err
		}
		t, err := m.registration(ActionWaitingCompletion, n.OrderID, SecondWait, n.Token, n.At)
		if err != nil {
			return Receipt{}, err
		}
		t.Guards.Customer = n.Customer
		t.Assign.Number = n.Number
		t.Assign.AnswerFirst = true
		return m.register(ctx, &t, nil)
	})
}

// TimedOut ends the order, with the cause as its reason. An order that has ended already is left as it is, and that is a success.
//
// Errors: [ErrInvalidRequest], [ErrContextDone], [ErrOrderNotFound], [ErrStore].
func (m *Manager) TimedOut(ctx context.Context, n TimedOut) (Receipt, error) {
	return m.notified(ctx, ActionTimedOut, n.OrderID, func(ctx context.Context) (Receipt, error) {
		if err := checkText("cause", n.Cause, MaxReasonBytes); err != nil {
			return Receipt{}, err
		}
		if err := checkRequestID(n.RequestID); err != nil {
			return Receipt{}, err
		}
		if n.RequestID == "" {
			n.RequestID = rand.Text()
		}
		legal := m.table.moves[ActionTimedOut]
		t := Transition{
			OrderID: n.OrderID,
			Guards:  Guards{States: legal.from},
			Assign:  Assignment{State: legal.to, Reason: n.Cause},
			Entry:   Entry{Action: ActionTimedOut, To: legal.to, Actor: workflow, RequestID: n.RequestID, At: m.clock(), Reason: n.Cause},
			Owing:   true,
		}
		result, err := m.apply(ctx, &t)
		switch {
		case err != nil:
			return Receipt{}, err
		case result.Applied:
			return m.finish(ctx, &t, result.Order, decidedBy(ActionTimedOut, result.Order)), nil
		case t.failing(result.Order) == guardState:
			return m.unchanged(ctx, &t, result.Order), nil
		}
		return m.refused(ctx, &t, result.Order)
	})
}

// notified is what all notifications have in common.
func (m *Manager) notified(ctx context.Context, action Action, orderID string, do func(context.Context) (Receipt, error)) (Receipt, error) {
	ctx, end := m.observe(ctx, "handle", action, orderID)
	receipt, err := Receipt{}, ready(ctx)
	if err == nil {
		err = checkID("orderId", orderID)
	}
	if err == nil {
		receipt, err = do(ctx)
	}
	end(err)
	return receipt, err
}

// registration is the part that both registrations have in common. The token's fingerprint is the request id: whatever
// keeps a request from being applied twice keeps a used token from coming back.
func (m *Manager) registration(action Action, orderID string, wait Wait, token TaskToken, at time.Time) (Transition, error) {
	switch {
	case token.IsZero():
		return Transition{}, invalid("TaskToken", "is required")
	case len(token.Reveal()) > MaxTokenBytes:
		return Transition{}, invalid("TaskToken", fmt.Sprintf("is longer than %d bytes", MaxTokenBytes))
	}
	now := m.clock()
	if at.IsZero() {
		at = now
	}
	event := m.owesEvent(action)
	return Transition{
		OrderID: orderID,
		Guards:  Guards{HistoryBelow: MaxHistory},
		Assign:  Assignment{Register: &Registration{Wait: wait, Token: token, At: at.UTC().Truncate(time.Millisecond)}, Event: event},
		Entry:   Entry{Action: action, Actor: workflow, RequestID: token.Fingerprint(), At: now},
		Owing:   event,
	}, nil
}

// register puts the token of t on an existing order: held while its wait is undecided, and answered at once when it is not. The
// first write guesses that it is undecided; the refusal of a wrong guess says so, and a decision is never taken back.
// The order is what is known of it already, or nil.
func (m *Manager) register(ctx context.Context, t *Transition, o *Order) (Receipt, error) {
	wait := t.Assign.Register.Wait
	event := t.Assign.Event
	// Each refusal that is not final makes the next attempt's guards weaker, so this ends.
	for {
		decided := o != nil && o.decided(wait)
		if decided {
			t.Guards.States, t.Guards.NoDrink = nil, false
		} else {
			t.Guards.States, t.Guards.NoDrink = open, wait == FirstWait
		}
		// Nobody waits for news of an order that has ended.
		t.Assign.Event = event && !decided
		t.Owing = decided || t.Assign.Event
		result, err := m.apply(ctx, t)
		if err != nil {
			return Receipt{}, err
		}
		if result.Applied {
			var fresh []Wait
			if decided {
				fresh = []Wait{wait}
			}
			return m.finish(ctx, t, result.Order, fresh), nil
		}
		o = result.Order
		failing := t.failing(o)
		switch {
		case failing&(guardMissing|guardCustomer|guardHistory) != 0:
			return m.refused(ctx, t, o)
		case failing&(guardRepeated|guardSuperseded) != 0:
			return m.unchanged(ctx, t, o), nil
		case failing&guardFirstNewer != 0:
			t.Assign.AnswerFirst = false
		case decided || !o.decided(wait):
			return Receipt{}, &StoreError{"apply", t.OrderID, ErrStoreContract} // or it would go on for ever
		}
	}
}

// open are the states in which the second wait is undecided.
var open = []State{StatePending, StateMaking}

// unchanged answers a notification that brought nothing new. What the order owes is delivered all the same: the repetition
// may be there because the first delivery failed.
func (m *Manager) unchanged(ctx context.Context, t *Transition, o *Order) Receipt {
	receipt := m.finish(ctx, t, o, nil)
	receipt.Unchanged = true
	return receipt
}
