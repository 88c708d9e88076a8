package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/internal/sqldb"
	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/workflow"
)

// NewWorkflow returns the two-wait workflow in a database, and brings its tables up to date; they are in the same
// schema as those of the store. Each replica has one and runs [workflow.Workflow.Run]: there is no leader. A time-out
// is carried out by whichever replica comes first, what a replica that was killed had not told the Manager another one
// tells, and the numbers of a venue have neither holes nor doubles.
//
// With [InTx], an order begins inside a transaction of yours.
//
// Errors: those of [NewStore].
func NewWorkflow(ctx context.Context, pool *pgxpool.Pool, options *Options, settings *workflow.Options) (*workflow.Workflow, error) {
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

// Write runs a step in a transaction, or in a part of the caller's.
func (d workflowDatabase) Write(ctx context.Context, do func(tx sqldb.Conn) error) error {
	return d.write(ctx, func(tx pgx.Tx) error { return do(workflowConn{tx, d.dialect}) })
}

func (d workflowDatabase) Place() any { return d.place }

func (workflowDatabase) SkipLocked() string { return " FOR UPDATE SKIP LOCKED" }

// workflowConn is a pool or a transaction as a [sqldb.Conn].
type workflowConn struct {
	driver interface {
		Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
		QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	}
	dialect *sqlstore.Dialect
}

func (c workflowConn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := c.in(ctx).driver.Exec(ctx, c.dialect.Render(text), args...)
	return tag.RowsAffected(), classify(ctx, err)
}

func (c workflowConn) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	return row{ctx, c.in(ctx).driver.QueryRow(ctx, c.dialect.Render(text), args...)}
}

// in is the caller's transaction, if there is one and c is the pool.
func (c workflowConn) in(ctx context.Context) workflowConn {
	if _, pool := c.driver.(*pgxpool.Pool); pool {
		if tx := txOf(ctx); tx != nil {
			c.driver = tx
		}
	}
	return c
}

type row struct {
	ctx context.Context
	row pgx.Row
}

func (r row) Scan(dest ...any) error { return classify(r.ctx, r.row.Scan(dest...)) }
