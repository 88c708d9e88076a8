package main

import (
	"context"
	"fmt"

	"github.com/brewline/ordermanager/postgres"
)

type schemaCommand struct {
	Create schemaCreateCommand `cmd:"" help:"Create the tables, or bring them up to date."`
	Check  schemaCheckCommand  `cmd:"" help:"Say whether the tables are up to date."`
	SQL    schemaSQLCommand    `cmd:"" name:"sql" help:"Print the statements that create the tables or bring them up to date."`
}

type schemaArgument struct {
	URL string `arg:"" help:"The database: postgres://user:password@host:port/database?schema=NAME; the schema is ordermanager by default."`
}

// missing returns the statements that would bring the tables up to date.
func (a *schemaArgument) missing(ctx context.Context, b *backends) (string, error) {
	if !isPostgres(a.URL) {
		return "", fmt.Errorf("%q is not a PostgreSQL URL; write postgres://user:password@host:port/database", masked(a.URL))
	}
	if err := b.openPool(ctx, a.URL); err != nil {
		return "", err
	}
	return postgres.SQL(ctx, b.pool, b.tables)
}

// visit opens the PostgreSQL and hands do the statements that are missing.
func (a *schemaArgument) visit(ctx context.Context, do func(b *backends, missing string) error) error {
	backends := &backends{}
	defer backends.close()
	missing, err := a.missing(ctx, backends)
	if err == nil {
		err = do(backends, missing)
	}
	return backends.explain(err)
}

const upToDate = "the tables are up to date"

type schemaCreateCommand struct{ schemaArgument }

// Run makes the tables.
func (c *schemaCreateCommand) Run(ctx context.Context, std *stdio) error {
	return c.visit(ctx, func(b *backends, missing string) error {
		if missing != "" {
			if _, err := postgres.NewStore(ctx, b.pool, b.tables); err != nil {
				return err
			}
		}
		fmt.Fprintln(std.out, upToDate)
		return nil
	})
}

type schemaCheckCommand struct{ schemaArgument }

// Run checks the tables.
func (c *schemaCheckCommand) Run(ctx context.Context, std *stdio) error {
	return c.visit(ctx, func(_ *backends, missing string) error {
		if missing != "" {
			fmt.Fprintln(
				std.out, "the tables are missing, or of an older version; schema create migrates them, schema sql prints how",
			)
			return errRefused
		}
		fmt.Fprintln(std.out, upToDate)
		return nil
	})
}

type schemaSQLCommand struct{ schemaArgument }

// Run prints the statements.
func (c *schemaSQLCommand) Run(ctx context.Context, std *stdio) error {
	return c.visit(ctx, func(_ *backends, missing string) error {
		if missing == "" {
			fmt.Fprintln(std.out, "-- "+upToDate)
		} else {
			fmt.Fprintf(std.out, "BEGIN;\n%sCOMMIT;\n", missing)
		}
		return nil
	})
}
