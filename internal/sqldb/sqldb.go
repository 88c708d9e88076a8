// Package sqldb is a SQL database as package workflow needs it, so that the workflow stands once for every driver.
//
// Texts have the table names of SQLite and question marks for their arguments; the database turns them into its own.
package sqldb

import "context"

// Conn carries statements out.
type Conn interface {
	// Exec returns how many rows were changed.
	Exec(ctx context.Context, text string, args ...any) (int64, error)
	// ExecLater carries a statement out no later than the next one or the commit, which has its error then.
	ExecLater(ctx context.Context, text string, args ...any) error
	// QueryRow returns the first row of the result. Without one, Scan returns an error that is
	// [database/sql.ErrNoRows].
	QueryRow(ctx context.Context, text string, args ...any) Row
}

// Row is a row that was asked for.
type Row interface {
	Scan(dest ...any) error
}

// Database is a Conn for single statements, and begins transactions. Its errors say what they mean.
type Database interface {
	Conn
	// Write runs do in a transaction. An error from do rolls it back; any other leaves open whether it was written.
	Write(ctx context.Context, do func(tx Conn) error) error
	// SkipLocked is what a SELECT ends with that passes over rows which somebody else is changing; empty where there is
	// one writer at a time.
	SkipLocked() string
	// Place is the same for what can share a transaction, and for nothing else.
	Place() any
}
