package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/postgres"
)

// isPostgres reports whether a store's name is a PostgreSQL URL.
func isPostgres(name string) bool {
	scheme, _, found := strings.Cut(name, "://")
	return found && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

// masked returns a store's name without its passwords.
func masked(name string) string {
	if u, err := url.Parse(name); isPostgres(name) && err == nil {
		return redacted(u)
	}
	return withoutPasswords(name)
}

var passwords = regexp.MustCompile(`(?i)(postgres(?:ql)?:/*[^\s:@/]*:)\S*(@)|(password=)[^\s&]*`)

// withoutPasswords hides passwords in a text that may have what was meant to be a PostgreSQL URL.
func withoutPasswords(text string) string {
	return passwords.ReplaceAllString(text, "${1}${3}xxxxx${2}")
}

// redacted returns a URL without its passwords, of which the parameters may have some too.
func redacted(u *url.URL) string {
	shown := *u
	shown.RawQuery = editQuery(u, func(name, pair string) string {
		if name == "password" || name == "sslpassword" {
			return name + "=xxxxx"
		}
		return pair
	})
	return shown.Redacted()
}

// editQuery returns the query with each parameter replaced, or left out where edit returns nothing. It writes nothing
// else anew: url.Values writes a space as +, which PostgreSQL takes for a plus.
func editQuery(u *url.URL, edit func(name, pair string) string) string {
	var kept []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		if pair = edit(name, pair); pair != "" {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// openPool connects to PostgreSQL. The URL's parameter schema is the schema of the tables.
func (b *backends) openPool(ctx context.Context, name string) error {
	u, err := url.Parse(name)
	if err != nil {
		return errors.New(
			"the PostgreSQL URL cannot be read; write postgres://user:password@host:port/database?schema=NAME",
		)
	}
	schemas := u.Query()["schema"]
	if len(schemas) > 1 || len(schemas) == 1 && schemas[0] == "" {
		return fmt.Errorf("%s: schema is there twice, or empty; name one, or leave it out for %s",
			redacted(u), postgres.DefaultSchema)
	}
	b.tables = &postgres.Options{Schema: strings.Join(schemas, "")}
	u.RawQuery = editQuery(u, func(name, pair string) string {
		if name == "schema" {
			return ""
		}
		return pair
	})
	b.server = redacted(u)
	b.pool, err = postgres.Open(ctx, u.String())
	return err
}

// openPostgres opens the store, and creates or migrates its tables.
func (b *backends) openPostgres(ctx context.Context, name string) (ordermanager.Store, error) {
	if err := b.openPool(ctx, name); err != nil {
		return nil, err
	}
	return postgres.NewStore(ctx, b.pool, b.tables)
}

// openExistingPostgres opens the store if its tables exist and are up to date.
func (b *backends) openExistingPostgres(ctx context.Context, name string) (ordermanager.Store, error) {
	if err := b.openPool(ctx, name); err != nil {
		return nil, err
	}
	missing, err := postgres.SQL(ctx, b.pool, b.tables)
	if err != nil {
		return nil, err
	}
	if missing != "" {
		return nil, fmt.Errorf(
			"%w, or they are of an older version; exec, serve and schema create make them", postgres.ErrNoTables,
		)
	}
	return postgres.NewStore(ctx, b.pool, b.tables)
}
