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

// tokenPrefix tells our tokens from those of another workflow service.
const tokenPrefix = "ordermanager-embedded:"

// nudge wakes Run.
func (w *Workflow) nudge() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Shop is one venue as the workflow sees it.
type Shop struct {
	// Venue is the shop's identifier; empty where there is only one.
	Venue string
	// Open says whether new orders are taken. A shop is open until it is closed.
	Open bool
	// InQueue is how many orders wait for their drink or for completion.
	InQueue int
	// LastNumber is the order number that was given last; 0 before the first. The next is one more.
	LastNumber int64
}
