package explore

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// checkWrite checks a record after an applied transition.
func checkWrite(before, after *ordermanager.Order) *Violation {
	if before == nil {
		return nil
	}
	n := len(before.History)
	switch {
	case len(after.History) != n+1 || !slices.Equal(before.History, after.History[:n]):
		return violated(OncePerRequest, "a transition changed the history before it")
	case before.Drink != nil && after.Drink.Name != before.Drink.Name:
		return violated(OneWinner, "the accepted drink was replaced")
	}
	for _, key := range after.OwedEvents {
		if _, id := owing(key); id != after.History[n].RequestID && !slices.Contains(before.OwedEvents, key) {
			return violated(NothingLost, "the %s was settled and is owed again", eventOf(key))
		}
	}
	return nil
}

// checkAsked checks what a transition tells the store besides the changes to the order.
func (e *explorer) checkAsked(t *ordermanager.Transition, after *ordermanager.Order) *Violation {
	moves := t.Assign.State != ""
	if ends := moves && e.sc.law.final(after.State); t.Assign.Ends != ends {
		return violated(NothingLost, "%s says that the order ends: %t; it is %s", t.Entry.Action, t.Assign.Ends, after.State)
	}
	return nil
}

// checkWorld checks what must hold at every moment, whatever the callers are doing.
func (e *explorer) checkWorld(s *state) *Violation {
	o := e.orders.get(s.order)
	if o == nil {
		return nil
	}
	for _, w := range waits {
		for _, t := range kept(o, w) {
			if s.left.has(t) {
				return violated(TokenConservation, "%s is back in its slot", tokens[t].name)
			}
		}
	}
	if t := s.workflow.live; t != noToken && has(o, tokens[t].id) && !slices.Contains(kept(o, tokens[t].wait), t) {
		return violated(
			TokenConservation, "the workflow waits on %s, which was registered and is not kept any more", tokens[t].name,
		)
	}
	if o.Owes() && !s.listed {
		return violated(NothingLost, "the order owes something and is not listed as owing")
	}
	for i, due := range e.orders.life(o).announced {
		for _, publisher := range e.sc.publishers() {
			key := owed(publisher, o.History[i].RequestID)
			if due.kind != "" && !slices.Contains(o.OwedEvents, key) && !e.published(s, key) {
				return violated(NothingLost, "the %s was not published and is not owed", eventOf(key))
			}
		}
	}
	return nil
}

// checkResume checks an answer when it reaches the workflow.
func (e *explorer) checkResume(s *state, o *op) *Violation {
	order := e.orders.get(s.order)
	switch {
	case o.token == noToken:
		return violated(TokenConservation, "a token was answered that the workflow never handed out")
	case order == nil || !e.orders.life(order).decided(tokens[o.token].wait):
		return violated(StateBeforeAnswer, "%s is answered before the decision is on record", tokens[o.token].name)
	case !has(order, tokens[o.token].id):
		return violated(StateBeforeAnswer, "%s is answered before it is on record", tokens[o.token].name)
	}
	if consistent(o, order, e.orders.life(order)) {
		return nil
	}
	return violated(TokenConservation, "the answer to %s contradicts the order, which is %s: %s",
		tokens[o.token].name, order.State,
		outcomeText(o.outcome))
}

// consistent reports whether an answer agrees with the order.
func consistent(o *op, order *ordermanager.Order, lf *life) bool {
	w := tokens[o.token].wait
	wait := lf.waits[w]
	if o.outcome.Failure() {
		return w == ordermanager.FirstWait && wait.decision == ordermanager.Cancelled &&
			o.outcome.Error == ordermanager.CancelledError
	}
	var output ordermanager.WorkflowOutput
	if json.Unmarshal(o.outcome.Output, &output) != nil || output.OrderID != orderID || output.Action != wait.by.Action {
		return false
	}
	// The order may have changed since the answer was built, but must have been in that state after the decision.
	since := slices.IndexFunc(order.History, func(e ordermanager.Entry) bool { return e.RequestID == wait.by.RequestID })
	was := slices.ContainsFunc(order.History[since:], func(e ordermanager.Entry) bool { return e.To == output.State })
	cancelled := lf.waits[ordermanager.SecondWait].decision == ordermanager.Cancelled
	if w == ordermanager.FirstWait {
		return was && wait.decision == ordermanager.Done && (cancelled || !output.Cancelled)
	}
	return was && output.Cancelled == cancelled
}

