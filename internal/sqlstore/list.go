package sqlstore

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager"
)

// List returns the statement for a page, oldest or newest first. It selects one order more than the page has, to learn
// whether there is another page. Orders come without their history, their waits and what they owe.
func (d *Dialect) List(q *ordermanager.Query) (Statement, error) {
	var where clauses
	// The last index that fits leaves the fewest rows to scan.
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
	beyond, descending := ">", ""
	if q.Newest {
		beyond, descending = "<", " DESC"
	}
	if q.Cursor != "" {
		createdAt, id, err := d.decodeCursor(q.Cursor)
		if err != nil {
			return Statement{}, err
		}
		where.add("(created_at, id) "+beyond+" (?, ?)", createdAt, id)
	}
	text := "SELECT " + listed + " FROM ordermanager_orders" + d.using(index) +
		" WHERE " + strings.Join(where.parts, " AND ") +
		" ORDER BY created_at" + descending + ", id" + descending + " LIMIT ?"
	return d.statement(text, append(where.args, q.Limit+1)), nil
}

// Page returns the page of a query from its rows. A row that is not an order is skipped.
func (d *Dialect) Page(q *ordermanager.Query, rows []*Row) ordermanager.Page {
	var page ordermanager.Page
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		page.Cursor = d.encodeCursor(last.created, last.order.ID)
	}
	for _, row := range rows {
		o, err := row.decode()
		if err != nil {
			page.Skipped = append(page.Skipped, ordermanager.Skipped{OrderID: row.order.ID, Err: err})
			continue
		}
		page.Orders = append(page.Orders, o)
	}
	return page
}

func (d *Dialect) encodeCursor(createdAt int64, id string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d/%s", d.name, createdAt, id))
}

func (d *Dialect) decodeCursor(cursor string) (createdAt int64, id string, err error) {
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	key, ours := strings.CutPrefix(string(data), d.name+":")
	millis, id, cut := strings.Cut(key, "/")
	createdAt, errNumber := strconv.ParseInt(millis, 10, 64)
	if err != nil || !ours || !cut || errNumber != nil {
		return 0, "", fmt.Errorf("%w: the cursor is not from this listing", ordermanager.ErrInvalidRequest)
	}
	return createdAt, id, nil
}
