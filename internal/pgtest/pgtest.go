// Package pgtest gives tests a PostgreSQL: the server in ORDERMANAGER_POSTGRES, which scripts/emulators sets.
package pgtest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/postgres"
)

// URL returns the URL of the server, as a user who may do everything. Without a server the test ends as [testenv.Skip]
// says.
func URL(t testing.TB) string {
	t.Helper()
	return testenv.URL(t, testenv.PostgreSQL)
}

// Pool opens a pool that is closed after the test.
func Pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Schema returns options for a new schema, and drops it after the test.
func Schema(t testing.TB, pool *pgxpool.Pool) *postgres.Options {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+sqlstore.QuoteIdentifier(name)+" CASCADE")
		if err != nil {
			t.Error(err)
		}
	})
	return &postgres.Options{Schema: name}
}
