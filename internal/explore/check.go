package explore

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// Invariant is a promise of the library: the nine that docs/guarantees.md states, and two about the code that was run.
type Invariant string

// The invariants.
const (
	LegalPath         Invariant = "1 legal path"
	OneWinner         Invariant = "2 one winner"
	TokenConservation Invariant = "3 token conservation" //nolint:gosec // a name
	StateBeforeAnswer Invariant = "4 state before answer"
	NothingLost       Invariant = "5 nothing lost"
	OncePerRequest    Invariant = "6 once per request"
	OneClaim          Invariant = "7 one claim"
	NoLeak            Invariant = "8 no leak"
	ClearRefusal      Invariant = "9 clear refusal"
	NoPanic           Invariant = "no panic"
	Deterministic     Invariant = "deterministic calls"
)

// Violation says which invariant does not hold, and why.
type Violation struct {
	Invariant Invariant
	Message   string
}

// String returns the invariant and the message.
func (v *Violation) String() string { return string(v.Invariant) + ": " + v.Message }

func violated(i Invariant, format string, args ...any) *Violation {
	return &Violation{i, fmt.Sprintf(format, args...)}
}

// first returns the first violation.
func first(checks ...func() *Violation) *Violation {
	for _, check := range checks {
		if v := check(); v != nil {
			return v
		}
	}
	return nil
}

// legal is the life cycle, written down a second time on purpose: an oracle that read the table under test would agree
// with every mistake in it.
func legal(action ordermanager.Action, from ordermanager.State, robots bool) (to ordermanager.State, ok bool) {
	const pending, making = ordermanager.StatePending, ordermanager.StateMaking
	switch action {
	case ordermanager.ActionWorkflowStarted, ordermanager.ActionWaitingCompletion:
		return from, true
	case ordermanager.ActionPut:
		return pending, from == pending
	case ordermanager.ActionMake:
		return making, from == pending
	case ordermanager.ActionUnmake:
		return pending, from == making
	case ordermanager.ActionComplete:
		return ordermanager.StateCompleted, from == making || robots && from == pending
	default:
		return ordermanager.StateCancelled, from == pending || from == making
	}
}

// decided reports whether the answer to a wait is on record.
func decided(o *ordermanager.Order, w ordermanager.Wait) bool {
	return o.State.Terminal() || w == ordermanager.FirstWait && o.Drink != nil
}

func slotOf(o *ordermanager.Order, w ordermanager.Wait) ordermanager.WaitSlot {
	if w == ordermanager.SecondWait {
		return o.SecondWait
	}
	return o.FirstWait
}

func has(o *ordermanager.Order, requestID string) bool {
	return slices.ContainsFunc(o.History, func(e ordermanager.Entry) bool { return e.RequestID == requestID })
}