// checkPublish checks events when they are published.
func (e *explorer) checkPublish(s *state, ref nodeRef) *Violation {
	order, o := e.orders.get(s.order), e.tree.node(ref).next
	seen := e.heard(ref).order
	last := 0
	for _, event := range o.events {
		id := strings.TrimPrefix(event.ID, orderID+"/")
		if order == nil || !has(order, id) {
			return violated(StateBeforeAnswer, "the event of %s is published before it is on record", nameOf(id))
		}
		i := slices.IndexFunc(order.History, func(e ordermanager.Entry) bool { return e.RequestID == id })
		entry, version, due := order.History[i], i+1, e.orders.life(order).announced[i]
		if event.Version != version || event.State != entry.To || event.Barista != due.barista || event.OrderID != orderID ||
			event.Type != due.kind || event.Type == "" {
			return violated(NothingLost, "the event of %s does not say what happened: %+v", nameOf(id), event)
		}
		if event.Version < last {
			return violated(NothingLost, "events are published out of order: version %d after %d", event.Version, last)
		}
		last = event.Version
		if key := owed(o.publisher, id); seen == nil || !slices.Contains(seen.OwedEvents, key) {
			return violated(NothingLost, "the %s is published, and was not owed", eventOf(key))
		}
		if strings.Contains(fmt.Sprintf("%+v", event), secret) {
			return violated(NoLeak, "the event of %s has a token", nameOf(id))
		}
	}
	return nil
}

// checkReturn checks the result of a call against the answers that it got and against the world as it is. The world may
// have moved on, but never back: entries stay in the history, and a dead token stays dead.
func (e *explorer) checkReturn(s *state, ref nodeRef) *Violation {
	n, h := e.tree.node(ref), e.heard(ref)
	if v := h.checkSettled(n); v != nil {
		return v
	}
	if n.call.id == "" {
		if n.err != nil && (!errors.Is(n.err, ordermanager.ErrStore) || !h.failed) {
			return violated(ClearRefusal, "a redrive fails without a reason: %v", n.err)
		}
		return nil
	}
	if n.err != nil {
		return e.checkError(s, n, h)
	}
	return first(
		func() *Violation { return e.checkSuccess(s, n, h) },
		func() *Violation { return e.checkReceipt(s, n, h) },
	)
}

// heard is what a call has learned.
type heard struct {
	applied, failed, menu bool
	// delivered: it resumed, published or settled something.
	delivered bool
	accepted  bool
	// answered: its write answered a wait.
	answered bool
	// order is the record that it saw last, and refusing the record that refused its last write.
	order, refusing *ordermanager.Order
	// taken are the events that publishers accepted, and settled those that the call settled.
	taken, settled []string
}

// heard returns what a call has learned so far.
func (e *explorer) heard(ref nodeRef) *heard {
	answers, steps := e.tree.answers(ref)
	h := &heard{}
	for i, a := range answers {
		h.add(e, a, steps[i])
	}
	return h
}

// checkSettled checks that the events that a publisher accepted are settled, whatever happened to those of another.
func (h *heard) checkSettled(n *node) *Violation {
	for _, key := range h.taken {
		if !slices.Contains(h.settled, key) {
			return violated(NothingLost, "%s returns, and the %s, which was accepted, is not settled", n.call.name, eventOf(key))
		}
	}
	return nil
}

func (h *heard) add(e *explorer, a answer, step *op) {
	switch a.kind {
	case answerApplied:
		h.applied, h.order, h.refusing = true, e.orders.get(a.order), nil
		h.answered = a.answered != 0
		h.accepted = h.accepted || h.answered
	case answerRefused:
		h.order, h.refusing = e.orders.get(a.order), e.orders.get(a.order)
	case answerRead:
		h.order = e.orders.get(a.order)
	case answerError:
		h.failed = true
	case answerAccepted:
		h.accepted = true
	case answerOtherMenu:
		h.menu = true
	}
	switch step.kind {
	case opResume, opPublish, opSettle:
		h.delivered = true
	}
	for i, event := range step.events {
		if a.kind == answerDone || a.kind == answerNamed && i == 0 {
			h.taken = append(h.taken, owed(step.publisher, strings.TrimPrefix(event.ID, orderID+"/")))
		}
	}
	h.settled = append(h.settled, step.settlement.Events...)
}

// entry returns the history entry that the call may have made: under its own request id, or its actor's form of it.
func (c *call) entry(o *ordermanager.Order) (entry ordermanager.Entry, found bool) {
	for _, e := range o.History {
		if e.RequestID == c.id && e.Actor == c.actor || c.scoped != "" && e.RequestID == c.scoped {
			return e, true
		}
	}
	return entry, false
}

