package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/internal/sqlstore"
)

//go:embed migrations
var migrations embed.FS

// scripts are the migrations in order; the version of the tables is how many were applied.
func scripts() []string {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	texts := make([]string, len(names))
	for i, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			panic(err) // it was just listed
		}
		texts[i] = string(text)
	}
	return texts
}

// lock is the advisory lock for migrations: an arbitrary constant.
const lock = 0x6f726465726d616e

// migrate brings the tables up to date. The first process does it, and the others wait. If they are up to date nothing
// is written, so a user who may not change tables can use them.
func migrate(ctx context.Context, pool *pgxpool.Pool, schema string) error {
	missing, err := check(ctx, pool, schema)
	if err != nil || len(missing) == 0 {
		return classify(ctx, err)
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lock)); err != nil {
			return err
		}
		missing, err := check(ctx, tx, schema) // another replica may have been faster
		if err != nil || len(missing) == 0 {
			return err
		}
		var exists bool
		err = tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)", schema).Scan(&exists)
		if err != nil {
			return err
		}
		// Only the simple protocol, without arguments, allows several statements at once.
		_, err = tx.Conn().PgConn().Exec(ctx, script(schema, !exists, missing)).ReadAll()
		return err
	})
	if err != nil {
		return fmt.Errorf("bringing the tables in the schema %q up to date: %w", schema, classify(ctx, err))
	}
	return nil
}

// SQL returns the statements that bring the tables up to date, for databases that only an administrator may change: run
// them in one transaction. It is empty if the tables are up to date. [NewStore] does the same by itself.
//
// Errors: [ordermanager.ErrInvalidOptions], [ErrNewerSchema], [ErrServerVersion], [ErrUnreachable].
func SQL(ctx context.Context, pool *pgxpool.Pool, options *Options) (string, error) {
	schema, err := options.schema()
	if err != nil {
		return "", err
	}
	missing, err := check(ctx, pool, schema)
	if err != nil || len(missing) == 0 {
		return "", classify(ctx, err)
	}
	return script(schema, true, missing), nil
}

// script returns the text of migrations.
func script(schema string, create bool, missing []string) string {
	var b strings.Builder
	if create {
		fmt.Fprintf(&b, "CREATE SCHEMA IF NOT EXISTS %s;\n", quoted(schema))
	}
	fmt.Fprintf(&b, "SET LOCAL search_path TO %s;\n", quoted(schema))
	for _, text := range missing {
		b.WriteString(text)
	}
	b.WriteString("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL);\nDELETE FROM schema_version;\n")
	fmt.Fprintf(&b, "INSERT INTO schema_version VALUES (%d);\n", len(scripts()))
	return b.String()
}

func quoted(schema string) string { return sqlstore.QuoteIdentifier(schema) }

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// check returns the scripts that have not been applied.
func check(ctx context.Context, q querier, schema string) ([]string, error) {
	var server, current int
	var exists bool
	// Do not use to_regclass: it may answer from a cache older than the lock.
	err := q.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, EXISTS (
		SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'schema_version')`, schema).
		Scan(&server, &exists)
	if err != nil {
		return nil, err
	}
	if server < oldest {
		return nil, fmt.Errorf("%w: it is %d, and %d is needed", ErrServerVersion, server/10000, oldest/10000)
	}
	if exists {
		err = q.QueryRow(ctx, "SELECT version FROM "+quoted(schema)+".schema_version").Scan(&current)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, err
		}
	}
	all := scripts()
	if current > len(all) {
		return nil, fmt.Errorf("%w: they have version %d, and this one knows %d", ErrNewerSchema, current, len(all))
	}
	return all[current:], nil
}