// checkRecord checks one order record: its history must be a legal life, and the rest must follow from it.
func checkRecord(o *ordermanager.Order, robots bool) *Violation {
	var (
		state, ending ordermanager.State
		holder        string
		drink         bool
	)
	for i, e := range o.History {
		if has(&ordermanager.Order{History: o.History[:i]}, e.RequestID) {
			return violated(OncePerRequest, "%s was applied twice", nameOf(e.RequestID))
		}
		if i == 0 {
			if e.Action != ordermanager.ActionWorkflowStarted || e.From != "" || e.To != ordermanager.StatePending {
				return violated(LegalPath, "the life begins with %s from %q to %q", e.Action, e.From, e.To)
			}
			state = e.To
			continue
		}
		to, ok := legal(e.Action, state, robots)
		if !ok || e.From != state || e.To != to {
			return violated(LegalPath, "%s leads from %s to %s; the order was %s", e.Action, e.From, e.To, state)
		}
		mine := e.Actor.Role == ordermanager.RoleAdmin || e.Actor.Role == ordermanager.RoleSystem || e.Actor.ID == holder
		switch e.Action {
		case ordermanager.ActionPut:
			if drink {
				return violated(OneWinner, "a second drink was accepted")
			}
			if e.Actor != ordermanager.Customer(o.Customer) {
				return violated(ClearRefusal, "%v put on the order of %s", e.Actor, o.Customer)
			}
			drink = true
		case ordermanager.ActionMake:
			if !drink {
				return violated(ClearRefusal, "the order was claimed before it had a drink")
			}
			holder = e.Actor.ID
		case ordermanager.ActionUnmake:
			if !mine {
				return violated(OneClaim, "%s put back what %s held", e.Actor.ID, holder)
			}
			holder = ""
		case ordermanager.ActionComplete:
			if !drink {
				return violated(ClearRefusal, "the order was completed before it had a drink")
			}
			if holder != "" && !mine {
				return violated(OneClaim, "%s completed what %s held", e.Actor.ID, holder)
			}
		case ordermanager.ActionCancel:
			if e.Actor.Role == ordermanager.RoleCustomer && e.Actor.ID != o.Customer {
				return violated(ClearRefusal, "%v cancelled the order of %s", e.Actor, o.Customer)
			}
			if e.Actor.Role == ordermanager.RoleBarista && holder != "" && !mine {
				return violated(OneClaim, "%s cancelled what %s held", e.Actor.ID, holder)
			}
		}
		if to.Terminal() && state != to {
			ending = to
			if to == ordermanager.StateCancelled && o.Reason != e.Reason {
				return violated(LegalPath, "the order was cancelled for %q and says %q", e.Reason, o.Reason)
			}
		}
		state = to
	}
	switch {
	case o.State != state:
		return violated(LegalPath, "the order is %s; its history leads to %s", o.State, state)
	case ending != "" && o.State != ending:
		return violated(LegalPath, "the order ended as %s and is %s", ending, o.State)
	case o.Version != len(o.History):
		return violated(LegalPath, "version %d after %d entries", o.Version, len(o.History))
	case (o.Drink != nil) != drink:
		return violated(LegalPath, "the drink does not follow from the history")
	case state == ordermanager.StateMaking && o.Barista != holder, state == ordermanager.StatePending && o.Barista != "":
		return violated(OneClaim, "the order is %s for %q; by its history %q holds it", state, o.Barista, holder)
	}
	for i, id := range o.OwedEvents {
		if !has(o, id) || slices.Contains(o.OwedEvents[:i], id) {
			return violated(NothingLost, "the event of %s is owed twice, or for nothing", nameOf(id))
		}
	}
	return nil
}

// checkWrite checks what one applied transition made of a record.
func checkWrite(before, after *ordermanager.Order) *Violation {
	if before == nil {
		return nil
	}
	n := len(before.History)
	switch {
	case len(after.History) != n+1 || !slices.Equal(before.History, after.History[:n]):
		return violated(OncePerRequest, "a transition changed the history before it")
	case before.State.Terminal() && after.State != before.State:
		return violated(LegalPath, "%s was left for %s", before.State, after.State)
	case before.Drink != nil && after.Drink.Name != before.Drink.Name:
		return violated(OneWinner, "the accepted drink was replaced")
	case before.State == ordermanager.StateMaking && after.State == ordermanager.StateMaking && before.Barista != after.Barista:
		return violated(OneClaim, "%s took the claim of %s", after.Barista, before.Barista)
	}
	return nil
}

// due reports whether an entry of the history must be announced by an event.
func due(e ordermanager.Entry) bool {
	switch e.Action {
	case ordermanager.ActionMake, ordermanager.ActionUnmake, ordermanager.ActionComplete, ordermanager.ActionCancel:
		return true
	case ordermanager.ActionWaitingCompletion:
		// Nobody waits for news of an order that has ended.
		return !e.From.Terminal()
	default:
		return false
	}
}

// checkWorld checks what must hold at every instant, whatever the callers are doing.
func (e *explorer) checkWorld(s *state) *Violation {
	o := e.orders.get(s.order)
	if o == nil {
		return nil
	}
	for _, w := range []ordermanager.Wait{ordermanager.FirstWait, ordermanager.SecondWait} {
		held := slotOf(o, w).Token
		if t := tokenOf(held); !held.IsZero() && s.left.has(t) {
			return violated(TokenConservation, "%s is back in its slot", tokens[t].name)
		}
	}
	if t := s.workflow.live; t != noToken && has(o, tokens[t].id) && tokenOf(slotOf(o, tokens[t].wait).Token) != t {
		return violated(TokenConservation, "the workflow waits on %s, which was registered and is not kept any more", tokens[t].name)
	}
	if o.Owes() && !s.listed {
		return violated(NothingLost, "the order owes something and is not listed as owing")
	}
	for _, entry := range o.History {
		if e.publishes && due(entry) && !slices.Contains(o.OwedEvents, entry.RequestID) && !e.published(s, entry.RequestID) {
			return violated(NothingLost, "the event of %s was not published and is not owed", nameOf(entry.RequestID))
		}
	}
	return nil
}

