package main

import (
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/postgres"
)

// advisedError says at its end what to do about it.
type advisedError struct {
	err    error
	advice string
}

func (e *advisedError) Error() string { return e.err.Error() + "; " + e.advice }

func (e *advisedError) Unwrap() error { return e.err }

func advise(err error, advice string) error { return &advisedError{err, advice} }

// advice says what to do about one kind of error.
type advice struct {
	kind error
	text string
}

// fileAdvice says what to do about a file.
var fileAdvice = []advice{
	{sqlitestore.ErrNewerSchema, "use that version"},
	{sqlitestore.ErrReplaced, "stop every program on it, see which file is the right one, and start again"},
	{sqlitestore.ErrCorrupt, "it was left as it is; restore a backup, as docs/operations.md says"},
	{sqlitestore.ErrReadOnly, "make both writable for this user"},
	{sqlitestore.ErrFull, "make room, and try again"},
	{sqlitestore.ErrLocked, "stop the program that does, or try again"},
	{sqlitestore.ErrCannotOpen, "check the path; its directory must exist"},
}

// serverAdvice says what to do about a server.
var serverAdvice = []struct {
	kind error
	text string
}{
	{postgres.ErrUnreachable, "check host, port and network, and whether it runs"},
	{postgres.ErrLogin, "check user, password and database"},
	{postgres.ErrTooManyConnections, "lower pool_max_conns in the URL, or raise max_connections"},
	{postgres.ErrReadOnly, "connect to the primary: target_session_attrs=read-write in the URL finds it"},
	{postgres.ErrPrivileges, "docs/postgres.md lists what is needed; schema sql prints what its owner has to run"},
	{postgres.ErrNewerSchema, "use that version"},
	{postgres.ErrServerVersion, "use PostgreSQL 14 or later"},
	{postgres.ErrFull, "make room, and try again"},
	{postgres.ErrCorrupt, "it was left as it is; restore a backup, as docs/postgres.md says"},
}
