package ordermanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Receipt is the answer to an action or a notification that was accepted. What follows from it may still be owed: then it is on
// record, and [Manager.Redrive] delivers it.
type Receipt struct {
	// Action is what was accepted.
	Action Action
	// Order is the order after it.
	Order Order
	// Replayed is true when this very request had been applied before, and was not applied again.
	Replayed bool
	// Unchanged is true when a notification brought nothing new, so that nothing was written.
	Unchanged bool
	// Resume says what became of the answer to the workflow.
	Resume ResumeStatus
	// Gone says more when Resume is [ResumeGone].
	Gone GoneReason
	// Events says what became of the events.
	Events EventStatus
	// Pending says why something is still owed; nil when nothing is.
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
	// ResumeGone means that the workflow does not wait any more.
	ResumeGone ResumeStatus = "gone"
)

// GoneReason says why a workflow probably does not wait any more. The workflow's service cannot tell; our own record says only
// whether there can have been an earlier attempt.
type GoneReason string

const (
	// GoneAnswered means that the decision was on record before this call: an earlier attempt of ours may have reached the
	// workflow though its success did not reach us.
	GoneAnswered GoneReason = "answered_before"
	// GoneExpired means that this call recorded the decision: the wait had expired, or somebody else answered it, or another
	// attempt of ours (a redrive, a repeated notification, a repetition below the Resumer) was faster.
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

// finish delivers what the order owes after an accepted transition and makes out the receipt. It cannot fail: what goes
// wrong from here on is owed, not lost. The transition is nil if it was not written by this call.
func (m *Manager) finish(ctx context.Context, action Action, t *Transition, o *Order) Receipt {
	receipt := Receipt{Action: action, Resume: ResumeNone, Events: EventsNone}
	if o.Owes() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.timeout)
		defer cancel()
		m.deliver(ctx, t, o, &receipt)
	}
	receipt.Order = o.masked()
	return receipt
}

// answersFirst reports whether nobody can have answered a wait before: the transition, nil if there is none, registered its
// token or decided it.
func (m *Manager) answersFirst(t *Transition, o *Order, w Wait) bool {
	if t == nil {
		return false
	}
	r := t.Assign.Register
	return r != nil && r.Wait == w || m.table.decided(o, w).RequestID == t.Entry.RequestID
}

// deliver answers the waits and publishes the events that the order owes, then settles what was delivered, all in one write.
func (m *Manager) deliver(ctx context.Context, t *Transition, o *Order, receipt *Receipt) {
	settlement := Settlement{OrderID: o.ID, Version: o.Version, Everything: true}
	for _, wait := range o.answering() {
		token, spare := &settlement.First, &settlement.FirstSpare
		if wait == SecondWait {
			token, spare = &settlement.Second, &settlement.SecondSpare
		}
		answer, err := m.answer(ctx, o, wait, token, spare)
		if err != nil {
			m.log.WarnContext(ctx, "resume pending", "order", o.ID, "wait", int(wait), "error", err)
			settlement.Everything = false
			receipt.Resume, receipt.Gone, receipt.Pending = ResumePending, "", err
			continue
		}
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
	if len(o.OwedEvents) > 0 {
		receipt.Events = EventsPublished
		if err := m.publish(ctx, o); err != nil {
			m.log.WarnContext(ctx, "events pending", "order", o.ID, "error", err)
			settlement.Everything = false
			receipt.Events, receipt.Pending = EventsPending, err
		} else {
			settlement.Events = o.OwedEvents
		}
	}
	if settlement.empty() {
		return
	}
	if err := m.settle(ctx, settlement); err != nil {
		// It was delivered. It will be delivered again, which the receiver can take.
		m.log.WarnContext(ctx, "delivered but not settled", "order", o.ID, "error", err)
		return
	}
	settlement.Apply(o)
}

// answer answers a wait: its token, and if nothing waits on that, the spare one. It tells which of them are done with.
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

func (m *Manager) resume(ctx context.Context, o *Order, wait Wait, token TaskToken) (Answer, error) {
	ctx, end := m.observe(ctx, "resume", "", o.ID)
	outcome, err := m.outcome(Decided{
		Order: o.masked(), Wait: wait, Decision: o.slot(wait).Decision, By: m.table.decided(o, wait),
	})
	if err == nil {
		err = outcome.Validate()
	}
	var answer Answer
	if err == nil {
		answer, err = m.resumer.Resume(ctx, token, outcome)
	}
	if err == nil && answer != Accepted && answer != Gone {
		err = fmt.Errorf("the resumer answered %q", answer)
	}
	end(err)
	return answer, err
}

func (m *Manager) publish(ctx context.Context, o *Order) error {
	if m.publisher == nil {
		return fmt.Errorf("events are owed and there is no publisher: %w", ErrUndeliverable)
	}
	events := make([]Event, 0, len(o.OwedEvents))
	for _, id := range o.OwedEvents {
		event, err := m.table.event(o, id)
		if err != nil {
			return err
		}
		events = append(events, event)
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Version, b.Version) })
	ctx, end := m.observe(ctx, "publish", "", o.ID)
	err := m.publisher.Publish(ctx, events)
	end(err)
	return err
}