// checkResume checks an answer at the moment that it reaches the workflow.
func (e *explorer) checkResume(s *state, o *op) *Violation {
	order := e.orders.get(s.order)
	switch {
	case o.token == noToken:
		return violated(TokenConservation, "a token was answered that the workflow never handed out")
	case order == nil || !decided(order, tokens[o.token].wait):
		return violated(StateBeforeAnswer, "%s is answered before the decision is on record", tokens[o.token].name)
	case !has(order, tokens[o.token].id):
		return violated(StateBeforeAnswer, "%s is answered before it is on record", tokens[o.token].name)
	}
	if consistent(o, order) {
		return nil
	}
	return violated(TokenConservation, "the answer to %s contradicts the order, which is %s: %s", tokens[o.token].name, order.State,
		outcomeText(o.outcome))
}

// consistent reports whether an answer says what the order says.
func consistent(o *op, order *ordermanager.Order) bool {
	if tokens[o.token].wait == ordermanager.FirstWait && o.outcome.Failure() {
		return order.State == ordermanager.StateCancelled && order.Drink == nil && o.outcome.Error == ordermanager.CancelledError
	}
	var output ordermanager.WorkflowOutput
	if o.outcome.Failure() || json.Unmarshal(o.outcome.Output, &output) != nil || output.OrderID != orderID ||
		output.Cancelled != (output.State == ordermanager.StateCancelled) {
		return false
	}
	was := output.State == order.State ||
		slices.ContainsFunc(order.History, func(entry ordermanager.Entry) bool { return entry.To == output.State })
	if tokens[o.token].wait == ordermanager.FirstWait {
		// The state may have moved on since the answer was made up, but the order must have been in it.
		return order.Drink != nil && output.Action == ordermanager.ActionPut && was
	}
	ends := slices.ContainsFunc(order.History, func(entry ordermanager.Entry) bool {
		return entry.Action == output.Action && entry.To == order.State && entry.From != entry.To
	})
	return output.State == order.State && ends
}

// checkPublish checks events at the moment that they are published.
func (e *explorer) checkPublish(s *state, o *op) *Violation {
	order := e.orders.get(s.order)
	last := 0
	for _, event := range o.events {
		id := strings.TrimPrefix(event.ID, orderID+"/")
		if order == nil || !has(order, id) {
			return violated(StateBeforeAnswer, "the event of %s is published before it is on record", nameOf(id))
		}
		entry, version, _ := order.Entry(id)
		barista := ""
		if entry.Action != ordermanager.ActionUnmake && entry.Actor.Role != ordermanager.RoleCustomer && entry.Actor.Role != ordermanager.RoleSystem {
			barista = entry.Actor.ID
		}
		if event.Version != version || event.State != entry.To || event.Barista != barista || event.OrderID != orderID || event.Type == "" {
			return violated(NothingLost, "the event of %s does not say what happened: %+v", nameOf(id), event)
		}
		if event.Version < last {
			return violated(NothingLost, "events are published out of order: version %d after %d", event.Version, last)
		}
		last = event.Version
		if strings.Contains(fmt.Sprintf("%+v", event), secret) {
			return violated(NoLeak, "the event of %s has a token", nameOf(id))
		}
	}
	return nil
}

// checkResult checks what can be said of a call's result whatever the world is.
func checkResult(n *node) *Violation {
	shown := []*ordermanager.Order{&n.receipt.Order}
	if e, ok := errors.AsType[*ordermanager.TransitionError](n.err); ok && e.Order != nil {
		shown = append(shown, e.Order)
	}
	if e, ok := errors.AsType[*ordermanager.MenuError](n.err); ok && e.Order != nil {
		shown = append(shown, e.Order)
	}
	for _, o := range shown {
		if o.FirstWait.Token.Reveal() != "" || o.SecondWait.Token.Reveal() != "" {
			return violated(NoLeak, "%s hands out a token", n.call.name)
		}
	}
	data, err := json.Marshal(n.receipt)
	if err != nil {
		return violated(NoLeak, "the receipt of %s cannot be marshalled: %v", n.call.name, err)
	}
	if text := fmt.Sprintf("%s %+v %#v %v %+v", data, n.receipt, n.receipt, n.err, n.err); strings.Contains(text, secret) {
		return violated(NoLeak, "%s prints a token", n.call.name)
	}
	return nil
}

