package ordermanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Receipt is the answer to an accepted action or notification. What follows from it may still be owed: then it is
// recorded, and [Manager.Redrive] delivers it.
type Receipt struct {
	// Action is what was accepted.
	Action Action
	// Order is the order after it.
	Order Order
	// Replayed is true if this request was applied before, and was not applied again.
	Replayed bool
	// Unchanged is true if a notification brought nothing new, so that nothing was written.
	Unchanged bool
	// Resume says what became of the answer to the workflow.
	Resume ResumeStatus
	// Gone says more when Resume is [ResumeGone].
	Gone GoneReason
	// Events says what became of the events.
	Events EventStatus
	// Pending says why something is still owed, each reason joined to the others; nil when nothing is.
	Pending error
}

// ResumeStatus says what became of the answer to the workflow.
type ResumeStatus string

const (
	// ResumeNone means that there was nothing to answer.
	ResumeNone ResumeStatus = "none"
	// ResumeDelivered means that the workflow has the answer.
	ResumeDelivered ResumeStatus = "delivered"
	// ResumePending means that the answer is still owed; [Receipt.Pending] says why.
	ResumePending ResumeStatus = "pending"
	// ResumeGone means that the workflow no longer waits.
	ResumeGone ResumeStatus = "gone"
)

// GoneReason says why a workflow probably no longer waits. Its service cannot tell; our record shows only whether there
// can have been an earlier attempt.
type GoneReason string

const (
	// GoneAnswered means that the decision was recorded before this call: an earlier attempt may have reached the workflow
	// although its success did not reach us.
	GoneAnswered GoneReason = "answered_before"
	// GoneExpired means that this call recorded the decision: the wait had expired, somebody else answered it, or another
	// attempt of ours (a redrive, a repeated notification, a retry below the Resumer) was faster.
	GoneExpired GoneReason = "expired"
)

// EventStatus says what became of the events.
type EventStatus string

const (
	// EventsNone means that there were none.
	EventsNone EventStatus = "none"
	// EventsPublished means that all were published.
	EventsPublished EventStatus = "published"
	// EventsPending means that some are still owed; [Receipt.Pending] says why.
	EventsPending EventStatus = "pending"
)

// finish delivers what the order owes after an accepted transition and returns the receipt. It cannot fail: what goes
// wrong from here on is owed, not lost. The transition is nil if it was not written by this call; the waits may have
// been answered with it.
func (m *Manager) finish(
	ctx context.Context, action Action, t *Transition, o *Order, answered ...Wait,
) (receipt Receipt) {
	receipt.Action, receipt.Resume, receipt.Events = action, ResumeNone, EventsNone
	if len(answered) > 0 {
		m.told(ctx, t, o, answered)
		receipt.Resume = ResumeDelivered
	}
	if o.owes() {
		m.trouble.acted(o.ID, m.deliver(ctx, t, o, &receipt))
	}
	o.mask()
	receipt.Order = *o
	return receipt
}

// told tells the observer what was done with the write: which waits were answered, and which notification was spared.
func (m *Manager) told(ctx context.Context, t *Transition, o *Order, answered []Wait) {
	for _, wait := range answered {
		by := m.table.decided(o, wait)
		_, end := m.begin(ctx, Operation{Name: "resume", Action: by.Action, OrderID: o.ID, Traces: withTrace(nil, by.Trace)})
		end(Ending{})
	}
	if last := o.History[len(o.History)-1]; last.RequestID != t.Entry.RequestID {
		_, end := m.begin(ctx, Operation{Name: "handle", Action: last.Action, OrderID: o.ID})
		end(Ending{})
	}
}

// answersFirst reports whether nobody can have answered a wait before: the transition, nil if there is none, registered
// its token or decided it.
func (m *Manager) answersFirst(t *Transition, o *Order, w Wait) bool {
	if t == nil {
		return false
	}
	r := t.Assign.Register
	return r != nil && r.Wait == w || m.table.decided(o, w).RequestID == t.Entry.RequestID
}

