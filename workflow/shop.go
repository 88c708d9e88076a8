package workflow

import (
	"context"
	"database/sql"
	"errors"

	"github.com/brewline/ordermanager/internal/sqldb"
)

// Shop returns the state of a venue. An unknown venue is open and empty. Errors are those of the database.
func (w *Workflow) Shop(ctx context.Context, venue string) (Shop, error) {
	return readShop(ctx, w.db, venue)
}

// SetOpen opens or closes a venue for new orders; orders that have begun go on. Errors are those of the database.
func (w *Workflow) SetOpen(ctx context.Context, venue string, open bool) error {
	_, err := w.db.Exec(ctx, `INSERT INTO ordermanager_shops (venue, closed) VALUES (?, ?)
		ON CONFLICT (venue) DO UPDATE SET closed = excluded.closed`, venue, !open)
	return err
}

// hold keeps others from counting the orders of a venue until the transaction ends.
func hold(ctx context.Context, tx sqldb.Conn, venue string) error {
	return tx.ExecLater(ctx, `INSERT INTO ordermanager_shops AS shops (venue, closed) VALUES (?, ?)
		ON CONFLICT (venue) DO UPDATE SET closed = shops.closed`, venue, false)
}

func readShop(ctx context.Context, q sqldb.Conn, venue string) (Shop, error) {
	shop := Shop{Venue: venue}
	var closed bool
	err := q.QueryRow(
		ctx, "SELECT closed, last_number FROM ordermanager_shops WHERE venue = ?", venue,
	).Scan(&closed, &shop.LastNumber)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Shop{}, err
	}
	shop.Open = !closed
	err = q.QueryRow(
		ctx, "SELECT count(*) FROM ordermanager_workflows WHERE venue = ? AND token IS NOT NULL", venue,
	).Scan(&shop.InQueue)
	return shop, err
}
