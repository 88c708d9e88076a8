package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// place is a pool of connections and a schema.
type place struct {
	pool   *pgxpool.Pool
	schema string
}

// write runs do in a transaction, or in a savepoint of the caller's.
func (p place) write(ctx context.Context, do func(tx pgx.Tx) error) error {
	var begin interface {
		Begin(ctx context.Context) (pgx.Tx, error)
	} = p.pool
	if tx := txOf(ctx); tx != nil {
		begin = tx
	}
	return classify(ctx, pgx.BeginFunc(ctx, begin, do))
}
