package ordermanager

import (
	"context"
	"fmt"

	"github.com/brewline/ordermanager/internal/texts"
)

// Abandon gives up what an order still owes: what can never be delivered need not be retried for ever. Only an admin
// may. The order's history keeps who did it and why; its state stays.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrWrongVenue],
// [ErrRequestReused], [ErrStore].
func (m *Manager) Abandon(ctx context.Context, r Request) (Receipt, error) {
	return m.notified(ctx, ActionAbandoned, r.OrderID, func(ctx context.Context) (Receipt, error) {
		if err := checkRepair(ActionAbandoned, &r); err != nil {
			return Receipt{}, err
		}
		t := m.repairing(&r)
		o, replayed, err := m.noteRepair(ctx, &t)
		if err != nil {
			return Receipt{}, err
		}
		s := m.settlement(o)
		s.Events = o.OwedEvents
		if o.decided(FirstWait) {
			s.First, s.FirstSpare = o.FirstWait.Token, o.FirstWait.Spare
		}
		if o.decided(SecondWait) {
			s.Second, s.SecondSpare = o.SecondWait.Token, o.SecondWait.Spare
		}
		if err := m.settle(ctx, s); err != nil {
			return Receipt{}, err
		}
		s.Apply(o)
		o.mask()
		return Receipt{Action: r.Action, Order: *o, Replayed: replayed, Resume: ResumeNone, Events: EventsNone}, nil
	})
}

// Resend delivers what an order owes now, even if an attempt just failed. Only an admin may: it is
// [Manager.RedriveOrder] for somebody who answers for it. The order's history keeps who did it and why; its state
// stays. Of an order that owes nothing the receipt is Unchanged, and nothing is written.
//
// Errors: [ErrInvalidRequest], [ErrForbidden], [ErrContextDone], [ErrOrderNotFound], [ErrWrongVenue],
// [ErrUnknownState], [ErrTooManyTransitions], [ErrRequestReused], [ErrStore].
func (m *Manager) Resend(ctx context.Context, r Request) (Receipt, error) {
	return m.notified(ctx, ActionResent, r.OrderID, func(ctx context.Context) (Receipt, error) {
		if err := checkRepair(ActionResent, &r); err != nil {
			return Receipt{}, err
		}
		o, err := m.existing(ctx, r.OrderID)
		if err != nil {
			return Receipt{}, err
		}
		if err := m.known(o); err != nil {
			return Receipt{}, err
		}
		t := m.repairing(&r)
		t.Guards.HistoryBelow = MaxHistory
		receipt := Receipt{Action: r.Action, Order: o.masked(), Unchanged: true, Resume: ResumeNone, Events: EventsNone}
		if !o.owes() && t.failing(o)&guardVenue == 0 {
			return receipt, nil
		}
		o, receipt.Replayed, err = m.noteRepair(ctx, &t)
		if err != nil {
			return Receipt{}, err
		}
		receipt.Unchanged = false
		if o.owes() {
			m.trouble.redriven(o.ID, m.deliver(ctx, nil, o, &receipt))
		}
		receipt.Order = o.masked()
		return receipt, nil
	})
}

// checkRepair refuses everybody but an admin who gives a reason.
func checkRepair(action Action, r *Request) error {
	r.Action, r.Reason = action, texts.Line(r.Reason, MaxReasonBytes)
	if err := r.validate(); err != nil {
		return err
	}
	switch {
	case r.Actor.Role != RoleAdmin:
		return forbidden(r)
	case r.Reason == "":
		return invalid("reason", "is required")
	case r.RequestID == "":
		r.RequestID = newRequestID()
	}
	return nil
}

// repairing returns the transition that records a repair.
func (m *Manager) repairing(r *Request) Transition {
	return Transition{
		OrderID: r.OrderID, Guards: Guards{Venues: r.Venues},
		Entry: Entry{Action: r.Action, Actor: r.Actor, RequestID: r.RequestID, At: m.clock(), Reason: r.Reason},
	}
}

// noteRepair records a repair, and returns the order with it. It is replayed if it was recorded before.
func (m *Manager) noteRepair(ctx context.Context, t *Transition) (o *Order, replayed bool, err error) {
	result, failing, err := m.apply(ctx, t)
	switch {
	case err != nil:
		return nil, false, err
	case result.Order == nil:
		return nil, false, fmt.Errorf("%w: %s", ErrOrderNotFound, t.OrderID)
	case !result.Applied && !t.appliedTo(result.Order):
		return nil, false, m.refusal(t, result.Order, failing)
	}
	return result.Order, !result.Applied, nil
}
