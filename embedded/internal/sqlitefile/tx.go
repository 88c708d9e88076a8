package sqlitefile

import (
	"context"
	"database/sql"
)

// command executes a statement that belongs to no step.
func (t *Tx) command(text string) error {
	_, err := t.Exec(context.Background(), text)
	return err
}

// prepared returns the prepared statement of a text, if there is one: none can be prepared here, where the only
// connection is in use.
func (t *Tx) prepared(ctx context.Context, text string) *sql.Stmt {
	if statement, bound := t.tx.statements[text]; bound {
		return statement
	}
	if statement, found := t.writer.statements.Load(text); found {
		bound := t.tx.StmtContext(ctx, statement.(*sql.Stmt))
		t.tx.statements[text] = bound
		return bound
	}
	t.writer.wanted.Store(text, true)
	return nil
}

// Exec executes a statement.
func (t *Tx) Exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	ctx = context.WithoutCancel(ctx)
	if statement := t.prepared(ctx, text); statement != nil { //nolint:sqlclosecheck // it is the file's, and kept
		return statement.ExecContext(ctx, args...)
	}
	return t.tx.ExecContext(ctx, text, args...)
}

// Query queries rows.
func (t *Tx) Query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	if statement := t.prepared(ctx, text); statement != nil { //nolint:sqlclosecheck // it is the file's, and kept
		return statement.QueryContext(ctx, args...)
	}
	return t.tx.QueryContext(ctx, text, args...)
}

// QueryRow queries a row.
func (t *Tx) QueryRow(ctx context.Context, text string, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	if statement := t.prepared(ctx, text); statement != nil { //nolint:sqlclosecheck // it is the file's, and kept
		return statement.QueryRowContext(ctx, args...)
	}
	return t.tx.QueryRowContext(ctx, text, args...)
}
