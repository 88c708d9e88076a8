package soak_test

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
)

// over are the states that nothing leaves, written out by hand: a judge who asked the life cycle would agree with every
// mistake in it.
var over = map[ordermanager.State]bool{"completed": true, "cancelled": true}

// judge lets everything that is owed be delivered without faults, then ends what is still open, and counts.
func (w *world) judge(ctx context.Context) error {
	manager, err := w.manager(0)
	if err != nil {
		return err
	}
	if err := w.drain(ctx, manager); err != nil {
		return err
	}
	// Now every workflow that still waits must have a reason to.
	for _, r := range w.workflows.runs {
		o, err := manager.Order(ctx, r.order)
		if err != nil {
			w.complain(&w.unaccounted, "%s: %v", r.order, err)
			continue
		}
		if r.wait == ordermanager.FirstWait && (o.Drink != nil || over[o.State]) ||
			r.wait == ordermanager.SecondWait && over[o.State] {
			w.complain(&w.lostResumes, "%s is %s, and its workflow still waits in wait %d", r.order, o.State, r.wait)
		}
	}
	for _, r := range w.workflows.runs {
		// An order that has ended refuses it, which is fine.
		_, _ = manager.Cancel(
			ctx, ordermanager.Request{OrderID: r.order, Actor: ordermanager.System("closing time"), Reason: "closing time"},
		)
	}
	if err := w.drain(ctx, manager); err != nil {
		return err
	}
	return w.audit(ctx, manager)
}

// drain delivers all messages and redrives until nothing is left.
func (w *world) drain(ctx context.Context, manager *ordermanager.Manager) error {
	for range 20 {
		for {
			m, found := w.workflows.take(func(int) int { return 0 })
			if !found {
				break
			}
			if err := deliver(ctx, manager, m); err != nil {
				w.complain(&w.undelivered, "%s of %s: %v", m.action, m.run.order, err)
			}
		}
		report, err := manager.Redrive(ctx, nil)
		if err != nil {
			return err
		}
		w.redriven += report.Delivered + report.Gone
		if report.Orders == 0 && len(w.workflows.post) == 0 {
			return nil
		}
	}
	w.complain(&w.owing, "redriving does not come to an end")
	return nil
}

// audit looks at everything when all is quiet.
func (w *world) audit(ctx context.Context, manager *ordermanager.Manager) error {
	w.orders, w.resumes = len(w.workflows.runs), w.workflows.resumed
	published, posted := map[string]bool{}, map[string]bool{}
	for _, event := range w.publisher.Events() {
		published[event.ID] = true
	}
	for _, event := range w.board.Events() {
		posted[event.ID] = true
	}
	w.events = len(published)
	requests, numbers := map[string]int{}, map[string]string{}
	final := map[string]*ordermanager.Order{}
	for _, r := range w.workflows.runs {
		o, err := manager.Order(ctx, r.order)
		if err != nil {
			w.complain(&w.unaccounted, "%s: %v", r.order, err)
			continue
		}
		final[r.order] = &o
		if o.Owes() || !over[o.State] || o.Customer != r.customer || o.Number != r.number && len(r.seconds) > 0 {
			w.complain(&w.owing, "%s is %s, its number %q, and it owes %v", o.ID, o.State, o.Number, o.Owes())
		}
		if other, taken := numbers[o.Number]; taken && o.Number != "" {
			w.complain(&w.doubleNumbers, "%s and %s have the number %s", o.ID, other, o.Number)
		}
		numbers[o.Number] = o.ID
		w.history(&o)
		newest := int64(0)
		for _, e := range o.History {
			requests[e.RequestID]++
			announced := slices.Contains([]ordermanager.Action{"make", "unmake", "complete", "cancel"}, e.Action)
			if e.Action == ordermanager.ActionWaitingCompletion { // of a token that lost, nobody hears
				at := w.workflows.times[e.RequestID]
				announced = !over[e.From] && at > newest
				newest = max(newest, at)
			}
			if id := o.ID + "/" + e.RequestID; announced && (!published[id] || !posted[id]) {
				w.complain(&w.lostEvents, "%s: %s was published: %t, and on the board: %t",
					o.ID, e.Action, published[id], posted[id])
			}
		}
		for _, token := range slices.Concat(r.firsts, r.seconds) {
			if w.workflows.tokens.Expire(token) {
				w.complain(&w.lostResumes, "%s has ended, and a token of its workflow was not answered", r.order)
			}
		}
	}
	for _, answered := range w.workflows.tokens.Answered() {
		r := w.workflows.of[answered.Token.Fingerprint()]
		second := slices.ContainsFunc(r.seconds, answered.Token.Equal)
		if o := final[r.order]; o != nil && !fits(answered.Outcome, o, second) {
			w.complain(
				&w.contradictions, "%s is %s, and its workflow was told %s%s", o.ID, o.State, answered.Outcome.Output,
				answered.Outcome.Error,
			)
		}
	}
	for id, a := range w.asked {
		switch written := requests[id]; {
		case a.accepted && written != 1:
			w.complain(&w.forgotten, "request %s on %s was accepted and is there %d times", id, a.order, written)
		case a.denied && !a.accepted && !a.unknown && written != 0:
			w.complain(&w.secretlyWritten, "request %s on %s was refused and is there", id, a.order)
		case written > 1:
			w.complain(&w.secretlyWritten, "request %s on %s is there %d times", id, a.order, written)
		}
	}
	if w.screen != nil {
		if err := w.screen.compare(ctx, final); err != nil {
			return err
		}
	}
	return w.listings(ctx, manager)
}

