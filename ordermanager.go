package ordermanager

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/brewline/ordermanager/internal/texts"
)

// Manager moves orders through their life and resumes the workflows that wait for them. It keeps nothing itself: any
// number of Managers, in any number of processes, can work on one store. It is safe for concurrent use.
type Manager struct {
	store     Store
	menu      MenuSource
	resumer   Resumer
	fanout    fanout
	lifecycle Lifecycle
	table     *table
	policy    Policy
	outcome   func(Decided) (Outcome, error) // nil for the default
	now       func() time.Time
	log       *slog.Logger
	observer  Observer
	trace     func(context.Context) string
	timeout   time.Duration
	callLimit time.Duration
	trouble   trouble
	joint     *Joint
}

// Options configures a Manager. Nil and the zero Options mean the defaults.
type Options struct {
	// Lifecycle is the life-cycle table. Default, and of the zero Lifecycle: [StandardLifecycle].
	Lifecycle Lifecycle
	// Policy decides who may do what, where the life cycle does not. Default: [DefaultPolicy].
	Policy Policy
	// Outcome returns what a workflow is resumed with. It is called each time that an answer is sent, also by a redrive,
	// and must return the same answer for the same decision. It must be safe for concurrent use, and must not call the
	// Manager, because it may be called during a write: see [Joint]. After an error the answer stays owed. Default:
	// [DefaultOutcome].
	Outcome func(Decided) (Outcome, error)
	// Publisher gets the events. Default: none; without one here or in Publishers, no event is recorded as owed.
	Publisher Publisher
	// Publishers get the events too, each under a name: lower-case letters, digits and hyphens, up to
	// [MaxPublisherNameBytes]. Every event is owed to each publisher and settled with each on its own, so that a failing
	// one does not affect the others. They are called one after another, and share the time of a delivery. With Publisher,
	// they are at most [MaxPublishers]. Default: none.
	//
	// A name is on record as long as something is owed to it. What is owed to a publisher that a Manager does not have
	// stays owed, with an error that wraps [ErrUndeliverable], until a Manager that has it delivers it or
	// [Manager.Abandon] gives it up.
	Publishers map[string]Publisher
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
	// Logger gets a warning for everything that could not be delivered and must be redriven. It never gets a task token.
	// Default: no logging.
	Logger *slog.Logger
	// Observer sees every operation. Default: none.
	Observer Observer
	// Trace returns the trace context of a call, normally as a W3C traceparent, from the context that the Observer
	// returned for it. It is kept with the transition, so that the answers and events which follow from it carry it, also
	// when another process redrives them. What is longer than [MaxTraceBytes] or not printable ASCII is dropped. It must
	// not block. Default: none is kept.
	Trace func(context.Context) string
	// DeliveryTimeout limits what an action spends on delivering what follows from it, after it was applied; several
	// deliveries share it. A caller's context that is cancelled in the meantime does not stop a delivery; this, and the
	// deadline of that context, do. They end the context of the [Resumer] or [Publisher], and one that ignores it is
	// waited for all the same. Default: 10 seconds.
	DeliveryTimeout time.Duration
	// CallTimeout limits each call to the store and to the menu in the same way, whatever the caller's context. Default:
	// 10 seconds.
	CallTimeout time.Duration
}

// Operation is something that a Manager does, as its [Observer] sees it.
type Operation struct {
	// Name is "handle" for a whole action or notification, "redrive" for a whole redrive, and for the parts of them
	// "menu", "store.apply", "store.settle", "store.get", "store.list", "resume" and "publish".
	Name string
	// Action is the action or notification, where there is one; of a "resume" it is the one that decided the wait.
	Action Action
	// OrderID is the order, where there is one.
	OrderID string
	// Publisher is the name that the publisher of a "publish" has in [Options].Publishers; empty for [Options].Publisher.
	Publisher string
	// Events is how many events a "publish" sends.
	Events int
	// Traces are the trace contexts, of [Entry], of what a "resume" answers with and a "publish" announces: each once, and
	// only those that were kept.
	Traces []string
}

// Ending is how an operation ended, as reported to an [Observer].
type Ending struct {
	// Err is the operation's error; nil for a success. [CodeOf] gives a label for it.
	Err error
	// Refused says of a "store.apply" that a guard did not hold, so that nothing was written.
	Refused bool
	// Gone says of a "resume" that nothing waited on the token any more.
	Gone bool
}

// Observer is called when an operation begins. The context that it returns is used for what happens in between, and the
// function that it returns is called once, with how the operation ended. Either may be nil. It is where metrics and
// traces are added: a span begins and ends here; package otelobserver does it for OpenTelemetry. It must be safe for
// concurrent use, and an operation waits for it, so it must not block. A panic is logged, and the operation goes on. No
// task token reaches it.
type Observer func(ctx context.Context, op Operation) (context.Context, func(Ending))

// Lifecycle returns the Manager's life cycle.
func (m *Manager) Lifecycle() Lifecycle { return m.lifecycle }

