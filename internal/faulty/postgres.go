package faulty

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/postgres"
)

// openPostgres opens a store in a schema of its own.
func openPostgres(ctx context.Context) (ordermanager.Store, func(), error) {
	url := os.Getenv("ORDERMANAGER_POSTGRES")
	if url == "" {
		return nil, nil, fmt.Errorf("ORDERMANAGER_POSTGRES is not set: %w", ErrNoEmulator)
	}
	pool, err := postgres.Open(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	schema := "faulty_" + strings.ToLower(rand.Text())
	drop := func() error {
		_, err := pool.Exec(context.WithoutCancel(ctx), "DROP SCHEMA IF EXISTS "+sqlstore.QuoteIdentifier(schema)+" CASCADE")
		pool.Close()
		return err
	}
	store, err := postgres.NewStore(ctx, pool, &postgres.Options{Schema: schema})
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return Store(store), func() { _ = drop() }, nil
}
