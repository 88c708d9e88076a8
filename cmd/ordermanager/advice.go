package main

import (
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/postgres"
)

// advisedError is an error that ends with what to do about it.
type advisedError struct {
	err    error
	advice string
}

func (e *advisedError) Error() string { return e.err.Error() + "; " + e.advice }

func (e *advisedError) Unwrap() error { return e.err }

func advise(err error, advice string) error { return &advisedError{err, advice} }

// advice is what to do about one kind of error.
type advice struct {
	kind error
	text string
}

// fileAdvice is for errors of a SQLite file.
var fileAdvice = []advice{
	{sqlitestore.ErrNewerSchema, "use that version"},
	{sqlitestore.ErrReplaced, "stop every program that uses it, find out which file is the right one, and start again"},
	{sqlitestore.ErrCorrupt, "it was left as it is; restore a backup, as docs/operations.md says"},
	{sqlitestore.ErrReadOnly, "make both writable for this user"},
	{sqlitestore.ErrFull, "free space, and try again"},
	{sqlitestore.ErrLocked, "stop the program that locks it, or try again"},
	{sqlitestore.ErrCannotOpen, "check the path; its directory must exist"},
}

// serverAdvice is for errors of a PostgreSQL server.
var serverAdvice = []struct {
	kind error
	text string
}{
	{postgres.ErrUnreachable, "check host, port and network, and whether it runs"},
	{postgres.ErrLogin, "check user, password and database"},
	{postgres.ErrTooManyConnections, "lower pool_max_conns in the URL, or raise max_connections"},
	{postgres.ErrReadOnly, "connect to the primary: target_session_attrs=read-write in the URL finds it"},
	{postgres.ErrPooler, "docs/postgres.md has more about poolers"},
	{postgres.ErrPrivileges, "docs/postgres.md lists what is needed; schema sql prints what its owner has to run"},
	{postgres.ErrNewerSchema, "use that version"},
	{postgres.ErrServerVersion, "use PostgreSQL 14 or later"},
	{postgres.ErrFull, "free space, and try again"},
	{postgres.ErrCorrupt, "it was left as it is; restore a backup, as docs/postgres.md says"},
}
