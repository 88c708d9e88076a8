package sqlitestore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/internal/sqlitefile"
)

// List implements [ordermanager.Store]. It is oldest first and reads its own writes. Orders come without their history, their waits and
// what they owe. A page is read in one go, so nothing is held between two pages.
func (s *Store) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	text, args, err := listing(q)
	if err != nil {
		return ordermanager.Page{}, err
	}
	orders, err := s.read(ctx, text, args)
	if err != nil {
		return ordermanager.Page{}, err
	}
	if len(orders) <= q.Limit {
		return ordermanager.Page{Orders: orders}, nil
	}
	orders = orders[:q.Limit]
	return ordermanager.Page{Orders: orders, Cursor: encodeCursor(orders[q.Limit-1])}, nil
}

// listing makes the statement for a page. It asks for one order more than the page has, to learn whether there is another page.
func listing(q ordermanager.Query) (text string, args []any, err error) {
	var where clauses
	// The index is named, because SQLite cannot know that a customer has few orders and that completed orders are many. The last
	// that fits is the one that leaves the least to look through.
	var index string
	if q.State != "" {
		where.add("state = ?", q.State)
		index = "state"
	}
	if q.Venue != "" {
		where.add("venue = ?", q.Venue)
		index = strings.TrimSuffix("venue_"+index, "_")
	}
	if q.Customer != "" {
		where.add("customer = ?", q.Customer)
		index = "customer"
	}
	if q.Owing {
		where.add("owing")
		index = "owing"
	}
	if q.Cursor != "" {
		createdAt, id, err := decodeCursor(q.Cursor)
		if err != nil {
			return "", nil, err
		}
		where.add("(created_at, id) > (?, ?)", createdAt, id)
	}
	return "SELECT " + listed + " FROM ordermanager_orders INDEXED BY ordermanager_orders_" + index +
		" WHERE " + strings.Join(where.parts, " AND ") + " ORDER BY created_at, id LIMIT ?", append(where.args, q.Limit+1), nil
}

func (s *Store) read(ctx context.Context, text string, args []any) ([]*ordermanager.Order, error) {
	rows, err := s.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var orders []*ordermanager.Order
	for rows.Next() {
		found := new(row)
		if err := rows.Scan(found.listing()...); err != nil {
			return nil, err
		}
		o, err := found.decode()
		if err != nil {
			return nil, err
		}
		orders = append(orders, o)
	}
	return orders, sqlitefile.Classify(errors.Join(rows.Err(), rows.Close()))
}

const cursorPrefix = "sqlite:"

func encodeCursor(o *ordermanager.Order) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s%d/%s", cursorPrefix, o.CreatedAt.UnixMilli(), o.ID))
}

func decodeCursor(cursor string) (createdAt int64, id string, err error) {
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	key, ours := strings.CutPrefix(string(data), cursorPrefix)
	millis, id, cut := strings.Cut(key, "/")
	createdAt, errNumber := strconv.ParseInt(millis, 10, 64)
	if err != nil || !ours || !cut || errNumber != nil {
		return 0, "", fmt.Errorf("%w: the cursor is not from this listing", ordermanager.ErrInvalidRequest)
	}
	return createdAt, id, nil
}
