// Package postgres keeps orders in PostgreSQL: an [ordermanager.Store] for a service in several replicas.
//
// A transition is one guarded UPDATE … RETURNING, found through the primary key and committed before it is answered; of
// replicas that race, the row's lock lets one go first, and the other's guards then see what it did. Nothing is kept
// in a replica, so any number of them can use one database, and each can be killed at any moment.
//
// The tables are in a schema of their own. The first replica that starts brings them up to date, and the others wait
// for it. They hold task tokens, which are capabilities: let nobody read them who may not resume a workflow.
//
// PostgreSQL 14 or later, and every connection pooler that gives a transaction one connection.
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

// DefaultSchema is the schema of the tables, unless [Options] say otherwise.
const DefaultSchema = "ordermanager"

// oldest is the oldest PostgreSQL that will do, as server_version_num has it.
const oldest = 140000

// Options is everything about the tables that has a default. The zero Options, and nil, are fine.
type Options struct {
	// Schema is where the tables are: up to 63 bytes. Default: [DefaultSchema]. Each schema is a world of its own.
	Schema string
}

// schema returns the schema, checked.
func (o *Options) schema() (string, error) {
	if o == nil || o.Schema == "" {
		return DefaultSchema, nil
	}
	const longest = 63 // PostgreSQL cuts names off there
	if len(o.Schema) > longest || strings.ContainsRune(o.Schema, 0) || strings.HasPrefix(o.Schema, "pg_") {
		return "", fmt.Errorf("%w: the schema is longer than %d bytes, has a zero byte or begins with pg_",
			ordermanager.ErrInvalidOptions, longest)
	}
	return o.Schema, nil
}

// Open opens a pool of connections with the settings of a URL, postgres://user:password@host:port/database, or of a
// line of keywords; what neither says, the variables PGHOST, PGPASSWORD and so on do. Its pool_max_conns is how
// many transitions of this process can be under way at once. Close the pool when nobody uses it any more.
//
// A call whose context ends tells the server to stop, and waits up to a second for the answer. So whether it was
// carried out is nearly always known, and a statement does not go on behind its caller's back.
//
// Errors: [ErrUnreachable], [ErrLogin], [ErrTooManyConnections]; and one that is the URL's own if it cannot be read.
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