// history follows the path of an order, by rules that are written out here once more.
func (w *world) history(o *ordermanager.Order) {
	state, holder, drink := ordermanager.State(""), "", false
	for i, e := range o.History {
		legal := e.From == state
		switch e.Action {
		case ordermanager.ActionWorkflowStarted:
			legal = legal && (i > 0) == (state != "")
			if i == 0 {
				state = ordermanager.StatePending
			}
		case ordermanager.ActionWaitingCompletion:
		case ordermanager.ActionPut:
			legal = legal && state == ordermanager.StatePending && !drink
			drink = true
		case ordermanager.ActionMake:
			if holder != "" {
				w.complain(&w.doubleClaims, "%s: %s claimed what %s held", o.ID, e.Actor.ID, holder)
			}
			legal = legal && state == ordermanager.StatePending && drink
			state, holder = ordermanager.StateMaking, e.Actor.ID
		case ordermanager.ActionUnmake, ordermanager.ActionComplete:
			if holder != e.Actor.ID && e.Actor.Role != ordermanager.RoleAdmin {
				w.complain(&w.doubleClaims, "%s: %s by %s, held by %q", o.ID, e.Action, e.Actor.ID, holder)
			}
			legal = legal && state == ordermanager.StateMaking
			state = ordermanager.StateCompleted
			if e.Action == ordermanager.ActionUnmake {
				state, holder = ordermanager.StatePending, ""
			}
		case ordermanager.ActionCancel, ordermanager.ActionTimedOut:
			legal = legal && !over[state]
			state = ordermanager.StateCancelled
		default:
			legal = false
		}
		if !legal || e.To != state {
			w.complain(&w.illegalPaths, "%s: entry %d is %s from %s to %s", o.ID, i, e.Action, e.From, e.To)
		}
	}
	if state != o.State || drink != (o.Drink != nil) || o.Version != len(o.History) {
		w.complain(
			&w.illegalPaths, "%s is %s at version %d, its history says %s and %d", o.ID, o.State, o.Version, state,
			len(o.History),
		)
	}
}

// fits reports whether an answer to a workflow agrees with the order as it ended.
func fits(outcome ordermanager.Outcome, o *ordermanager.Order, second bool) bool {
	if outcome.Failure() {
		return !second && outcome.Error == ordermanager.CancelledError && o.State == ordermanager.StateCancelled &&
			o.Drink == nil
	}
	var output ordermanager.WorkflowOutput
	if json.Unmarshal(outcome.Output, &output) != nil || output.OrderID != o.ID {
		return false
	}
	if !second {
		return output.Action == ordermanager.ActionPut && o.Drink != nil
	}
	last := slices.IndexFunc(o.History, func(e ordermanager.Entry) bool { return over[e.To] })
	return last >= 0 && output.Action == o.History[last].Action && output.State == o.State &&
		output.Cancelled == (o.State == ordermanager.StateCancelled)
}

// listings counts that every order is listed exactly once among those that have ended.
func (w *world) listings(ctx context.Context, manager *ordermanager.Manager) error {
	listed := map[string]int{}
	for _, state := range ordermanager.States() {
		for o, err := range manager.Orders(ctx, ordermanager.Query{State: state, Venue: faulty.Venue}) {
			if err != nil {
				return err
			}
			listed[o.ID]++
		}
	}
	for _, r := range w.workflows.runs {
		if listed[r.order] != 1 {
			w.complain(&w.unaccounted, "%s is listed %d times", r.order, listed[r.order])
		}
	}
	if len(listed) != len(w.workflows.runs) {
		w.complain(&w.unaccounted, "%d orders are listed, %d were started", len(listed), len(w.workflows.runs))
	}
	return ctx.Err()
}

// add sums figures up.
func (f *figures) add(g *figures) {
	f.orders += g.orders
	f.actions += g.actions
	f.applied += g.applied
	f.refused += g.refused
	f.unknown += g.unknown
	f.faults += g.faults
	f.crashes += g.crashes
	f.resumes += g.resumes
	f.events += g.events
	f.redriven += g.redriven
}
