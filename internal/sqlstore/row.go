package sqlstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/brewline/ordermanager"
)

const (
	listed = "id, customer, venue, robot, state, drink, number, barista, reason, created_at, updated_at, version"
	// columns are the columns of a whole order.
	columns = listed + ", history, first_decision, first_token, first_spare, first_at, " +
		"second_decision, second_token, second_spare, second_at, owed_events"
)

// Get returns the statement that reads a whole order.
func (d *Dialect) Get(orderID string) Statement {
	return d.statement("SELECT "+columns+" FROM ordermanager_orders WHERE id = ?", []any{orderID})
}

// Returning returns the statement of [Dialect.Apply] that returns the whole order, or no row for a refusal.
func (s Statement) Returning() Statement {
	s.Text += " RETURNING " + columns
	return s
}

// ErrBrokenRow is returned for a row that no store of this module wrote.
var ErrBrokenRow = errors.New("a row is not a valid order")

// Rows is a result of any driver.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
}

// One reads a result of at most one whole order; nil if it is empty. It reads to the end, because only then is a
// statement with RETURNING known to have succeeded.
func One(rows Rows) (*ordermanager.Order, error) {
	var found *Row
	for rows.Next() {
		found = new(Row)
		if err := rows.Scan(found.whole()...); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil || found == nil {
		return nil, err
	}
	return found.decode()
}

// Listed reads the result of [Dialect.List].
func Listed(rows Rows) ([]*Row, error) {
	var all []*Row
	for rows.Next() {
		found := new(Row)
		if err := rows.Scan(found.listing()...); err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, rows.Err()
}

// Row is a row of the table of orders.
type Row struct {
	order            ordermanager.Order
	drink            sql.Null[string]
	created, updated int64
	history, owed    string
	first, second    slot
}

// slot has the columns of a wait.
type slot struct {
	decision     ordermanager.Decision
	token, spare sql.Null[string]
	at           sql.Null[int64]
}

// listing returns where to scan the columns of a listing.
func (r *Row) listing() []any {
	o := &r.order
	return []any{&o.ID, &o.Customer, &o.Venue, &o.Robot, &o.State, &r.drink, &o.Number, &o.Barista, &o.Reason,
		&r.created, &r.updated, &o.Version}
}

// whole returns where to scan all columns.
func (r *Row) whole() []any {
	into := append(r.listing(), &r.history)
	for _, s := range []*slot{&r.first, &r.second} {
		into = append(into, &s.decision, &s.token, &s.spare, &s.at)
	}
	return append(into, &r.owed)
}

// decode converts the row into an order.
func (r *Row) decode() (*ordermanager.Order, error) {
	o := &r.order
	o.CreatedAt, o.UpdatedAt = fromMillis(r.created), fromMillis(r.updated)
	o.FirstWait, o.SecondWait = r.first.decode(), r.second.decode()
	var err error
	if r.drink.Valid {
		o.Drink, err = decodeDrink(r.drink.V)
	}
	if r.history != "" {
		var errHistory error
		o.History, errHistory = decodeHistory(r.history)
		err = errors.Join(err, errHistory)
	}
	if r.owed != "" && r.owed != "[]" {
		err = errors.Join(err, json.Unmarshal([]byte(r.owed), &o.OwedEvents))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: order %s: %w", ErrBrokenRow, o.ID, err)
	}
	return o, nil
}

func (s *slot) decode() ordermanager.WaitSlot {
	// A null column scans as an empty value, and an empty value is no token.
	decoded := ordermanager.WaitSlot{
		Decision: s.decision, Token: ordermanager.NewTaskToken(s.token.V), Spare: ordermanager.NewTaskToken(s.spare.V),
	}
	if s.at.Valid {
		decoded.RegisteredAt = fromMillis(s.at.V)
	}
	return decoded
}
