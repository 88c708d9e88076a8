package workflow

import (
	"context"
	"database/sql"
	"errors"

	"github.com/brewline/ordermanager/internal/sqldb"
)

// Shop returns how a venue stands. A venue that was never heard of is open and empty. Errors are those of the database.
func (w *Workflow) Shop(ctx context.Context, venue string) (Shop, error) {
	return readShop(ctx, w.db, venue)
}

// SetOpen opens or closes a venue for new orders; those that are open go on. Errors are those of the database.
func (w *Workflow) SetOpen(ctx context.Context, venue string, open bool) error {
	_, err := w.db.Exec(ctx, `INSERT INTO ordermanager_shops (venue, closed) VALUES (?, ?)
		ON CONFLICT (venue) DO UPDATE SET closed = excluded.closed`, venue, !open)
	return err
}

// isClosed reports whether a venue is closed. Held, nobody else counts its orders until the transaction ends.
func isClosed(ctx context.Context, tx sqldb.Conn, venue string, held bool) (closed bool, err error) {
	text, args := "SELECT closed FROM ordermanager_shops WHERE venue = ?", []any{venue}
	if held {
		text = `INSERT INTO ordermanager_shops AS shops (venue, closed) VALUES (?, ?)
			ON CONFLICT (venue) DO UPDATE SET closed = shops.closed RETURNING closed`
		args = append(args, false)
	}
	err = tx.QueryRow(ctx, text, args...).Scan(&closed)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return closed, err
}

// countOpen counts the orders of a venue that wait.
func countOpen(ctx context.Context, q sqldb.Conn, venue string) (n int, err error) {
	err = q.QueryRow(
		ctx, "SELECT count(*) FROM ordermanager_workflows WHERE venue = ? AND token IS NOT NULL", venue,
	).Scan(&n)
	return n, err
}

// countOpenOf counts those of one customer.
func countOpenOf(ctx context.Context, q sqldb.Conn, venue, customer string) (n int, err error) {
	err = q.QueryRow(ctx,
		"SELECT count(*) FROM ordermanager_workflows WHERE venue = ? AND customer = ? AND token IS NOT NULL",
		venue, customer).Scan(&n)
	return n, err
}

// countSince counts the orders of a venue that began after a moment.
func countSince(ctx context.Context, q sqldb.Conn, venue string, since int64) (n int, err error) {
	err = q.QueryRow(
		ctx, "SELECT count(*) FROM ordermanager_workflows WHERE venue = ? AND started > ?", venue, since,
	).Scan(&n)
	return n, err
}

// countSinceOf counts those of one customer that were not given up.
func countSinceOf(ctx context.Context, q sqldb.Conn, venue, customer string, since int64) (n int, err error) {
	err = q.QueryRow(ctx, `SELECT count(*) FROM ordermanager_workflows
		WHERE venue = ? AND customer = ? AND started > ? AND stage NOT IN (?, ?)`,
		venue, customer, since, StageCancelled, StageTimedOut).Scan(&n)
	return n, err
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
	shop.InQueue, err = countOpen(ctx, q, venue)
	return shop, err
}