// checkReturn checks what a call says against what it was answered and against the world as it is. The world may have moved on, but
// not back: what is on record stays on record, and a token that is not live stays so.
func (e *explorer) checkReturn(s *state, ref nodeRef) *Violation {
	n := e.tree.node(ref)
	answers, steps := e.tree.answers(ref)
	h := heard{}
	for i, a := range answers {
		h.add(e, a, steps[i])
	}
	if n.call.action == "" {
		if n.err != nil && (!errors.Is(n.err, ordermanager.ErrStore) || !h.failed) {
			return violated(ClearRefusal, "a redrive fails without a reason: %v", n.err)
		}
		return nil
	}
	if n.err != nil {
		return e.checkError(s, n, &h)
	}
	return first(
		func() *Violation { return e.checkSuccess(s, n, &h) },
		func() *Violation { return e.checkReceipt(s, n, &h) },
	)
}

// heard sums up what a call learned.
type heard struct {
	applied, failed, menu bool
	// delivered says that it resumed, published or settled.
	delivered bool
	accepted  bool
	// order is the record that it saw last, and refusing the one that refused its last write.
	order, refusing *ordermanager.Order
}

func (h *heard) add(e *explorer, a answer, step *op) {
	switch a.kind {
	case answerApplied:
		h.applied, h.order, h.refusing = true, e.orders.get(a.order), nil
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
}

// same reports whether the entry is what the call asked for.
func (c *call) same(entry ordermanager.Entry, o *ordermanager.Order) bool {
	return entry.Action == c.action && entry.Actor == c.actor && (c.drink == "" || o.Drink != nil && o.Drink.Name == c.drink)
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
	// A call that saw no order must not be refused as if its request were not on record; one that did, goes by what it saw.
	o := h.order
	if o == nil {
		o = e.orders.get(s.order)
	}
	if o != nil {
		if entry, _, found := o.Entry(n.call.id); found && n.call.same(entry, o) {
			return violated(OncePerRequest, "%s is on record, and its repetition is refused: %v", n.call.name, n.err)
		}
	}
	refusal, ok := errors.AsType[*ordermanager.TransitionError](n.err)
	if !ok {
		return nil
	}
	if o = h.refusing; o == nil || refusal.Order != nil && (refusal.Order.Version != o.Version || refusal.Order.State != o.State || refusal.State != o.State) {
		return violated(OneWinner, "%s lost and does not learn the current order: %v", n.call.name, n.err)
	}
	for _, reason := range refusal.Reasons {
		if !e.justified(n.call, reason.Err, o) {
			return violated(ClearRefusal, "%s is refused for a reason that is not one: %v", n.call.name, reason.Err)
		}
	}
	return nil
}

// justified reports whether a reason for a refusal is true of the order that refused.
func (e *explorer) justified(c *call, reason error, o *ordermanager.Order) bool {
	switch {
	case errors.Is(reason, ordermanager.ErrDrinkAccepted):
		// It is an ErrIllegalTransition as well.
		return c.action == ordermanager.ActionPut && o.Drink != nil
	case errors.Is(reason, ordermanager.ErrIllegalTransition):
		_, ok := legal(c.action, o.State, e.sc.robots())
		return !ok
	case errors.Is(reason, ordermanager.ErrNotReady):
		return o.Drink == nil
	case errors.Is(reason, ordermanager.ErrClaimed):
		return o.State == ordermanager.StateMaking && o.Barista != c.actor.ID && c.actor.Role == ordermanager.RoleBarista
	case errors.Is(reason, ordermanager.ErrNotOwner):
		return c.actor.ID != o.Customer
	case errors.Is(reason, ordermanager.ErrRequestReused):
		return has(o, c.id)
	default:
		return false
	}
}

func (e *explorer) checkSuccess(s *state, n *node, h *heard) *Violation {
	o := e.orders.get(s.order)
	if o == nil {
		return violated(OncePerRequest, "%s succeeded on an order that does not exist", n.call.name)
	}
	entry, _, found := o.Entry(n.call.id)
	switch n.call.action {
	case ordermanager.ActionWorkflowStarted, ordermanager.ActionWaitingCompletion:
		t := tokens[n.call.token()]
		if !found && !slotOf(o, t.wait).RegisteredAt.After(t.at) {
			return violated(TokenConservation, "%s was taken and is not on record, and no newer one is", t.name)
		}
		return nil
	case ordermanager.ActionTimedOut:
		if !o.State.Terminal() {
			return violated(NothingLost, "the time-out was taken and the order is %s", o.State)
		}
		return nil
	}
	switch {
	case !found || !n.call.same(entry, o):
		return violated(OncePerRequest, "%s succeeded and is not on record", n.call.name)
	case !has(&n.receipt.Order, n.call.id):
		return violated(OncePerRequest, "the receipt of %s shows an order without it", n.call.name)
	case n.receipt.Replayed == h.applied:
		return violated(OncePerRequest, "%s: applied by this call: %t, replayed: %t", n.call.name, h.applied, n.receipt.Replayed)
	}
	return nil
}

// token is the token that a registration brings.
func (c *call) token() token {
	for t := tokenA1; t < tokenCount; t++ {
		if tokens[t].id == c.id {
			return t
		}
	}
	return noToken
}

// checkReceipt checks what the receipt says about what followed.
func (e *explorer) checkReceipt(s *state, n *node, h *heard) *Violation {
	r := &n.receipt
	owed := false
	for _, w := range []ordermanager.Wait{ordermanager.FirstWait, ordermanager.SecondWait} {
		held := slotOf(h.order, w).Token
		if held.IsZero() || !decided(h.order, w) {
			continue
		}
		owed = true
		if t := tokenOf(held); r.Resume != ordermanager.ResumePending && s.workflow.live == t {
			return violated(TokenConservation, "the receipt of %s says %s, and the workflow still waits on %s", n.call.name, r.Resume, tokens[t].name)
		}
	}
	pending := r.Resume == ordermanager.ResumePending || r.Events == ordermanager.EventsPending
	switch {
	case owed != (r.Resume != ordermanager.ResumeNone):
		return violated(NothingLost, "the receipt of %s says %q; an answer was owed: %t", n.call.name, r.Resume, owed)
	case (r.Gone == "") == (r.Resume == ordermanager.ResumeGone), r.Gone == ordermanager.GoneExpired && !h.applied:
		return violated(NothingLost, "the receipt of %s says %q, %q; applied by this call: %t", n.call.name, r.Resume, r.Gone, h.applied)
	case r.Resume == ordermanager.ResumeDelivered && !h.accepted:
		return violated(NothingLost, "the receipt of %s says delivered, and nothing was accepted", n.call.name)
	case pending != (r.Pending != nil):
		return violated(NothingLost, "the receipt of %s: pending %t, why: %v", n.call.name, pending, r.Pending)
	case (len(h.order.OwedEvents) > 0) != (r.Events != ordermanager.EventsNone):
		return violated(NothingLost, "the receipt of %s says of events %q; owed were %d", n.call.name, r.Events, len(h.order.OwedEvents))
	}
	for _, id := range h.order.OwedEvents {
		if r.Events == ordermanager.EventsPublished && !e.published(s, id) {
			return violated(NothingLost, "the receipt of %s says published, and the event of %s was not", n.call.name, nameOf(id))
		}
	}
	return nil
}

// checkRecovered checks a world in which everything was delivered that could be.
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
		return violated(NothingLost, "after a redrive without faults the order still owes: %t, and is listed: %t", o.Owes(), s.listed)
	}
	if t := s.workflow.live; t != noToken && decided(o, tokens[t].wait) {
		return violated(TokenConservation, "the order is %s and the workflow hangs on %s", o.State, tokens[t].name)
	}
	if t := s.workflow.live; t != noToken && !has(o, tokens[t].id) {
		return violated(TokenConservation, "the workflow hangs on %s, which was not kept", tokens[t].name)
	}
	return nil
}
