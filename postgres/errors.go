package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/brewline/ordermanager/internal/sqlstore"
)

// The errors of a server, for [errors.Is]. They wrap the error of the driver or the server too. A failed write wrote
// nothing or everything, and nothing where the error's comment says so.
var (
	// ErrUnreachable: there is no connection to the server, it broke, or the server is starting or stopping. Whether a
	// write was carried out is unknown; repeat it to find out.
	ErrUnreachable = errors.New("the PostgreSQL server cannot be reached")
	// ErrLogin: the server refuses this user or database, or there is no such database. Nothing was written.
	ErrLogin = errors.New("the PostgreSQL server refused the login")
	// ErrTooManyConnections: the server has too many connections, in all or of this user. Nothing was written. Lower
	// pool_max_conns, or raise max_connections.
	ErrTooManyConnections = errors.New("the PostgreSQL server has too many connections")
	// ErrReadOnly: the server is a standby, or the database or the session is read-only. Nothing was written. After a
	// failover, new connections must go to the new primary: target_session_attrs=read-write in the URL.
	ErrReadOnly = errors.New("the PostgreSQL server is read-only")
	// ErrConflict: the server ended the transaction in favour of another. Nothing was written; try again.
	ErrConflict = errors.New("the transaction conflicted with another one")
	// ErrPooler: a prepared statement is not where it was prepared, because a connection pooler gave the session to
	// somebody else. Nothing was written. Behind a pooler in transaction mode the URL needs
	// default_query_exec_mode=exec.
	ErrPooler = errors.New("a connection pooler lost what was prepared: add default_query_exec_mode=exec to the URL")
	// ErrPrivileges: the user may not do this. Nothing was written. docs/postgres.md lists what is needed.
	ErrPrivileges = errors.New("the database user lacks a privilege")
	// ErrNoTables: the tables do not exist. Nothing was written. [NewStore] creates them, if its user may.
	ErrNoTables = errors.New("the tables are missing")
	// ErrNewerSchema: a newer version of this module has changed the tables. Nothing was touched.
	ErrNewerSchema = errors.New("the tables were changed by a newer version of this program")
	// ErrServerVersion: the server is older than PostgreSQL 14. Nothing was touched.
	ErrServerVersion = errors.New("the PostgreSQL server is too old")
	// ErrFull: the server's disk is full. Nothing was written. Reading still works.
	ErrFull = errors.New("the PostgreSQL server has no room left")
	// ErrCorrupt: the database is damaged, or a row does not hold an order. It is left as it is.
	ErrCorrupt = errors.New("a row cannot be read")
)

// meanings are the meanings of the server's codes: "PostgreSQL Error Codes" in its documentation. A class is the first
// two characters.
var meanings = map[string]error{
	"08":    ErrUnreachable, // connection_exception
	"25006": ErrReadOnly,    // read_only_sql_transaction
	"26000": ErrPooler,      // invalid_sql_statement_name: the prepared statement does not exist
	"28":    ErrLogin,       // invalid_authorization_specification
	"3D000": ErrLogin,       // invalid_catalog_name: there is no such database
	"3F000": ErrNoTables,    // invalid_schema_name
	"40001": ErrConflict,    // serialization_failure
	"40P01": ErrConflict,    // deadlock_detected
	"42501": ErrPrivileges,  // insufficient_privilege
	"42P01": ErrNoTables,    // undefined_table
	"42P05": ErrPooler,      // duplicate_prepared_statement
	"53100": ErrFull,        // disk_full
	"53300": ErrTooManyConnections,
	"57P01": ErrUnreachable, // admin_shutdown
	"57P02": ErrUnreachable, // crash_shutdown
	"57P03": ErrUnreachable, // cannot_connect_now
	"57P05": ErrUnreachable, // idle_session_timeout
	"XX001": ErrCorrupt,     // data_corrupted
	"XX002": ErrCorrupt,     // index_corrupted
}

// classify adds the meaning of an error, if it is known.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	meaning := meaningOf(err)
	if meaning == nil && ctx.Err() != nil {
		meaning = ctx.Err() // the server was told to cancel, and has its own error for it
	}
	if meaning == nil || errors.Is(err, meaning) {
		return err
	}
	return fmt.Errorf("%w: %w", meaning, err)
}

func meaningOf(err error) error {
	if errors.Is(err, sqlstore.ErrBrokenRow) {
		return ErrCorrupt
	}
	if server, ok := errors.AsType[*pgconn.PgError](err); ok {
		if meaning := meanings[server.Code]; meaning != nil {
			return meaning
		}
		return meanings[server.Code[:min(2, len(server.Code))]]
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	_, failed := errors.AsType[net.Error](err)
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	if failed || connecting || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrUnreachable
	}
	return nil
}
