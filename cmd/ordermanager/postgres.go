package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/postgres"
)

// isPostgres reports whether the name of a store is the URL of a PostgreSQL.
func isPostgres(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// masked is the name of a store without its password.
func masked(name string) string {
	if u, err := url.Parse(name); isPostgres(name) && err == nil {
		return u.Redacted()
	}
	return name
}

// openPool connects to the PostgreSQL of a URL, whose parameter schema says where the tables are.
func (b *backends) openPool(ctx context.Context, name string) error {
	u, err := url.Parse(name)
	if err != nil {
		return errors.New("--store: the URL of the PostgreSQL cannot be read; write postgres://user:password@host:port/database?schema=NAME")
	}
	query := u.Query()
	b.tables = &postgres.Options{Schema: query.Get("schema")}
	query.Del("schema")
	u.RawQuery = query.Encode()
	b.server = u.Redacted()
	b.pool, err = postgres.Open(ctx, u.String())
	return err
}

// openPostgres opens the store, and makes or changes its tables.
func (b *backends) openPostgres(ctx context.Context, name string) (ordermanager.Store, error) {
	if err := b.openPool(ctx, name); err != nil {
		return nil, err
	}
	return postgres.NewStore(ctx, b.pool, b.tables)
}

// openExistingPostgres opens the store if its tables are there and up to date.
func (b *backends) openExistingPostgres(ctx context.Context, name string) (ordermanager.Store, error) {
	if err := b.openPool(ctx, name); err != nil {
		return nil, err
	}
	missing, err := postgres.SQL(ctx, b.pool, b.tables)
	if err != nil {
		return nil, err
	}
	if missing != "" {
		return nil, fmt.Errorf("%w, or of an older version; exec, serve and schema create make them", postgres.ErrNoTables)
	}
	return postgres.NewStore(ctx, b.pool, b.tables)
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

type schemaCommand struct {
	Create schemaCreateCommand `cmd:"" help:"Make the tables, or bring them up to date."`
	Check  schemaCheckCommand  `cmd:"" help:"Say whether the tables are up to date."`
	SQL    schemaSQLCommand    `cmd:"" name:"sql" help:"Print the statements that make the tables or bring them up to date, for whoever may run them."`
}

type schemaArgument struct {
	URL string `arg:"" help:"The PostgreSQL: postgres://user:password@host:port/database?schema=NAME; the schema is ordermanager unless it says otherwise."`
}

// missing returns the statements that are missing.
func (a *schemaArgument) missing(ctx context.Context, b *backends) (string, error) {
	if !isPostgres(a.URL) {
		return "", fmt.Errorf("there is no PostgreSQL %q; write postgres://user:password@host:port/database", a.URL)
	}
	if err := b.openPool(ctx, a.URL); err != nil {
		return "", err
	}
	return postgres.SQL(ctx, b.pool, b.tables)
}

type schemaCreateCommand struct{ schemaArgument }

// Run makes the tables.
func (c *schemaCreateCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{}
	defer backends.close()
	missing, err := c.missing(ctx, backends)
	if err == nil && missing != "" {
		_, err = postgres.NewStore(ctx, backends.pool, backends.tables)
	}
	if err != nil {
		return backends.explain(err)
	}
	fmt.Fprintln(std.out, "the tables are up to date")
	return nil
}

type schemaCheckCommand struct{ schemaArgument }

// Run compares the tables.
func (c *schemaCheckCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{}
	defer backends.close()
	missing, err := c.missing(ctx, backends)
	switch {
	case err != nil:
		return backends.explain(err)
	case missing != "":
		fmt.Fprintln(std.out, "the tables are missing, or of an older version; schema create changes them, schema sql prints how")
		return errRefused
	}
	fmt.Fprintln(std.out, "the tables are up to date")
	return nil
}

type schemaSQLCommand struct{ schemaArgument }

// Run prints the statements.
func (c *schemaSQLCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{}
	defer backends.close()
	missing, err := c.missing(ctx, backends)
	switch {
	case err != nil:
		return backends.explain(err)
	case missing == "":
		fmt.Fprintln(std.out, "-- the tables are up to date")
	default:
		fmt.Fprintf(std.out, "BEGIN;\n%sCOMMIT;\n", missing)
	}
	return nil
}