// same reports whether the entry is what the call asked for.
func (c *call) same(entry ordermanager.Entry, o *ordermanager.Order) bool {
	return entry.Action == c.action && entry.Actor == c.actor && (c.drink == "" ||
		o.Drink != nil && o.Drink.Name == c.drink)
}

func (e *explorer) checkError(s *state, n *node, h *heard) *Violation {
	switch {
	case errors.Is(n.err, ordermanager.ErrStoreContract):
		return violated(ClearRefusal, "%s: nothing explains the refusal: %v", n.call.name, n.err)
	case errors.Is(n.err, ordermanager.ErrStore), errors.Is(n.err, ordermanager.ErrMenuUnavailable):
		if !h.failed {
			return violated(ClearRefusal, "%s fails without a reason: %v", n.call.name, n.err)
		}
		return nil
	case ordermanager.CodeOf(n.err) == ordermanager.CodeInternal:
		return violated(ClearRefusal, "%s fails with an error without a code: %v", n.call.name, n.err)
	case h.applied:
		return violated(ClearRefusal, "%s was applied and says %v", n.call.name, n.err)
	case h.delivered:
		return violated(ClearRefusal, "%s is refused with %v and has delivered something", n.call.name, n.err)
	}
	// A call that saw the order goes by what it saw; for one that saw none, the order as it is now counts.
	o := h.order
	if o == nil {
		o = e.orders.get(s.order)
	}
	if o != nil {
		if entry, found := n.call.entry(o); found && n.call.same(entry, o) {
			return violated(OncePerRequest, "%s is on record, and its repetition is refused: %v", n.call.name, n.err)
		}
	}
	if errors.Is(n.err, ordermanager.ErrForbidden) && !e.forbidden(n.call) {
		return violated(ClearRefusal, "%s is forbidden: %v", n.call.name, n.err)
	}
	refusal, ok := errors.AsType[*ordermanager.TransitionError](n.err)
	if !ok {
		return nil
	}
	if o = h.refusing; o == nil || refusal.Order != nil && (refusal.Order.Version != o.Version ||
		refusal.Order.State != o.State || refusal.State != o.State) {
		return violated(OneWinner, "%s lost and does not learn the current order: %v", n.call.name, n.err)
	}
	for _, reason := range refusal.Reasons {
		if !e.justified(n.call, reason.Err, o) {
			return violated(ClearRefusal, "%s is refused for a reason that is not one: %v", n.call.name, reason.Err)
		}
	}
	if refusal.Order == nil {
		return nil
	}
	if allowed := e.sc.allowed(e.orders.life(o), o, n.call.actor); !slices.Equal(refusal.Allowed, allowed) {
		return violated(
			ClearRefusal, "%s is told that %v are allowed now, which are %v", n.call.name, refusal.Allowed, allowed,
		)
	}
	return nil
}

// forbidden reports whether the action has a rule that does not permit the caller.
func (e *explorer) forbidden(c *call) bool {
	return slices.ContainsFunc(
		e.sc.law.rules, func(r ordermanager.Rule) bool { return r.Action == c.action && !permits(&r, c.actor.Role) },
	)
}

// justified reports whether a reason for a refusal is true of the refusing order.
func (e *explorer) justified(c *call, reason error, o *ordermanager.Order) bool {
	lf := e.orders.life(o)
	_, legal := e.sc.law.rule(c.action, lf.state)
	switch {
	case errors.Is(reason, ordermanager.ErrUnknownState):
		return false
	case errors.Is(reason, ordermanager.ErrDrinkAccepted):
		// This also is an ErrIllegalTransition.
		return lf.drink
	case errors.Is(reason, ordermanager.ErrIllegalTransition):
		return !legal
	case errors.Is(reason, ordermanager.ErrNotReady):
		return !lf.drink
	case errors.Is(reason, ordermanager.ErrClaimed):
		return lf.holder != "" && lf.holder != c.actor.ID && c.actor.Role == ordermanager.RoleBarista &&
			!e.sc.law.final(lf.state)
	case errors.Is(reason, ordermanager.ErrNotOwner):
		return c.actor.Role == ordermanager.RoleCustomer && c.actor.ID != o.Customer
	case errors.Is(reason, ordermanager.ErrRequestReused):
		entry, found := c.entry(o)
		return found && !c.same(entry, o)
	default:
		return false
	}
}

