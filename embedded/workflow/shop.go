package workflow

import (
	"context"
	"database/sql"
	"errors"

	"github.com/brewline/ordermanager/embedded/internal/sqlitefile"
)

// Shop is one venue as the workflow sees it.
type Shop struct {
	// Venue is the shop's identifier; empty where there is only one.
	Venue string
	// Open says whether new orders are taken. A shop is open until it is closed.
	Open bool
	// InQueue is how many orders wait for their drink or for completion.
	InQueue int
	// LastNumber is the order number that was given last; 0 before the first. The next is one more.
	LastNumber int64
}

// Shop returns how a venue stands. A venue that was never heard of is open and empty. Errors are those of sqlitestore for the file.
func (w *Workflow) Shop(ctx context.Context, venue string) (Shop, error) {
	shop, err := readShop(ctx, w.db, venue)
	return shop, sqlitefile.Classify(err)
}

// SetOpen opens or closes a venue for new orders; those that are open go on. Errors are those of sqlitestore for the file.
func (w *Workflow) SetOpen(ctx context.Context, venue string, open bool) error {
	return w.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO ordermanager_shops (venue, closed) VALUES (?, ?)
			ON CONFLICT DO UPDATE SET closed = excluded.closed`, venue, !open)
		return err
	})
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readShop(ctx context.Context, q querier, venue string) (Shop, error) {
	shop := Shop{Venue: venue}
	var closed bool
	err := q.QueryRowContext(ctx, "SELECT closed, last_number FROM ordermanager_shops WHERE venue = ?", venue).Scan(&closed, &shop.LastNumber)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Shop{}, err
	}
	shop.Open = !closed
	err = q.QueryRowContext(ctx, "SELECT count(*) FROM ordermanager_workflows WHERE venue = ? AND token IS NOT NULL", venue).Scan(&shop.InQueue)
	return shop, err
}
