package sqlitefile

import (
	"context"
	"database/sql"

	"github.com/brewline/ordermanager/internal/sqldb"
)

// Database is the file as a [sqldb.Database].
func Database(db *sql.DB) sqldb.Database { return database{NewWriter(db)} }

type database struct{ writer *Writer }

func (d database) Write(ctx context.Context, do func(tx sqldb.Conn) error) error {
	return d.writer.Write(ctx, func(tx *Tx) error { return do(tx) })
}

// Exec runs in its own transaction, in its turn.
func (d database) Exec(ctx context.Context, text string, args ...any) (changed int64, err error) {
	err = d.Write(ctx, func(tx sqldb.Conn) error {
		changed, err = tx.Exec(ctx, text, args...)
		return err
	})
	return changed, err
}

func (d database) ExecLater(ctx context.Context, text string, args ...any) error {
	_, err := d.Exec(ctx, text, args...)
	return err
}

func (d database) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	if err := d.writer.file.Check(); err != nil {
		return failed{err}
	}
	statement, err := d.writer.Prepared(ctx, text) //nolint:sqlclosecheck // it stays open for reuse
	if err != nil {
		return failed{err}
	}
	return row{statement.QueryRowContext(ctx, args...)}
}

// SkipLocked is empty: there is one writer at a time.
func (database) SkipLocked() string { return "" }

// Place is the open file.
func (d database) Place() any { return d.writer.file }
