package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/brewline/ordermanager/internal/sqlcopy"
	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/postgres"
)

type copyCommand struct {
	From string `arg:"" help:"Where the orders are: sqlite:FILE or postgres://…"`
	To   string `arg:"" help:"Where to copy them: sqlite:FILE or postgres://…; created if missing."`
}

// Help is the long help of the command.
func (*copyCommand) Help() string {
	return `Copies orders, their workflows with what is still owed to them, and the order numbers of the venues.

A copy can be repeated: what is already in the target stays, unless the source has a later version. Copy once while
programs run; stop those that use the source, and copy again to catch up; then start them on the target. Do not go back
to the source: it has none of the later changes.

Example:

    ordermanager copy sqlite:orders.db 'postgres://shop@db/shop?schema=orders'`
}

// Run copies, and prints counts.
func (c *copyCommand) Run(ctx context.Context, std *stdio) error {
	from, to := &backends{}, &backends{}
	defer from.close()
	defer to.close()
	for _, name := range []string{c.From, c.To} {
		if !isPostgres(name) && !strings.HasPrefix(name, schemeSQLite+":") {
			return fmt.Errorf("copy is between sqlite:FILE and postgres://…, not %q", masked(name))
		}
	}
	if same(c.From, c.To) {
		return errors.New("the source and the target are the same; name two places")
	}
	if _, err := from.openExisting(ctx, c.From); err != nil {
		return from.explain(err)
	}
	if _, err := to.openStore(ctx, c.To); err != nil {
		return to.explain(err)
	}
	source, err := from.database(ctx)
	if err != nil {
		return from.explain(err)
	}
	target, err := to.database(ctx)
	if err != nil {
		return to.explain(err)
	}
	defer func() { _, _ = source.DB.Close(), target.DB.Close() }()
	var done []sqlcopy.Progress
	err = sqlcopy.Copy(ctx, source, target, func(p sqlcopy.Progress) {
		fmt.Fprintf(std.err, "%s: %d read, %d written\n", p.Table, p.Read, p.Written)
		if len(done) > 0 && done[len(done)-1].Table == p.Table {
			done = done[:len(done)-1]
		}
		done = append(done, p)
	})
	for _, p := range done {
		fmt.Fprintf(std.out, "%-14s %d of %d new or changed\n", p.Table, p.Written, p.Read)
	}
	if err != nil {
		return advise(err, "fix that, and repeat the command: it copies what is missing")
	}
	return nil
}

// database returns the database of an open store, with the tables of the workflow.
func (b *backends) database(ctx context.Context) (sqlcopy.Database, error) {
	if _, err := b.openWorkflow(ctx); err != nil {
		return sqlcopy.Database{}, err
	}
	if b.pool == nil {
		return sqlcopy.Database{DB: b.file, Dialect: sqlstore.SQLite}, nil
	}
	schema := b.tables.Schema
	if schema == "" {
		schema = postgres.DefaultSchema
	}
	return sqlcopy.Database{DB: stdlib.OpenDBFromPool(b.pool), Dialect: sqlstore.PostgreSQL(schema)}, nil
}

// same reports whether two names mean the same place.
func same(from, to string) bool {
	if from == to {
		return true
	}
	a, aErr := os.Stat(strings.TrimPrefix(from, schemeSQLite+":"))
	b, bErr := os.Stat(strings.TrimPrefix(to, schemeSQLite+":"))
	return aErr == nil && bErr == nil && os.SameFile(a, b)
}
