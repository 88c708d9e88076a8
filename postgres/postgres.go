// Package postgres keeps orders in PostgreSQL: an [ordermanager.Store] for a service in several replicas.
//
// A transition is one guarded UPDATE … RETURNING, found through the primary key and committed before it is answered. If
// replicas race, the row's lock lets one go first, and the guards of the others then see what it did. A replica keeps
// nothing, so any number of them can use one database, and each can be killed at any moment.
//
// The tables are in a schema of their own. The first replica that starts brings them up to date, and the others wait
// for it. They hold task tokens, which are capabilities: only who may resume a workflow should be able to read them.
//
// It works with PostgreSQL 14 or later, and with every connection pooler that gives a transaction one connection; the
// URL then needs default_query_exec_mode=exec, and without it calls end with [ErrPooler].
package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
)

// DefaultSchema is the default of [Options].Schema.
const DefaultSchema = "ordermanager"

// oldest is the oldest supported PostgreSQL, as a server_version_num.
const oldest = 140000

// Options configures the tables. Nil and the zero Options mean the defaults.
type Options struct {
	// Schema is the schema of the tables: up to 63 bytes. Default: [DefaultSchema]. Each schema is independent.
	Schema string
}

// schema returns the checked schema.
func (o *Options) schema() (string, error) {
	if o == nil || o.Schema == "" {
		return DefaultSchema, nil
	}
	const longest = 63 // PostgreSQL truncates longer names
	if len(o.Schema) > longest || strings.ContainsRune(o.Schema, 0) || strings.HasPrefix(o.Schema, "pg_") {
		return "", fmt.Errorf("%w: the schema is longer than %d bytes, has a zero byte or begins with pg_",
			ordermanager.ErrInvalidOptions, longest)
	}
	return o.Schema, nil
}

// Open opens a pool of connections with the settings of a URL, postgres://user:password@host:port/database, or of a
// line of keywords; the variables PGHOST, PGPASSWORD and so on supply the rest. Its pool_max_conns limits the
// concurrent transitions of this process. Close the pool when you are done.
//
// A call whose context ends cancels its statement, and waits up to a second for the answer. So its outcome is nearly
// always known, and no statement continues after its call.
//
// Errors: [ErrUnreachable], [ErrLogin], [ErrTooManyConnections]; another one if the URL cannot be read.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, classify(ctx, err)
	}
	return pool, nil
}
