package sqlstore

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
)

const (
	listed = "id, customer, venue, robot, state, drink, number, barista, reason, created_at, updated_at, version"
	// columns are those of a whole order.
	columns = listed + ", history, first_decision, first_token, first_spare, first_at, " +
		"second_decision, second_token, second_spare, second_at, owed_events"
)

// Get is the statement that reads one whole order.
func (d *Dialect) Get(orderID string) Statement {
	return d.statement("SELECT "+columns+" FROM ordermanager_orders WHERE id = ?", []any{orderID})
}

// ErrBrokenRow is returned for a row that holds what no store of this module wrote.
var ErrBrokenRow = errors.New("a row holds what is not an order")

// Rows is a result of any driver.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
}

// One reads a result of at most one whole order; nil if it is empty. It reads to the end, because a statement that
// returns what it changed is only then known to have been carried out.
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

// Row is an order as it comes out of the table.
type Row struct {
	order            ordermanager.Order
	drink            sql.Null[string]
	created, updated int64
	history, owed    string
	first, second    slot
}

// slot is one of its waits.
type slot struct {
	decision     ordermanager.Decision
	token, spare sql.Null[string]
	at           sql.Null[int64]
}

// listing is where to scan the columns that a listing has.
func (r *Row) listing() []any {
	o := &r.order
	return []any{&o.ID, &o.Customer, &o.Venue, &o.Robot, &o.State, &r.drink, &o.Number, &o.Barista, &o.Reason,
		&r.created, &r.updated, &o.Version}
}

// whole is where to scan all columns.
func (r *Row) whole() []any {
	into := append(r.listing(), &r.history)
	for _, s := range []*slot{&r.first, &r.second} {
		into = append(into, &s.decision, &s.token, &s.spare, &s.at)
	}
	return append(into, &r.owed)
}

// decode makes an order of the row.
func (r *Row) decode() (*ordermanager.Order, error) {
	o := &r.order
	o.CreatedAt, o.UpdatedAt = fromMillis(r.created), fromMillis(r.updated)
	o.FirstWait, o.SecondWait = r.first.decode(), r.second.decode()
	var err error
	if r.drink.Valid {
		var d drink
		err = json.Unmarshal([]byte(r.drink.V), &d)
		o.Drink = &ordermanager.Drink{Name: d.Name, Icon: d.Icon, Modifiers: d.Modifiers}
	}
	if r.history != "" {
		var entries []entry
		err = errors.Join(err, json.Unmarshal([]byte(r.history), &entries))
		o.History = history(entries)
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
	// The value of a column that is null is empty, and an empty value is no token.
	decoded := ordermanager.WaitSlot{
		Decision: s.decision, Token: ordermanager.NewTaskToken(s.token.V), Spare: ordermanager.NewTaskToken(s.spare.V),
	}
	if s.at.Valid {
		decoded.RegisteredAt = fromMillis(s.at.V)
	}
	return decoded
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// drink is the JSON in the column of that name.
type drink struct {
	Name      string   `json:"name"`
	Icon      string   `json:"icon"`
	Modifiers []string `json:"modifiers"`
}

func encodeDrink(d *ordermanager.Drink) (string, error) {
	data, err := json.Marshal(drink{d.Name, d.Icon, d.Modifiers})
	return string(data), err
}

// entry is the JSON of one entry of the history. The request id comes first: see known. The state is the one after it,
// absent if it did not change; the one before it is that of the entry before.
type entry struct {
	RequestID string              `json:"requestId"`
	Action    ordermanager.Action `json:"action"`
	State     ordermanager.State  `json:"state,omitempty"`
	Role      ordermanager.Role   `json:"role"`
	Actor     string              `json:"actor"`
	At        int64               `json:"at"`
	Reason    string              `json:"reason,omitempty"`
	Trace     string              `json:"trace,omitempty"`
}

func encodeEntry(e *ordermanager.Entry, newState ordermanager.State) (string, error) {
	data, err := json.Marshal(entry{
		e.RequestID, e.Action, newState, e.Actor.Role, e.Actor.ID, e.At.UnixMilli(), e.Reason, e.Trace,
	})
	return string(data), err
}

// known is the text by which a request id is found in the history. It stands there if, and only if, an entry has this
// id: inside a JSON string every quotation mark is escaped, so this sequence can only be the beginning of an entry.
func known(requestID string) (string, error) {
	data, err := json.Marshal(requestID)
	return `{"requestId":` + string(data) + `,`, err
}

func history(entries []entry) []ordermanager.Entry {
	all := make([]ordermanager.Entry, len(entries))
	var from ordermanager.State
	for i, e := range entries {
		if e.State == "" {
			e.State = from
		}
		all[i] = ordermanager.Entry{
			Action:    e.Action,
			From:      from,
			To:        e.State,
			Actor:     ordermanager.Actor{Role: e.Role, ID: e.Actor},
			RequestID: e.RequestID,
			At:        fromMillis(e.At),
			Reason:    e.Reason,
			Trace:     e.Trace,
		}
		from = e.State
	}
	return all
}
