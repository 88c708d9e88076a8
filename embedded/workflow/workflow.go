// Package workflow runs the two-wait workflow of an order in process, durable in a SQLite file. On one machine it
// stands in for AWS Step Functions and the Serverlesspresso sample's OrderProcessor. On the [sql.DB] of a
// sqlitestore.Store it takes part in the store's transactions: an order and its workflow begin, get a number and end in
// the same commits. See [ordermanager.Joint].
//
// The types are those of the module's package workflow, which says what they do. The errors of the file are those of
// sqlitestore.
package workflow

import (
	"context"
	"database/sql"
	"embed"

	"github.com/brewline/ordermanager/embedded/internal/sqlitefile"
	"github.com/brewline/ordermanager/workflow"
)

//go:embed migrations
var migrations embed.FS

type (
	// Workflow runs the workflows of all orders in a file.
	Workflow = workflow.Workflow
	// Options configures a Workflow.
	Options = workflow.Options
	// Status is the status of a workflow.
	Status = workflow.Status
	// Shop is one venue as the workflow sees it.
	Shop = workflow.Shop
	// Stage is where a Workflow stands with an order.
	Stage = workflow.Stage
)

// The stages, as package workflow describes them.
const (
	StageDrink      = workflow.StageDrink
	StageCompletion = workflow.StageCompletion
	StageFinished   = workflow.StageFinished
	StageCancelled  = workflow.StageCancelled
	StageTimedOut   = workflow.StageTimedOut
)

// The reasons why a shop does not take an order, as package workflow describes them.
var (
	ErrShopClosed    = workflow.ErrShopClosed
	ErrQueueFull     = workflow.ErrQueueFull
	ErrTooManyOrders = workflow.ErrTooManyOrders
)

// New returns the workflow in a database, and brings its tables up to date. The database is one that sqlitestore.Open
// returned, or one with the same settings. Make a Manager with the workflow, then call [Workflow.Connect].
//
// Errors: [ordermanager.ErrInvalidOptions], and those of sqlitestore.New.
func New(ctx context.Context, db *sql.DB, options *Options) (*Workflow, error) {
	w, err := workflow.New(sqlitefile.Database(db), options)
	if err != nil {
		return nil, err
	}
	if err := sqlitefile.Migrate(ctx, db, "workflow", migrations); err != nil {
		return nil, err
	}
	return w, nil
}