// deliver answers the waits and publishes the events that the order owes, then settles what was delivered, all in one
// write.
func (m *Manager) deliver(ctx context.Context, t *Transition, o *Order, receipt *Receipt) (failures []failure) {
	owed := m.fanout.shares(o)
	parts := len(owed)
	for _, wait := range waits {
		if o.answering(wait) {
			parts++
		}
	}
	budget := m.budget(ctx, parts)
	ctx = context.WithoutCancel(ctx)
	settlement := m.settlement(o)
	pending := func(what string, to destination, wait Wait, err error) {
		m.log.WarnContext(ctx, what+" pending", "order", o.ID, "wait", int(wait), "error", err)
		failures = append(failures, failure{to, !errors.Is(err, ErrUndeliverable)})
		settlement.Everything = false
		receipt.Pending = errors.Join(receipt.Pending, err)
	}
	for _, wait := range waits {
		if !o.answering(wait) {
			continue
		}
		token, spare := &settlement.First, &settlement.FirstSpare
		if wait == SecondWait {
			token, spare = &settlement.Second, &settlement.SecondSpare
		}
		limited := budget.next(ctx)
		answer, err := m.answer(limited, o, wait, token, spare)
		limited.release()
		if err != nil {
			pending("resume", resumerDestination, wait, err)
			receipt.Resume, receipt.Gone = ResumePending, ""
			continue
		}
		m.trouble.succeeded(resumerDestination)
		switch {
		case receipt.Resume == ResumePending:
		case answer == Accepted:
			receipt.Resume, receipt.Gone = ResumeDelivered, ""
		case receipt.Resume == ResumeNone && m.answersFirst(t, o, wait):
			receipt.Resume, receipt.Gone = ResumeGone, GoneExpired
		case receipt.Resume == ResumeNone:
			receipt.Resume, receipt.Gone = ResumeGone, GoneAnswered
		}
	}
	for i := range owed {
		limited := budget.next(ctx)
		published, err := m.publish(limited, o, &owed[i])
		limited.release()
		settlement.Events = append(settlement.Events, published...)
		if len(published) > 0 {
			m.trouble.succeeded(destination(owed[i].name))
		}
		if err != nil {
			pending("events", destination(owed[i].name), 0, err)
			receipt.Events = EventsPending
		} else if receipt.Events == EventsNone {
			receipt.Events = EventsPublished
		}
	}
	if settlement.empty() {
		return failures
	}
	// Settle what was accepted even if the time for delivery is over: otherwise it would be delivered again.
	if err := m.settle(ctx, settlement); err != nil {
		m.log.WarnContext(ctx, "delivered but not settled", "order", o.ID, "error", err)
		return failures
	}
	settlement.Apply(o)
	return failures
}

// settlement returns a settlement for what an order owes; the caller adds what was delivered.
func (m *Manager) settlement(o *Order) Settlement {
	s := Settlement{OrderID: o.ID, Version: o.Version, Everything: true}
	if info := m.table.states[o.State]; info != nil && info.ended {
		s.Ended = o.State
	}
	return s
}

// budget is the time for several deliveries: each gets a share of what the earlier ones left.
type budget struct {
	time  time.Duration
	parts int
	// began is when the first of several began.
	began time.Time
}

// budget ends with the delivery time-out or the caller's deadline. Cancelling the caller's context does not end it:
// what was begun is delivered.
func (m *Manager) budget(ctx context.Context, parts int) budget {
	b := budget{time: m.timeout, parts: parts}
	if deadline, ok := ctx.Deadline(); ok {
		b.time = min(b.time, time.Until(deadline))
	}
	if parts > 1 {
		b.began = time.Now()
	}
	return b
}

func (b *budget) next(ctx context.Context) *limitedContext {
	left := b.time
	if !b.began.IsZero() {
		left -= time.Since(b.began)
	}
	share := left / time.Duration(b.parts)
	b.parts--
	return limit(ctx, share)
}

// answer answers a wait: its token or, if nothing waits on that, the spare one. It returns which of them are done.
func (m *Manager) answer(ctx context.Context, o *Order, wait Wait, token, spare *TaskToken) (answer Answer, err error) {
	slot := o.slot(wait)
	if !slot.Token.IsZero() {
		if answer, err = m.resume(ctx, o, wait, slot.Token); err != nil {
			return answer, err
		}
		*token = slot.Token
	}
	if answer != Accepted && !slot.Spare.IsZero() {
		if answer, err = m.resume(ctx, o, wait, slot.Spare); err != nil {
			return answer, err
		}
	}
	*spare = slot.Spare
	return answer, nil
}

func (m *Manager) resume(ctx context.Context, o *Order, wait Wait, token TaskToken) (answer Answer, err error) {
	by := m.table.decided(o, wait)
	ctx, end := m.begin(ctx, Operation{Name: "resume", Action: by.Action, OrderID: o.ID, Traces: withTrace(nil, by.Trace)})
	defer func() { end(Ending{Err: err, Gone: err == nil && answer == Gone}) }()
	defer recovered(&err, token)
	outcome, err := m.outcomeOf(o, wait, by)
	if err == nil {
		answer, err = m.resumer.Resume(ctx, token, outcome)
	}
	if err == nil && answer != Accepted && answer != Gone {
		err = fmt.Errorf("the resumer answered %q", answer)
	}
	read(err)
	return answer, err
}

