// Package workflow is the two-wait workflow of an order in process, durable in a database: the stand-in for AWS Step
// Functions and the Serverlesspresso sample's OrderProcessor. Package embedded/workflow makes one in a SQLite file, and
// package postgres one in PostgreSQL.
//
// Each order waits for its drink, takes a number, and waits for completion; each wait has a token and a time-out. A
// Workflow is the [ordermanager.Resumer] of its own tokens, and tells a [ordermanager.Manager] what happens. In the
// database of the store, a Manager that was made with both of them, unwrapped Workflow and all, writes a transition,
// the answer that follows from it and the workflow's next step as one: see [ordermanager.Joint].
//
// A step and what the Manager must be told of it are one transaction, and the Manager is told at least once, by
// [Workflow.Run]. So a process can be killed at any moment: when the database is opened again, every order is where it
// was, no number is given twice, and what the Manager was not told yet it is told then.
package workflow

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// Stage is where a [Workflow] stands with an order. The values are those of the workflow in package memory; taking a
// number is not one of them, because it is one step with the answer that leads to it.
type Stage string

const (
	// StageDrink waits for the customer's drink: the first wait.
	StageDrink Stage = "waiting for a drink"
	// StageCompletion waits for completion: the second wait.
	StageCompletion Stage = "waiting for completion"
	// StageFinished ended with a completed order.
	StageFinished Stage = "finished"
	// StageCancelled ended with an order that somebody cancelled.
	StageCancelled Stage = "cancelled"
	// StageTimedOut ended because nobody answered in time.
	StageTimedOut Stage = "timed out"
)

// The reasons why a shop does not take an order. Nothing was written.
var (
	// ErrShopClosed: the venue is closed: see [Workflow.SetOpen].
	ErrShopClosed = ordermanager.ErrShopClosed
	// ErrQueueFull: MaxInQueue orders of the venue are open, or MaxInWindow began just now: see [ordermanager.Limits].
	ErrQueueFull = ordermanager.ErrQueueFull
	// ErrTooManyOrders: MaxPerCustomer orders of the customer are open at the venue, or MaxPerDay began within a day.
	ErrTooManyOrders = ordermanager.ErrTooManyOrders
)

// Options is everything about a Workflow that has a default. The zero Options, and nil, are fine.
type Options struct {
	// DrinkTimeout is how long the first wait lasts. Default: 300 seconds, as in the Serverlesspresso sample.
	DrinkTimeout time.Duration
	// CompletionTimeout is how long the second wait lasts. Default: 900 seconds, as in the Serverlesspresso sample.
	CompletionTimeout time.Duration
	// Limits is how many orders are begun.
	Limits ordermanager.Limits
	// Retention is how long a workflow that has ended is kept: then [Workflow.Status] does not know it any more. Its order
	// stays where it is. Default: 30 days; the least are 24 hours and the Window of Limits, which count what has begun.
	Retention time.Duration
	// Logger gets a warning for everything that Run will have to try again, and an error for what the Manager will
	// never accept. It never gets a task token. Default: silence.
	Logger *slog.Logger
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
}

// Workflow runs the workflows of all orders in a database. It is safe for concurrent use, and several processes can
// work on one database.
type Workflow struct {
	db      sqldb.Database
	manager *ordermanager.Manager
	options Options
	wake    chan struct{}

	// starting are the orders that Start is about to begin, by the fingerprint of their token.
	starting sync.Map
	// joins says that the store of the Manager takes the workflow along: see joint.
	joins atomic.Bool
}

var _ ordermanager.Resumer = (*Workflow)(nil)

// New is for the packages that know a database: they make its tables first. Make a Manager with the workflow, and then
// [Workflow.Connect] the two. Its error is [ordermanager.ErrInvalidOptions].
func New(database sqldb.Database, options *Options) (*Workflow, error) {
	w := &Workflow{db: database, wake: make(chan struct{}, 1)}
	if options != nil {
		w.options = *options
	}
	o := &w.options
	if min(o.DrinkTimeout, o.CompletionTimeout) < 0 {
		return nil, fmt.Errorf("%w: a time-out of the workflow is negative", ordermanager.ErrInvalidOptions)
	}
	limits, err := o.Limits.Check()
	if err != nil {
		return nil, err
	}
	o.Limits = limits
	if o.Retention == 0 {
		o.Retention = 30 * 24 * time.Hour
	}
	if o.Retention < max(24*time.Hour, limits.Window) {
		return nil, fmt.Errorf("%w: the retention of the workflow is shorter than what its limits count",
			ordermanager.ErrInvalidOptions)
	}
	if o.DrinkTimeout == 0 {
		o.DrinkTimeout = 300 * time.Second
	}
	if o.CompletionTimeout == 0 {
		o.CompletionTimeout = 900 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return w, nil
}

// Connect says which Manager to notify. Call it once, before anything else.
func (w *Workflow) Connect(manager *ordermanager.Manager) {
	w.manager = manager
	w.joins.Store(false)
}

// In is for stores: the workflow as a part of their transactions if it is in their place, and nil otherwise.
func (w *Workflow) In(place any) sqldb.Workflow {
	if w.db.Place() != place {
		return nil
	}
	return joint{w}
}

// Start begins the workflow of a new order, if the shop takes it, and tells the Manager, which creates the order.
//
// When it returns an error the order was not begun, except after a failure of the database, when that is not known:
// starting the same order again tells. When the order was begun and the Manager could not be told, that is not an
// error: it is [ordermanager.Receipt.Pending], the receipt's order is as it will be, and [Workflow.Run] tells the
// Manager. Where the two begin in one write, neither begins without the other.
//
// Errors: [ErrShopClosed], [ErrQueueFull], [ErrTooManyOrders], [ordermanager.ErrOrderExists],
// [ordermanager.ErrInvalidRequest], [ordermanager.ErrContextDone], [ordermanager.ErrStore], and those of the database.
func (w *Workflow) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	n := notification{action: ordermanager.ActionWorkflowStarted, orderID: orderID, customer: customer, venue: venue}
	s := &start{workflow: w, notification: &n, deadline: w.begin(&n, w.options.DrinkTimeout)}
	w.starting.Store(n.token.Fingerprint(), s)
	defer w.starting.Delete(n.token.Fingerprint())
	if w.joins.Load() {
		if receipt, err := w.notify(ctx, n); err != nil || s.begun {
			return receipt, err
		}
	}
	err := w.db.Write(ctx, func(tx sqldb.Conn) error {
		if err := s.begin(ctx, tx); err != nil {
			return err
		}
		s.recorded.Store(true) // before the commit, when others see the notification
		return n.record(ctx, tx)
	})
	if err != nil {
		return ordermanager.Receipt{}, err
	}
	receipt, err := w.tell(ctx, n)
	if err == nil || final(err) {
		return receipt, err
	}
	w.options.Logger.WarnContext(ctx, "notification pending", "order", orderID, "notification", n.action, "error", err)
	var initial ordermanager.State
	if w.manager != nil {
		initial = w.manager.Lifecycle().Initial()
	}
	return ordermanager.Receipt{
		Action:  n.action,
		Order:   ordermanager.Order{ID: orderID, Customer: customer, Venue: venue, State: initial},
		Resume:  ordermanager.ResumeNone,
		Events:  ordermanager.EventsNone,
		Pending: err,
	}, nil
}