func (e *explorer) checkSuccess(s *state, n *node, h *heard) *Violation {
	o := e.orders.get(s.order)
	if o == nil {
		return violated(OncePerRequest, "%s succeeded on an order that does not exist", n.call.name)
	}
	entry, found := n.call.entry(o)
	switch {
	case tokenWithID(n.call.id) != noToken:
		if !found {
			return violated(TokenConservation, "%s was taken and is not on record", n.call.name)
		}
		return nil
	case n.call.action == ordermanager.ActionTimedOut:
		if !e.orders.life(o).decided(ordermanager.SecondWait) {
			return violated(NothingLost, "the time-out was taken and the order is %s", o.State)
		}
		return nil
	case !found && n.receipt.Replayed && !h.applied && e.claimed(n.call, h.order):
		return nil // they already have it
	}
	switch {
	case !found || !n.call.same(entry, o):
		return violated(OncePerRequest, "%s succeeded and is not on record", n.call.name)
	case !has(&n.receipt.Order, entry.RequestID):
		return violated(OncePerRequest, "the receipt of %s shows an order without it", n.call.name)
	case n.receipt.Replayed == h.applied:
		return violated(
			OncePerRequest, "%s: applied by this call: %t, replayed: %t", n.call.name, h.applied, n.receipt.Replayed,
		)
	}
	return nil
}

// claimed reports whether a call asks for a claim that its actor holds.
func (e *explorer) claimed(c *call, o *ordermanager.Order) bool {
	lf := e.orders.life(o)
	return lf.holder == c.actor.ID && !e.sc.law.final(lf.state) &&
		slices.ContainsFunc(e.sc.law.rules, func(r ordermanager.Rule) bool {
			return r.Action == c.action && r.Claim == ordermanager.ClaimTakes && r.To == lf.state
		})
}

// checkReceipt checks what the receipt says about answers and events.
func (e *explorer) checkReceipt(s *state, n *node, h *heard) *Violation {
	r := &n.receipt
	owed := h.answered
	for _, w := range waits {
		for _, t := range kept(h.order, w) {
			if !e.orders.life(h.order).decided(w) {
				continue
			}
			owed = true
			if r.Resume != ordermanager.ResumePending && s.workflow.live == t {
				return violated(
					TokenConservation, "the receipt of %s says %s, and the workflow still waits on %s", n.call.name, r.Resume,
					tokens[t].name,
				)
			}
		}
	}
	pending := r.Resume == ordermanager.ResumePending || r.Events == ordermanager.EventsPending
	switch {
	case owed != (r.Resume != ordermanager.ResumeNone):
		return violated(NothingLost, "the receipt of %s says %q; an answer was owed: %t", n.call.name, r.Resume, owed)
	case (r.Gone == "") == (r.Resume == ordermanager.ResumeGone), r.Gone == ordermanager.GoneExpired && !h.applied:
		return violated(
			NothingLost, "the receipt of %s says %q, %q; applied by this call: %t", n.call.name, r.Resume, r.Gone, h.applied,
		)
	case r.Resume == ordermanager.ResumeDelivered && !h.accepted:
		return violated(NothingLost, "the receipt of %s says delivered, and nothing was accepted", n.call.name)
	case pending != (r.Pending != nil):
		return violated(NothingLost, "the receipt of %s: pending %t, why: %v", n.call.name, pending, r.Pending)
	case (len(h.order.OwedEvents) > 0) != (r.Events != ordermanager.EventsNone):
		return violated(
			NothingLost, "the receipt of %s says of events %q; owed were %d", n.call.name, r.Events, len(h.order.OwedEvents),
		)
	}
	for _, id := range h.order.OwedEvents {
		if r.Events == ordermanager.EventsPublished && !e.published(s, id) {
			return violated(NothingLost, "the receipt of %s says published, and the %s was not", n.call.name, eventOf(id))
		}
	}
	return nil
}

// checkRecovered checks a world in which everything deliverable was delivered.
func (e *explorer) checkRecovered(s *state) *Violation {
	o := e.orders.get(s.order)
	for i, a := range e.sc.actors {
		if a.notice != 0 && s.workflow.emitted.has(a.notice) && s.done[i] == 0 {
			return violated(NothingLost, "the notification %s is never taken", a.name)
		}
	}
	if o == nil {
		return nil
	}
	if o.Owes() || s.listed {
		return violated(
			NothingLost, "after a redrive without faults the order still owes: %t, and is listed: %t", o.Owes(), s.listed,
		)
	}
	if t := s.workflow.live; t != noToken && e.orders.life(o).decided(tokens[t].wait) {
		return violated(TokenConservation, "the order is %s and the workflow hangs on %s", o.State, tokens[t].name)
	}
	if t := s.workflow.live; t != noToken && !has(o, tokens[t].id) {
		return violated(TokenConservation, "the workflow hangs on %s, which was not kept", tokens[t].name)
	}
	return nil
}