// outcomeOf returns the outcome of a wait that the entry decided. The default outcome need not be checked.
func (m *Manager) outcomeOf(o *Order, wait Wait, by *Entry) (outcome Outcome, err error) {
	decision := o.slot(wait).Decision
	if m.outcome == nil {
		return defaultOutcome(o, wait, decision, by.Action), nil
	}
	defer recovered(&err, TaskToken{})
	outcome, err = m.outcome(Decided{Order: o.masked(), Wait: wait, Decision: decision, By: *by})
	if err == nil {
		err = outcome.Validate()
	}
	return outcome, err
}

// withTrace adds a trace context, unless it is empty or already there.
func withTrace(traces []string, trace string) []string {
	if trace == "" || slices.Contains(traces, trace) {
		return traces
	}
	return append(traces, trace)
}

// recovered turns a collaborator's panic into an error: after the write, nothing may look as if the action had failed.
// What panics may print the token that it was given.
func recovered(err *error, token TaskToken) {
	if p := recover(); p != nil {
		text := fmt.Sprint(p)
		if !token.IsZero() {
			text = strings.ReplaceAll(text, token.Reveal(), redacted)
		}
		*err = fmt.Errorf("%w: a collaborator panicked: %s", ErrUndeliverable, text)
	}
}

// read asks a collaborator's error what will be asked of it later, while a panic is still recovered: the methods of a
// nil pointer that became an error panic.
func read(err error) {
	if err != nil {
		_, _ = err.Error(), errors.Is(err, ErrUndeliverable)
	}
}

// unchanged answers a notification that brought nothing new. It still delivers what the order owes: the notification
// may be repeated because the first delivery failed.
func (m *Manager) unchanged(ctx context.Context, action Action, o *Order) Receipt {
	receipt := m.finish(ctx, action, nil, o)
	receipt.Unchanged = true
	return receipt
}

// publish publishes what one publisher is owed and returns the keys of what it accepted.
func (m *Manager) publish(ctx context.Context, o *Order, to *share) (accepted []string, err error) {
	if to.publisher == nil {
		return nil, fmt.Errorf("events are owed to %s, which this Manager does not have: %w", to, ErrUndeliverable)
	}
	var unknown []error
	events := make([]Event, 0, len(to.requests))
	keys := make(map[string]string, len(to.requests)) // by event
	for _, id := range to.requests {
		event, err := m.table.event(o, id)
		if err != nil {
			unknown = append(unknown, err)
			continue
		}
		events = append(events, event)
		keys[event.ID] = owedKey(to.name, id)
	}
	if len(events) == 0 {
		return nil, errors.Join(unknown...)
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Version, b.Version) })
	ids := make([]string, len(events)) // a publisher may use the events up, for instance by filtering them in place
	for i := range events {
		ids[i] = events[i].ID
	}
	err = m.publishAll(ctx, o.ID, to, events)
	failed, known := failedOf(err, ids)
	for _, id := range ids {
		if known && !failed[id] {
			accepted = append(accepted, keys[id])
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", to, err)
	}
	return accepted, errors.Join(append(unknown, err)...)
}

func (m *Manager) publishAll(ctx context.Context, orderID string, to *share, events []Event) (err error) {
	var traces []string
	for i := range events {
		traces = withTrace(traces, events[i].Trace)
	}
	operation := Operation{Name: "publish", OrderID: orderID, Publisher: to.name, Events: len(events), Traces: traces}
	ctx, end := m.begin(ctx, operation)
	defer func() { end(Ending{Err: err}) }()
	defer recovered(&err, TaskToken{})
	err = to.publisher.Publish(ctx, events)
	read(err)
	return err
}

// failedOf returns which events were not accepted, if the error says so: it names some of them, and is not joined from
// several errors, of which the others may speak of more.
func failedOf(err error, ids []string) (failed map[string]bool, known bool) {
	for chain := err; chain != nil; chain = errors.Unwrap(chain) {
		partly, ok := chain.(*PublishError) //nolint:errorlint // As looks into joined errors too
		if !ok {
			continue
		}
		failed = make(map[string]bool, len(partly.Failed))
		for _, id := range ids {
			if _, named := partly.Failed[id]; named {
				failed[id] = true
			}
		}
		return failed, len(failed) > 0
	}
	return nil, err == nil
}