// RedriveOptions is everything about a redrive that has a default. The zero RedriveOptions, and nil, are fine.
type RedriveOptions struct {
	// DryRun visits what is owed and delivers nothing.
	DryRun bool
	// Visited is called after each order, from the goroutine of the redrive. Its Receipt has an empty Action. Default: nothing.
	Visited func(Receipt)
}

// RedriveReport sums a redrive up.
type RedriveReport struct {
	// Orders is how many orders owed something.
	Orders int
	// Delivered and Gone are how many orders had an answer accepted, and how many had only waits that were gone.
	Delivered, Gone int
	// Published is how many orders had their events published.
	Published int
	// Pending is how many orders still owe something, or could not be read.
	Pending int
}

// Redrive delivers what is still owed: answers and events whose delivery failed, or was cut short by a crash. Run it
// regularly, and after every outage. It may run while actions are going on and in several places at once; then something may be
// delivered twice, which receivers must be able to take anyway. An order that cannot be delivered is counted as pending and left
// for the next time. Errors: [ErrContextDone] when it is stopped midway, with the report of what was visited until then, and
// [ErrStore] when the listing failed, or when everything was visited and some orders could not be read or settled.
func (m *Manager) Redrive(ctx context.Context, options *RedriveOptions) (RedriveReport, error) {
	if options == nil {
		options = &RedriveOptions{}
	}
	ctx, end := m.observe(ctx, "redrive", "", "")
	report, err := m.redrive(ctx, options)
	end(err)
	return report, err
}

func (m *Manager) redrive(ctx context.Context, options *RedriveOptions) (report RedriveReport, err error) {
	query := Query{Owing: true}
	var errs []error
	for {
		if err := ready(ctx); err != nil {
			return report, errors.Join(append(errs, err)...)
		}
		page, err := m.list(ctx, query)
		if err != nil {
			return report, errors.Join(append(errs, err)...)
		}
		for _, skipped := range page.Skipped {
			m.log.WarnContext(ctx, "not redriven", "order", skipped.OrderID, "error", skipped.Err)
			report.Pending++
			errs = append(errs, &StoreError{"list", skipped.OrderID, skipped.Err})
		}
		for _, listed := range page.Orders {
			if err := ready(ctx); err != nil {
				return report, errors.Join(append(errs, err)...)
			}
			if err := m.redriveOrder(ctx, listed.ID, options, &report); err != nil {
				// One order that cannot be read must not keep the others from being redriven.
				m.log.WarnContext(ctx, "not redriven", "order", listed.ID, "error", err)
				report.Pending++
				errs = append(errs, err)
			}
		}
		if query.Cursor = page.Cursor; query.Cursor == "" {
			return report, errors.Join(errs...)
		}
	}
}

// redriveOrder delivers what one order owes. An error means that the store failed.
func (m *Manager) redriveOrder(ctx context.Context, orderID string, options *RedriveOptions, report *RedriveReport) error {
	// The listing may lag behind, so what to say is taken from the order itself.
	o, err := m.get(ctx, orderID)
	if err != nil || o == nil {
		return err
	}
	if err := m.known(o); err != nil {
		return err
	}
	if !o.Owes() {
		if options.DryRun {
			return nil
		}
		return m.settle(ctx, Settlement{OrderID: o.ID, Version: o.Version, Everything: true})
	}
	report.Orders++
	receipt := Receipt{Resume: ResumeNone, Events: EventsNone}
	if options.DryRun {
		if len(o.answering()) > 0 {
			receipt.Resume = ResumePending
		}
		if len(o.OwedEvents) > 0 {
			receipt.Events = EventsPending
		}
	} else {
		deliverCtx, cancel := context.WithTimeout(ctx, m.timeout)
		defer cancel()
		m.deliver(deliverCtx, nil, o, &receipt)
	}
	receipt.Order = o.masked()
	switch receipt.Resume {
	case ResumeDelivered:
		report.Delivered++
	case ResumeGone:
		report.Gone++
	}
	if receipt.Events == EventsPublished {
		report.Published++
	}
	if receipt.Pending != nil || options.DryRun {
		report.Pending++
	}
	if options.Visited != nil {
		options.Visited(receipt)
	}
	return nil
}
