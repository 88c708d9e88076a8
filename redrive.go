package ordermanager

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// RedriveOptions configures a redrive. Nil and the zero RedriveOptions mean the defaults.
type RedriveOptions struct {
	// DryRun visits what is owed and delivers nothing.
	DryRun bool
	// Concurrency is how many orders are delivered at once. Default: 8.
	Concurrency int
	// Visited is called after each order, from one goroutine at a time. Its Receipt has an empty Action. Default: nothing.
	Visited func(Receipt)
}

// RedriveReport summarises a redrive. Its JSON form is the same at every door.
type RedriveReport struct {
	// Orders is how many orders owed something.
	Orders int `json:"orders"`
	// Delivered is how many orders had an answer accepted.
	Delivered int `json:"delivered"`
	// Gone is how many had only waits that were gone.
	Gone int `json:"gone"`
	// Published is how many orders had their events published.
	Published int `json:"published"`
	// Pending is how many orders still owe something, or could not be read.
	Pending int `json:"pending"`
	// Postponed is how many of the pending orders were not tried, because they failed lately.
	Postponed int `json:"postponed"`
}

// Redrive delivers what is still owed: answers and events whose delivery failed, or was cut short by a crash. Run it
// regularly, and after every outage. It may run while actions are going on and in several places at once; then
// something may be delivered twice, which receivers must be able to take anyway.
//
// Several orders are delivered at once, so that one that hangs does not delay the others. An order that fails is
// counted as pending and left for a later time: this Manager waits about as long again as the trouble has lasted, up to
// six hours. If the workflow's service or the publisher accepted nothing else in the meantime, the trouble is not the
// order's own, and it is tried again as soon as they accept something.
//
// Errors: [ErrContextDone] when it is stopped midway, with the report of what was visited until then, and [ErrStore]
// when the listing failed, or when everything was visited and some orders could not be read or settled. A panic of the
// store while it reads or settles an order, or of Visited, is an error about that order and does not end the program.
func (m *Manager) Redrive(ctx context.Context, options *RedriveOptions) (RedriveReport, error) {
	if options == nil {
		options = &RedriveOptions{}
	}
	r := &redriver{m: m, options: options, visited: map[string]bool{}}
	ctx, end := m.begin(ctx, Operation{Name: "redrive"})
	err := r.run(ctx)
	end(Ending{Err: err})
	return r.report, err
}

// redriver is one redrive.
type redriver struct {
	m       *Manager
	options *RedriveOptions

	// visited are the orders that this redrive has seen. Only the goroutine that lists uses it.
	visited map[string]bool

	mu     sync.Mutex
	report RedriveReport
	errs   []error
}

// run lists what is owed until a listing shows nothing new: orders leave it while it is read, and a store may pass over
// some then.
func (r *redriver) run(ctx context.Context) error {
	concurrency := r.options.Concurrency
	if concurrency <= 0 {
		concurrency = 8
	}
	slots := make(chan struct{}, concurrency)
	var running sync.WaitGroup
	deliver := func(orderID string) {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			r.order(ctx, orderID)
		})
	}
	var err error
	for found := true; found && err == nil; {
		found, err = r.list(ctx, deliver)
		running.Wait()
	}
	return errors.Join(append(r.errs, err)...)
}

func (r *redriver) list(ctx context.Context, deliver func(orderID string)) (found bool, err error) {
	query := Query{Owing: true}
	for {
		if err := ready(ctx); err != nil {
			return found, err
		}
		page, err := r.m.list(ctx, query)
		if err != nil {
			return found, err
		}
		for _, skipped := range page.Skipped {
			if r.isNew(skipped.OrderID) {
				r.failed(ctx, skipped.OrderID, &StoreError{"list", skipped.OrderID, skipped.Err})
			}
		}
		for _, listed := range page.Orders {
			if err := ready(ctx); err != nil {
				return found, err
			}
			if r.isNew(listed.ID) {
				found = true
				deliver(listed.ID)
			}
		}
		if query.Cursor = page.Cursor; query.Cursor == "" {
			return found, nil
		}
	}
}

func (r *redriver) isNew(orderID string) bool {
	seen := r.visited[orderID]
	r.visited[orderID] = true
	return !seen
}

// failed counts an order that could not be read or settled. It must not keep the others from being redriven.
func (r *redriver) failed(ctx context.Context, orderID string, err error) {
	r.m.log.WarnContext(ctx, "not redriven", "order", orderID, "error", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Pending++
	r.errs = append(r.errs, err)
}

// order delivers what one order owes. It runs in a goroutine of its own, where no caller could recover a panic of the
// store.
func (r *redriver) order(ctx context.Context, orderID string) {
	defer func() {
		if p := recover(); p != nil {
			r.failed(ctx, orderID, fmt.Errorf("order %s: a collaborator panicked: %v", orderID, p))
		}
	}()
	if !r.options.DryRun && !r.m.trouble.due(orderID) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.report.Orders++
		r.report.Pending++
		r.report.Postponed++
		return
	}
	// The listing may lag behind, so what to say is taken from the order itself.
	o, err := r.m.get(ctx, orderID)
	var receipt *Receipt
	if err == nil && o != nil {
		receipt, err = r.m.redriveOrder(ctx, o, r.options.DryRun)
	}
	if err != nil {
		r.failed(ctx, orderID, err)
		return
	}
	if receipt == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.add(receipt)
	if r.options.Visited != nil {
		r.options.Visited(*receipt)
	}
}

func (r *RedriveReport) add(receipt *Receipt) {
	r.Orders++
	switch receipt.Resume {
	case ResumeDelivered:
		r.Delivered++
	case ResumeGone:
		r.Gone++
	}
	if receipt.Events == EventsPublished {
		r.Published++
	}
	if receipt.Resume == ResumePending || receipt.Events == EventsPending {
		r.Pending++
	}
}

// RedriveOrder delivers what one order owes now, even if an attempt just failed: for a stream of changes, or an
// operator. A nil Receipt means that it owes nothing.
//
// Errors: [ErrInvalidRequest], [ErrContextDone], [ErrOrderNotFound], [ErrUnknownState], [ErrStore].
func (m *Manager) RedriveOrder(ctx context.Context, orderID string) (*Receipt, error) {
	if err := ready(ctx); err != nil {
		return nil, err
	}
	if err := checkID("orderId", orderID); err != nil {
		return nil, err
	}
	o, err := m.existing(ctx, orderID)
	if err != nil {
		return nil, err
	}
	return m.redriveOrder(ctx, o, false)
}

// redriveOrder delivers what one order owes, as it was just read. It returns nil if that is nothing; an error means
// that the store failed, or that the life cycle does not know the order's state.
func (m *Manager) redriveOrder(ctx context.Context, o *Order, dryRun bool) (*Receipt, error) {
	if err := m.known(o); err != nil {
		return nil, err
	}
	receipt := &Receipt{Resume: ResumeNone, Events: EventsNone}
	switch {
	case !o.owes() && dryRun:
		return nil, nil //nolint:nilnil // as above
	case !o.owes():
		return nil, m.settle(ctx, m.settlement(o))
	case dryRun:
		if o.answering(FirstWait) || o.answering(SecondWait) {
			receipt.Resume = ResumePending
		}
		if len(o.OwedEvents) > 0 {
			receipt.Events = EventsPending
		}
	default:
		m.trouble.redriven(o.ID, m.deliver(ctx, nil, o, receipt))
	}
	o.mask()
	receipt.Order = *o
	return receipt, nil
}
