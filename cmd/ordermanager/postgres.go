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
		return errors.New(
			"--store: the URL of the PostgreSQL cannot be read; write postgres://user:password@host:port/database?schema=NAME",
		)
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