// Order returns one order. Errors: [ErrInvalidRequest], [ErrOrderNotFound], [ErrStore].
func (m *Manager) Order(ctx context.Context, orderID string) (Order, error) {
	if err := checkID("orderId", orderID); err != nil {
		return Order{}, err
	}
	o, err := m.existing(ctx, orderID)
	if err != nil {
		return Order{}, err
	}
	o.mask()
	return *o, nil
}

// OrderPage is a part of a listing.
type OrderPage struct {
	Orders []Order
	// Skipped are orders that belong to this part of the listing and were passed over.
	Skipped []Skipped
	// Cursor continues the listing; empty when this was the last page.
	Cursor string
}

// Page returns one page of the orders that match the query, which must ask for something: there is no listing of all
// orders. An order that cannot be read, or whose state is not in the life cycle, is passed over, logged and named in
// the page.
//
// Errors: [ErrInvalidRequest], also for a cursor that is not from a page of this listing and for a state that the life
// cycle does not have, and [ErrStore].
func (m *Manager) Page(ctx context.Context, q Query) (OrderPage, error) {
	page, err := m.list(ctx, q)
	if err != nil {
		return OrderPage{}, err
	}
	result := OrderPage{Orders: make([]Order, 0, len(page.Orders)), Skipped: page.Skipped, Cursor: page.Cursor}
	for _, o := range page.Orders {
		if err := m.known(o); err != nil {
			result.Skipped = append(result.Skipped, Skipped{o.ID, err})
		} else {
			o.mask()
			result.Orders = append(result.Orders, *o)
		}
	}
	for _, skipped := range result.Skipped {
		m.log.WarnContext(ctx, "not listed", "order", skipped.OrderID, "error", skipped.Err)
	}
	return result, nil
}

// known refuses an order whose state the life cycle does not have.
func (m *Manager) known(o *Order) error {
	if m.table.states[o.State] == nil {
		return fmt.Errorf("%w: order %s is %q", ErrUnknownState, o.ID, texts.Clip(string(o.State), MaxNameBytes))
	}
	return nil
}

// Orders goes through all orders that match the query (see [Manager.Page], also for what it passes over), page by page;
// it holds nothing open between them, so orders that change meanwhile may be missed or met again. An error, as of
// [Manager.Page], ends it. The query's Limit is the size of a page.
func (m *Manager) Orders(ctx context.Context, q Query) iter.Seq2[Order, error] {
	return func(yield func(Order, error) bool) {
		for {
			page, err := m.Page(ctx, q)
			if err != nil {
				yield(Order{}, err)
				return
			}
			for _, o := range page.Orders {
				if !yield(o, nil) {
					return
				}
			}
			if page.Cursor == "" {
				return
			}
			q.Cursor = page.Cursor
		}
	}
}

func (q *Query) validate() error {
	switch {
	case q.State == "" && q.Customer == "" && q.Venue == "" && !q.Owing:
		return invalid("query", "asks for nothing: name a state, a customer, a venue or what is owed")
	case q.Limit < 0 || q.Limit > MaxPageSize:
		return invalid("limit", fmt.Sprintf("is not between 1 and %d", MaxPageSize))
	}
	if err := CheckID("userId", q.Customer); err != nil {
		return err
	}
	if q.Limit == 0 {
		q.Limit = DefaultPageSize
	}
	return CheckID("eventId", q.Venue)
}

// The calls to the collaborators, each observed and with its errors wrapped, in one place.

// begin tells the observer that an operation begins, and returns a function that reports its end.
func (m *Manager) begin(ctx context.Context, op Operation) (context.Context, func(Ending)) {
	if m.observer == nil {
		return ctx, unobserved
	}
	return m.observe(ctx, op)
}

func (m *Manager) observe(ctx context.Context, op Operation) (observed context.Context, end func(Ending)) {
	observed, end = ctx, unobserved
	defer m.unharmed(ctx, op)
	within, told := m.observer(ctx, op)
	if within != nil {
		observed = within
	}
	if told != nil {
		end = func(e Ending) {
			defer m.unharmed(ctx, op)
			told(e)
		}
	}
	return observed, end
}

// unharmed recovers an observer's panic: what is only told must not look as if it had failed.
func (m *Manager) unharmed(ctx context.Context, op Operation) {
	if p := recover(); p != nil {
		m.log.WarnContext(ctx, "the observer panicked", "operation", op.Name, "order", op.OrderID, "panic", fmt.Sprint(p))
	}
}

func unobserved(Ending) {}

// apply also returns which guards refused.
func (m *Manager) apply(ctx context.Context, t *Transition) (Result, guard, error) {
	return m.applyWithin(ctx, t, new(limitedContext))
}

// applyWithin is apply with the memory for its limit.
func (m *Manager) applyWithin(ctx context.Context, t *Transition, limited *limitedContext) (Result, guard, error) {
	t.Entry.Trace = m.traced(ctx)
	t.Joint = m.joint
	ctx, end := m.begin(ctx, Operation{Name: "store.apply", Action: t.Entry.Action, OrderID: t.OrderID})
	limited.Context, limited.limit = ctx, m.callLimit
	defer limited.release()
	result, err := m.store.Apply(limited, *t)
	var failing guard
	if err == nil && !result.Applied {
		failing = t.failing(result.Order)
	}
	switch {
	case notBegun(err):
		// The workflow did not take the order, and so nothing was written.
	case err != nil:
		err = &StoreError{"apply", t.OrderID, err}
	case result.Order != nil && result.Order.ID != t.OrderID, result.Applied && result.Order == nil,
		!result.Applied && failing == 0:
		err = &StoreError{"apply", t.OrderID, ErrStoreContract}
	}
	end(Ending{Err: err, Refused: err == nil && !result.Applied})
	return result, failing, err
}

