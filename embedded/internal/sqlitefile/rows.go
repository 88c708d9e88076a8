package sqlitefile

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Rows is the result of a query in a transaction.
type Rows struct {
	rows   driver.Rows
	values []driver.Value
	err    error
}

// Next reads the next row, if there is one.
func (r *Rows) Next() bool {
	err := r.rows.Next(r.values)
	if !errors.Is(err, io.EOF) {
		r.err = Classify(err)
	}
	return err == nil
}

// Err is the error of Next, if any.
func (r *Rows) Err() error { return r.err }

// Close ends the statement.
func (r *Rows) Close() error { return Classify(r.rows.Close()) }

// Scan returns the values of the row.
func (r *Rows) Scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("there are %d columns, and not %d", len(r.values), len(dest))
	}
	for i, value := range r.values {
		if err := assign(dest[i], value); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// assign stores the value of a column. The tables are strict, so it has the type of its column.
func assign(dest any, value driver.Value) error {
	switch d := dest.(type) {
	case *string:
		if text, ok := value.(string); ok {
			*d = text
			return nil
		}
	case *bool:
		if number, ok := value.(int64); ok {
			*d = number != 0
			return nil
		}
	case sql.Scanner:
		return d.Scan(value)
	}
	into := reflect.ValueOf(dest).Elem()
	switch v := value.(type) {
	case string:
		if into.Kind() == reflect.String {
			into.SetString(v)
			return nil
		}
	case int64:
		if into.CanInt() {
			into.SetInt(v)
			return nil
		}
	}
	return fmt.Errorf("a %T does not fit a %T", value, dest)
}

// only is the first row of a result.
type only struct{ rows *Rows }

// Scan implements [sqldb.Row]. It reads to the end, because only then is a statement with RETURNING known to have
// succeeded.
func (o only) Scan(dest ...any) error {
	err := sql.ErrNoRows
	if o.rows.Next() {
		err = o.rows.Scan(dest...)
		for o.rows.Next() {
		}
	}
	if o.rows.err != nil {
		err = o.rows.err
	}
	if closed := o.rows.Close(); closed != nil {
		return closed
	}
	return err
}

// row is a row of database/sql.
type row struct{ row *sql.Row }

func (r row) Scan(dest ...any) error { return Classify(r.row.Scan(dest...)) }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }
