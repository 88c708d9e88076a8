package ordermanager

import "context"

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