// admit says whether the shop takes the order, which is counted already.
func (w *Workflow) admit(ctx context.Context, tx sqldb.Conn, customer, venue string, now int64) error {
	limits := w.options.Limits
	closed, err := isClosed(ctx, tx, venue, limits.Limited())
	if err != nil {
		return err
	}
	if closed {
		return ErrShopClosed
	}
	var taken ordermanager.Taken
	for _, limit := range [...]struct {
		most  int
		taken *int
		count func() (int, error)
	}{
		{limits.MaxInQueue, &taken.InQueue, func() (int, error) { return countOpen(ctx, tx, venue) }},
		{limits.MaxPerCustomer, &taken.OfCustomer, func() (int, error) { return countOpenOf(ctx, tx, venue, customer) }},
		{limits.MaxPerDay, &taken.InDay, func() (int, error) {
			return countSinceOf(ctx, tx, venue, customer, now-ordermanager.LimitDay.Milliseconds())
		}},
		{limits.MaxInWindow, &taken.InWindow, func() (int, error) {
			return countSince(ctx, tx, venue, now-limits.Window.Milliseconds())
		}},
	} {
		if limit.most == 0 {
			continue
		}
		if *limit.taken, err = limit.count(); err != nil {
			return err
		}
	}
	return limits.Refuse(taken)
}

// tokenPrefix tells our tokens from those of another workflow service.
const tokenPrefix = "ordermanager-embedded:"

// begin makes the token of a wait that begins, which the notification takes to the Manager, and returns the deadline.
// Only the token's fingerprint stays with the workflow.
func (w *Workflow) begin(n *notification, timeout time.Duration) (deadline int64) {
	now := w.options.Now()
	n.token, n.at = ordermanager.NewTaskToken(tokenPrefix+rand.Text()), now.UnixMilli()
	return now.Add(timeout).UnixMilli()
}

// Status is what is known of one workflow.
type Status struct {
	OrderID, Customer, Venue string
	// Stage is where the workflow stands. After a time-out it is final when nothing is pending: see [Workflow.Advance].
	Stage Stage
	// Number is the order number; empty until the first wait was answered.
	Number string
	// Deadline is when the open wait times out, in UTC; zero when none is open.
	Deadline time.Time
	// FirstAnswer and SecondAnswer are what the waits were answered with; nil for one that was not.
	FirstAnswer, SecondAnswer *ordermanager.Outcome
	// Pending is how many notifications the Manager is still to be told.
	Pending int
}

// Status returns what is known of the workflow of an order. Errors: [ordermanager.ErrOrderNotFound], and those of the
// database.
func (w *Workflow) Status(ctx context.Context, orderID string) (Status, error) {
	var s Status
	var deadline sql.Null[int64]
	var first, second answer
	err := w.db.QueryRow(ctx, `
		SELECT order_id, customer, venue, stage, number, deadline, first_answer, second_answer,
			(SELECT count(*) FROM ordermanager_notifications n WHERE n.order_id = w.order_id)
		FROM ordermanager_workflows w WHERE order_id = ?`, orderID).
		Scan(&s.OrderID, &s.Customer, &s.Venue, &s.Stage, &s.Number, &deadline, &first, &second, &s.Pending)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Status{}, fmt.Errorf("%w: %s", ordermanager.ErrOrderNotFound, orderID)
	case err != nil:
		return Status{}, err
	}
	if deadline.Valid {
		s.Deadline = time.UnixMilli(deadline.V).UTC()
	}
	s.FirstAnswer, s.SecondAnswer = first.outcome, second.outcome
	return s, nil
}
