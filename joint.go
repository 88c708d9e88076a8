package ordermanager

import "context"

// Joint lets a workflow that lives in the store's own database take part in a transition: the wait that it decides is
// answered, what was answered settled, and the wait that begins then registered, all in the one write. Either all of
// that is written or none, so no crash can come in between. A store without such a workflow ignores it, and the
// Manager does these steps one after another, as it does with whatever a store could not do jointly.
type Joint struct {
	// Workflow is the resumer of the Manager. It takes part only if it is in the store's database.
	Workflow Resumer
	// Outcome is what a wait is answered with, for the order as it is after the transition. After an error the answer
	// stays owed.
	Outcome func(o *Order, w Wait) (Outcome, error)
	// Waiting is the transition that registers the wait which an answer led to. If it is refused, or this fails, the
	// workflow notifies the Manager, as it does otherwise.
	Waiting func(n WaitingCompletion) (Transition, error)
}

// applied is finish for a transition that was written by this call.
func (m *Manager) applied(ctx context.Context, t *Transition, result *Result) Receipt {
	if len(result.Answered) > 0 {
		m.told(ctx, t, result)
	}
	return m.finish(ctx, t.Entry.Action, t, result.Order, result.Answered...)
}

// told tells the observer what was done with the write: which waits were answered, and which notification was spared.
func (m *Manager) told(ctx context.Context, t *Transition, result *Result) {
	o := result.Order
	for _, wait := range result.Answered {
		by := m.table.decided(o, wait)
		_, end := m.begin(ctx, Operation{Name: "resume", Action: by.Action, OrderID: o.ID, Traces: withTrace(nil, by.Trace)})
		end(Ending{})
	}
	if last := o.History[len(o.History)-1]; last.RequestID != t.Entry.RequestID {
		_, end := m.begin(ctx, Operation{Name: "handle", Action: last.Action, OrderID: o.ID})
		end(Ending{})
	}
}
