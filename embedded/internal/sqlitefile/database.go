package sqlitefile

import (
	"context"
	"database/sql"

	"github.com/brewline/ordermanager/internal/sqldb"
)

// Database is the file as a [sqldb.Database].
func Database(db *sql.DB) sqldb.Database { return database{conn{db}, db} }

type database struct {
	conn
	db *sql.DB
}

func (d database) Write(ctx context.Context, do func(tx sqldb.Conn) error) error {
	return Write(ctx, d.db, func(tx *sql.Tx) error { return do(conn{tx}) })
}

// Exec is a transaction of its own: it takes its turn.
func (d database) Exec(ctx context.Context, text string, args ...any) (changed int64, err error) {
	err = d.Write(ctx, func(tx sqldb.Conn) error {
		changed, err = tx.Exec(ctx, text, args...)
		return err
	})
	return changed, err
}

// SkipLocked is empty: there is one writer at a time.
func (database) SkipLocked() string { return "" }

// conn is a database, or a transaction in it.
type conn struct {
	driver interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
}

func (c conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := c.driver.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, Classify(err)
	}
	return result.RowsAffected()
}

func (c conn) QueryRow(ctx context.Context, text string, args ...any) sqldb.Row {
	return row{c.driver.QueryRowContext(ctx, text, args...)}
}

type row struct{ row *sql.Row }

func (r row) Scan(dest ...any) error { return Classify(r.row.Scan(dest...)) }
