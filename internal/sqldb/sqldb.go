// Package sqldb is a SQL database as package workflow needs it, so that one workflow serves every driver.
//
// Statements have SQLite's table names, and question marks for arguments; the database translates them.
package sqldb

import "context"

// Conn executes statements.
type Conn interface {
	// Exec returns the number of changed rows.
	Exec(ctx context.Context, text string, args ...any) (int64, error)
	// ExecLater executes a statement no later than the next one or the commit, which then returns its error.
	ExecLater(ctx context.Context, text string, args ...any) error
	// QueryRow returns the first row of the result. Without one, Scan returns an error that is
	// [database/sql.ErrNoRows].
	QueryRow(ctx context.Context, text string, args ...any) Row
}

// Row is the row of a query.
type Row interface {
	Scan(dest ...any) error
}

// Database executes single statements, and starts transactions. Its errors explain themselves.
type Database interface {
	Conn
	// Write runs do in a transaction. An error from do rolls it back; after any other error it may or may not have been
	// committed.
	Write(ctx context.Context, do func(tx Conn) error) error
	// SkipLocked is the clause that makes a SELECT skip rows locked by another writer; empty if there is one writer at a
	// time.
	SkipLocked() string
	// Place is equal for stores and workflows that can share a transaction, and for no others.
	Place() any
}
