// Package workflow is an in-process two-wait workflow for orders, durable in a database: it replaces AWS Step Functions
// and the Serverlesspresso sample's OrderProcessor. Package embedded/workflow makes one in a SQLite file, and package
// postgres one in PostgreSQL.
//
// Each order waits for its drink, takes a number, and waits for completion; each wait has a token and a time-out. A
// Workflow is the [ordermanager.Resumer] of its own tokens, and tells a [ordermanager.Manager] what happens. If
// Workflow and store share a database, and the Manager was made with this Workflow itself rather than a wrapper, a
// transition, the answer that follows from it and the workflow's next step are one transaction: see
// [ordermanager.Joint].
//
// A step and what the Manager must be told of it are one transaction, and the Manager is told at least once, by
// [Workflow.Run]. So a process can be killed at any moment: when the database is opened again, every order is where it
// was, no number is given twice, and the Manager is told what it has not been told yet.
package workflow

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/internal/sqldb"
)

// Stage is where a [Workflow] stands with an order. The values are those of package memory, except the stage that takes
// a number: here that is part of the answer's step.
type Stage string

const (
	// StageDrink waits for the customer's drink: the first wait.
	StageDrink Stage = "waiting for a drink"
	// StageCompletion waits for completion: the second wait.
	StageCompletion Stage = "waiting for completion"
	// StageFinished ended with a completed order.
	StageFinished Stage = "finished"
	// StageCancelled ended with a cancelled order.
	StageCancelled Stage = "cancelled"
	// StageTimedOut ended because nobody answered in time.
	StageTimedOut Stage = "timed out"
)

// The reasons why a shop does not take an order. After each, nothing was written.
var (
	// ErrShopClosed: the venue is closed: see [Workflow.SetOpen].
	ErrShopClosed = ordermanager.ErrShopClosed
	// ErrQueueFull: MaxInQueue orders of the venue are open, or MaxInWindow started within the window: see
	// [capacity.Limits].
	ErrQueueFull = ordermanager.ErrQueueFull
	// ErrTooManyOrders: MaxPerCustomer orders of the customer are open at the venue, or MaxPerDay started within a day.
	ErrTooManyOrders = ordermanager.ErrTooManyOrders
)

// Options configures a Workflow. Nil and the zero Options mean the defaults.
type Options struct {
	// DrinkTimeout is how long the first wait lasts. Default: 300 seconds, as in the Serverlesspresso sample.
	DrinkTimeout time.Duration
	// CompletionTimeout is how long the second wait lasts. Default: 900 seconds, as in the Serverlesspresso sample.
	CompletionTimeout time.Duration
	// Limits limits the orders that start.
	Limits capacity.Limits
	// Retention is how long an ended workflow is kept; after that, [Workflow.Status] no longer knows it. Its order stays.
	// Default: 30 days. The minimum is 24 hours and the Window of Limits, which count ended workflows.
	Retention time.Duration
	// Logger gets a warning for everything that Run will retry, and an error for what the Manager will never accept,
	// but never a task token. Default: no logging.
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

	// starting holds the orders that are being started, by the fingerprint of their token.
	starting sync.Map
	// joins is set if the Manager's store runs the workflow in its transactions: see joint.
	joins atomic.Bool
}

var _ ordermanager.Resumer = (*Workflow)(nil)

// New is for packages that support a database, which create its tables first. Make a Manager with the workflow, then
// call [Workflow.Connect]. Its error is [ordermanager.ErrInvalidOptions].
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

// Connect sets the Manager to notify. Call it once, before anything else.
func (w *Workflow) Connect(manager *ordermanager.Manager) {
	w.manager = manager
	w.joins.Store(false)
}

// tokenPrefix distinguishes our tokens from other workflow services'.
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
	// Open is whether new orders are accepted. A shop is open until it is closed.
	Open bool
	// InQueue is how many orders wait for their drink or for completion.
	InQueue int
	// LastNumber is the last order number given; 0 before the first. The next is one more.
	LastNumber int64
}
