package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqldb"
	"github.com/brewline/ordermanager/internal/sqlstore"
)

// jointly carries out a transition in which the workflow takes part. The caller must find out what refused it.
func jointly(
	ctx context.Context, at place, dialect *sqlstore.Dialect, statement sqlstore.Statement, joint *sqlstore.Joint,
) (result ordermanager.Result, err error) {
	tx, release, err := begin(ctx, at, dialect)
	if err != nil {
		return ordermanager.Result{}, classify(ctx, err)
	}
	defer release()
	o, err := tx.apply(ctx, statement)
	if err == nil && o != nil {
		result, err = joint.Follow(ctx, tx, o)
	}
	if err == nil && o != nil {
		err = tx.end(ctx, tx.commit)
	} else {
		err = errors.Join(err, tx.end(ctx, tx.rollback))
	}
	if err != nil {
		return ordermanager.Result{}, classify(ctx, err)
	}
	joint.Committed()
	result.Order = told(ctx, result.Order)
	return result, nil
}

// transaction is a [sqlstore.Tx]. Statements whose result is not needed at once are sent with the next one: begin,
// commit, and the workflow's later ones.
type transaction struct {
	conn interface {
		SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
	}
	dialect          *sqlstore.Dialect
	later            *pgx.Batch
	commit, rollback string
}

// begin starts a transaction, or a savepoint in the caller's.
func begin(ctx context.Context, at place, dialect *sqlstore.Dialect) (tx *transaction, release func(), err error) {
	tx = &transaction{dialect: dialect, later: &pgx.Batch{}}
	if callers := txOf(ctx); callers != nil {
		tx.conn, tx.commit, tx.rollback = callers, "RELEASE SAVEPOINT ordermanager", "ROLLBACK TO SAVEPOINT ordermanager"
		tx.later.Queue("SAVEPOINT ordermanager")
		return tx, func() {}, nil
	}
	conn, err := at.pool.Acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	tx.conn, tx.commit, tx.rollback = conn, "COMMIT", "ROLLBACK"
	tx.later.Queue("BEGIN")
	return tx, conn.Release, nil // the pool closes a connection that is still in a transaction
}

// end commits the transaction or rolls it back.
func (t *transaction) end(ctx context.Context, how string) error {
	if how == t.rollback {
		t.later = &pgx.Batch{}
	}
	t.later.Queue(how).Exec(func(tag pgconn.CommandTag) error {
		if how == "COMMIT" && tag.String() != how {
			return pgx.ErrTxCommitRollback
		}
		return nil
	})
	return t.send(ctx)
}

func (t *transaction) send(ctx context.Context) error {
	batch := t.later
	t.later = &pgx.Batch{}
	return t.conn.SendBatch(ctx, batch).Close()
}

// apply executes a statement that returns an order.
func (t *transaction) apply(ctx context.Context, s sqlstore.Statement) (o *ordermanager.Order, err error) {
	t.later.Queue(s.Text, s.Args...).Query(func(rows pgx.Rows) error {
		o, err = sqlstore.One(rows)
		return err
	})
	return o, t.send(ctx)
}

// Run implements [sqlstore.Tx].
func (t *transaction) Run(ctx context.Context, s sqlstore.Statement) (changed int64, err error) {
	t.later.Queue(s.Text, s.Args...).Exec(func(tag pgconn.CommandTag) error {
		changed = tag.RowsAffected()
		return nil
	})
	return changed, t.send(ctx)
}

// RunLater implements [sqlstore.Tx].
func (t *transaction) RunLater(_ context.Context, s sqlstore.Statement) error {
	t.later.Queue(s.Text, s.Args...)
	return nil
}

// Exec implements [sqldb.Conn].
func (t *transaction) Exec(ctx context.Context, text string, args ...any) (changed int64, err error) {
	return t.Run(ctx, sqlstore.Statement{Text: t.dialect.Render(text), Args: args})
}

// ExecLater implements [sqldb.Conn].
func (t *transaction) ExecLater(_ context.Context, text string, args ...any) error {
	t.later.Queue(t.dialect.Render(text), args...)
	return nil
}

// QueryRow implements [sqldb.Conn].
func (t *transaction) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	return asked(func(dest ...any) error {
		t.later.Queue(t.dialect.Render(text), args...).QueryRow(func(row pgx.Row) error { return row.Scan(dest...) })
		return t.send(ctx)
	})
}

// asked is a row that is queried when it is scanned.
type asked func(dest ...any) error

func (a asked) Scan(dest ...any) error { return a(dest...) }
