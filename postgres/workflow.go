package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/internal/sqldb"
	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/workflow"
)

// NewWorkflow returns the two-wait workflow in a database, and brings its tables, which are in the store's schema, up
// to date. Each replica has one and runs [workflow.Workflow.Run]; there is no leader. The first replica to notice
// carries out a time-out, another one delivers the notifications of a killed one, and a venue's numbers have neither
// gaps nor duplicates.
//
// With [InTx], an order starts inside your transaction.
//
// Errors: those of [NewStore].
func NewWorkflow(
	ctx context.Context, pool *pgxpool.Pool, options *Options, settings *workflow.Options,
) (*workflow.Workflow, error) {
	schema, err := options.schema()
	if err != nil {
		return nil, err
	}
	database := workflowDatabase{workflowConn{pool, sqlstore.PostgreSQL(schema)}, place{pool, schema}}
	w, err := workflow.New(database, settings)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, pool, schema); err != nil {
		return nil, err
	}
	return w, nil
}

// workflowDatabase is a pool as a [sqldb.Database].
type workflowDatabase struct {
	workflowConn
	place
}

// Write runs a step in a transaction, or in a savepoint of the caller's.
func (d workflowDatabase) Write(ctx context.Context, do func(tx sqldb.Conn) error) error {
	return d.write(ctx, func(tx pgx.Tx) error { return do(workflowConn{tx, d.dialect}) })
}

func (d workflowDatabase) Place() any { return d.place }

func (workflowDatabase) SkipLocked() string { return " FOR UPDATE SKIP LOCKED" }
