// Package pgtest gives tests a PostgreSQL: that of ORDERMANAGER_POSTGRES, which scripts/emulators sets.
package pgtest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/postgres"
)

// Variable names the server.
const Variable = "ORDERMANAGER_POSTGRES"

// Missing says how to get a server when there is none.
const Missing = Variable + ` is not set: run the test with "scripts/emulators run -- go test …"`

// URL returns how to connect to the server, as a user who may do everything. Without a server the test is skipped, or
// fails where nothing may be skipped.
func URL(t testing.TB) string {
	t.Helper()
	url := os.Getenv(Variable)
	switch {
	case url != "":
	case os.Getenv("ORDERMANAGER_REQUIRE_EMULATORS") == "1":
		t.Fatal(Missing)
	default:
		t.Skip(Missing)
	}
	return url
}

// Pool opens a pool for the length of a test.
func Pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Schema returns options for a schema that nobody else has, and drops it after the test.
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
