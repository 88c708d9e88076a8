package sqlitefile

import (
	"context"
	"database/sql/driver"

	"github.com/brewline/ordermanager/internal/sqldb"
)

// transaction is a transaction on a connection of the driver: passing its statements through database/sql costs a fifth
// of a step. The writer that has the turn owns it.
type transaction struct {
	driver.Tx
	conn       driver.Conn
	statements statements
	// args and values belong to the statement that is being executed.
	args   []driver.NamedValue
	values []driver.Value
	// end releases the context of the transaction.
	end func()
}

func (t *transaction) rollback() {
	_ = t.Rollback()
	t.end()
}

// prepared returns the prepared statement of a text.
func (t *transaction) prepared(text string) (statement, error) {
	if found, prepared := t.statements[text]; prepared {
		return found, nil
	}
	added, err := t.conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	t.statements[text] = added.(statement)
	return added.(statement), nil
}

// bind converts arguments as database/sql does.
func (t *transaction) bind(args []any) ([]driver.NamedValue, error) {
	t.args = t.args[:0]
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, err
		}
		t.args = append(t.args, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return t.args, nil
}

// Tx is a transaction as one step sees it, a [sqldb.Conn]. The end of a context does not interrupt its statements: that
// would roll back the steps of others.
type Tx struct{ tx *transaction }

// Exec implements [sqldb.Conn].
func (t *Tx) Exec(_ context.Context, text string, args ...any) (changed int64, err error) {
	one, err := t.tx.prepared(text)
	if err != nil {
		return 0, Classify(err)
	}
	values, err := t.tx.bind(args)
	if err != nil {
		return 0, err
	}
	result, err := one.ExecContext(context.Background(), values)
	if err != nil {
		return 0, Classify(err)
	}
	return result.RowsAffected()
}

// ExecLater implements [sqldb.Conn].
func (t *Tx) ExecLater(ctx context.Context, text string, args ...any) error {
	_, err := t.Exec(ctx, text, args...)
	return err
}

// command executes a statement that belongs to no step.
func (t *Tx) command(text string) error {
	_, err := t.Exec(context.Background(), text)
	return err
}

// script executes several statements.
func (t *Tx) script(text string) error {
	_, err := t.tx.conn.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}

// Query returns the rows of a result, which must be closed before the next statement.
func (t *Tx) Query(text string, args ...any) (*Rows, error) {
	one, err := t.tx.prepared(text)
	if err != nil {
		return nil, Classify(err)
	}
	values, err := t.tx.bind(args)
	if err != nil {
		return nil, err
	}
	rows, err := one.QueryContext(context.Background(), values)
	if err != nil {
		return nil, Classify(err)
	}
	columns := len(rows.Columns())
	if cap(t.tx.values) < columns {
		t.tx.values = make([]driver.Value, columns)
	}
	return &Rows{rows: rows, values: t.tx.values[:columns]}, nil
}

// QueryRow implements [sqldb.Conn].
func (t *Tx) QueryRow(_ context.Context, text string, args ...any) sqldb.Row {
	rows, err := t.Query(text, args...)
	if err != nil {
		return failed{err}
	}
	return only{rows}
}