// traced returns the trace context of a call, as it can be kept.
func (m *Manager) traced(ctx context.Context) string {
	if m.trace == nil {
		return ""
	}
	trace := m.trace(ctx)
	if len(trace) > MaxTraceBytes || !texts.Plain(trace) {
		return "" // a bad trace must not fail the call
	}
	return trace
}

func (m *Manager) settle(ctx context.Context, s Settlement) error {
	ctx, end := m.begin(ctx, Operation{Name: "store.settle", OrderID: s.OrderID})
	limited := limit(ctx, m.callLimit)
	defer limited.release()
	err := m.store.Settle(limited, s)
	if err != nil {
		err = &StoreError{"settle", s.OrderID, err}
	}
	end(Ending{Err: err})
	return err
}

func (m *Manager) get(ctx context.Context, orderID string) (*Order, error) {
	ctx, end := m.begin(ctx, Operation{Name: "store.get", OrderID: orderID})
	limited := limit(ctx, m.callLimit)
	defer limited.release()
	o, err := m.store.Get(limited, orderID)
	if err == nil && o != nil && o.ID != orderID {
		err = ErrStoreContract
	}
	if err != nil {
		err = &StoreError{"get", orderID, err}
	}
	end(Ending{Err: err})
	return o, err
}

// existing is get for an order that must exist.
func (m *Manager) existing(ctx context.Context, orderID string) (*Order, error) {
	o, err := m.get(ctx, orderID)
	if err == nil && o == nil {
		err = fmt.Errorf("%w: %s", ErrOrderNotFound, orderID)
	}
	return o, err
}

func (m *Manager) list(ctx context.Context, q Query) (Page, error) {
	if err := q.validate(); err != nil {
		return Page{}, err
	}
	if q.State != "" && m.table.states[q.State] == nil {
		return Page{}, invalid("state", "is not in the life cycle, which has "+join(m.lifecycle.States(), StateRule.name))
	}
	// A cursor belongs to its listing, whatever the store makes of it.
	listing := fingerprint(string(q.State), q.Customer, q.Venue, strconv.FormatBool(q.Owing), direction(q))[:8] + "."
	cursor, ours := strings.CutPrefix(q.Cursor, listing)
	if q.Cursor != "" && (!ours || cursor == "") {
		return Page{}, invalid("cursor", "is not from a page of this listing")
	}
	q.Cursor = cursor
	ctx, end := m.begin(ctx, Operation{Name: "store.list"})
	limited := limit(ctx, m.callLimit)
	defer limited.release()
	page, err := m.store.List(limited, q)
	switch {
	case cursor != "" && errors.Is(err, ErrInvalidRequest):
		err = invalid("cursor", "is not from a page of this listing")
	case err != nil && !errors.Is(err, ErrInvalidRequest):
		err = &StoreError{"list", "", err}
	case page.Cursor != "" && page.Cursor == cursor, slices.Contains(page.Orders, nil):
		err = &StoreError{"list", "", ErrStoreContract} // the same page would come for ever
	}
	if page.Cursor != "" {
		page.Cursor = listing + page.Cursor
	}
	end(Ending{Err: err})
	return page, err
}

// direction is empty for oldest first: those cursors are older than the other direction, and stay valid.
func direction(q Query) string {
	if q.Newest {
		return "newest"
	}
	return ""
}

func (m *Manager) findMenu(ctx context.Context, r *Request) (*Menu, error) {
	ctx, end := m.begin(ctx, Operation{Name: "menu", Action: r.Action, OrderID: r.OrderID})
	limited := limit(ctx, m.callLimit)
	defer limited.release()
	menu, err := m.menu.Menu(limited, r.Venue)
	if err == nil && menu == nil {
		err = errors.New("the source returned neither a menu nor an error")
	}
	if err != nil && !errors.Is(err, ErrUnknownVenue) {
		err = fmt.Errorf("%w: %w", ErrMenuUnavailable, err)
	}
	end(Ending{Err: err})
	return menu, err
}

// ready refuses a context that is done while it is certain that nothing was written.
func ready(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrContextDone, context.Cause(ctx))
	}
	return nil
}

// clock returns the time as every store can keep it, and every form of an order and an event can write it: a clock that
// is wrong must not make what was written unreadable.
func (m *Manager) clock() time.Time {
	now := m.now().UTC().Truncate(time.Millisecond)
	switch {
	case now.Before(firstMoment):
		return firstMoment
	case now.After(lastMoment):
		return lastMoment
	}
	return now
}

// RFC 3339 has four digits for the year.
var (
	firstMoment = time.Time{}
	lastMoment  = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
)
