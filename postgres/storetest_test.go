package postgres_test

import (
	"testing"

	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/postgres"
	"github.com/brewline/ordermanager/storetest"
)

// All cases share the tables, as all orders of a service do, and each has two replicas.
func TestStore(t *testing.T) {
	url := pgtest.URL(t)
	pool, second := pgtest.Pool(t, url), pgtest.Pool(t, url)
	options := pgtest.Schema(t, pool)
	storetest.RunHarness(t, func(t *testing.T) storetest.Harness {
		var h storetest.Harness
		var err error
		if h.Store, err = postgres.NewStore(t.Context(), pool, options); err != nil {
			t.Fatal(err)
		}
		if h.Second, err = postgres.NewStore(t.Context(), second, options); err != nil {
			t.Fatal(err)
		}
		return h
	})
}
