package sqlitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/internal/sqlitefile"
)

// Apply implements [ordermanager.Store].
func (s *Store) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	w, err := translate(&t)
	if err != nil {
		return ordermanager.Result{}, err
	}
	if err := s.writers.Enter(ctx); err != nil {
		return ordermanager.Result{}, err
	}
	o, err := one(s.query(ctx, w.text, w.args...))
	s.writers.Leave()
	if err != nil || o != nil {
		return ordermanager.Result{Applied: o != nil, Order: o}, err
	}
	return s.refused(ctx, &t, w)
}

// refused finds the order that stood against the write. Since another process may have changed it meanwhile, the write is tried again in
// one transaction with the reading: either it is refused by the very order that is returned, or it is applied now.
func (s *Store) refused(ctx context.Context, t *ordermanager.Transition, w write) (result ordermanager.Result, err error) {
	err = sqlitefile.Write(ctx, s.db, func(tx *sql.Tx) (err error) {
		result.Order, err = one(tx.QueryContext(ctx, w.text, w.args...)) // Write says what an error means
		if result.Applied = result.Order != nil; !result.Applied && err == nil {
			result.Order, err = one(tx.QueryContext(ctx, selectOne, t.OrderID))
		}
		return err
	})
	if err != nil {
		return ordermanager.Result{}, err
	}
	return result, nil
}

// write is a statement with its arguments. Its text depends only on which guards and assignments there are, not on their values.
type write struct {
	text string
	args []any
}

func translate(t *ordermanager.Transition) (write, error) {
	if t.Create != nil {
		return insert(t)
	}
	return update(t)
}

// insert makes the write for a new order.
func insert(t *ordermanager.Transition) (write, error) {
	o := t.Apply(nil)
	entry, err := encodeEntry(&t.Entry, o.State)
	if err != nil {
		return write{}, err
	}
	owed := []byte("[]")
	if len(o.OwedEvents) > 0 {
		if owed, err = json.Marshal(o.OwedEvents); err != nil {
			return write{}, err
		}
	}
	var drink any
	if o.Drink != nil {
		if drink, err = encodeDrink(o.Drink); err != nil {
			return write{}, err
		}
	}
	args := []any{o.ID, o.Customer, o.Venue, o.Robot, o.State, drink, o.Number, o.Barista, o.Reason,
		o.CreatedAt.UnixMilli(), o.UpdatedAt.UnixMilli(), o.Version, "[" + entry + "]"}
	args = append(args, registered(o.FirstWait)...)
	args = append(args, registered(o.SecondWait)...)
	return write{insertOne, append(args, string(owed))}, nil
}

var insertOne = "INSERT INTO ordermanager_orders (" + columns + ") VALUES (?" + strings.Repeat(", ?", strings.Count(columns, ",")) +
	") ON CONFLICT DO NOTHING RETURNING " + columns

// registered is a slot as two columns.
func registered(slot ordermanager.WaitSlot) []any {
	if slot.RegisteredAt.IsZero() {
		return []any{nil, nil}
	}
	return []any{slot.Token.Reveal(), slot.RegisteredAt.UnixMilli()}
}

// clauses collects the parts of a statement in the order of their placeholders.
type clauses struct {
	parts []string
	args  []any
}

func (c *clauses) add(part string, args ...any) {
	c.parts, c.args = append(c.parts, part), append(c.args, args...)
}

// update makes the write for an existing order: one line for each guard and each assignment of the contract.
func update(t *ordermanager.Transition) (write, error) {
	entry, errEntry := encodeEntry(&t.Entry, t.Assign.State)
	repeated, errKnown := known(t.Entry.RequestID)
	if err := errors.Join(errEntry, errKnown); err != nil {
		return write{}, err
	}
	var set, where clauses

	// The column stays a JSON array, without being parsed for each write: the closing bracket makes way for the new entry.
	set.add("history = substr(history, 1, length(history) - 1) || ?", ","+entry+"]")
	set.add("version = version + 1, updated_at = ?", t.Entry.At.UnixMilli())
	where.add("id = ?", t.OrderID)
	where.add("instr(history, ?) = 0", repeated)

	g := &t.Guards
	if len(g.States) > 0 {
		where.add("state IN (?"+strings.Repeat(", ?", len(g.States)-1)+")", toAny(g.States)...)
	}
	if g.Customer != "" {
		where.add("customer = ?", g.Customer)
	}
	if g.Venue != nil {
		where.add("venue = ?", *g.Venue)
	}
	if g.NoDrink {
		where.add("drink IS NULL")
	}
	if g.HasDrink {
		where.add("drink IS NOT NULL")
	}
	if g.FreeFor != "" {
		where.add("(state <> 'making' OR barista = ?)", g.FreeFor)
	}
	if g.HistoryBelow != 0 {
		where.add("version < ?", g.HistoryBelow)
	}

	a := &t.Assign
	if a.State != "" {
		set.add("state = ?", a.State)
	}
	if a.Drink != nil {
		drink, err := encodeDrink(a.Drink)
		if err != nil {
			return write{}, err
		}
		set.add("drink = ?", drink)
	}
	if a.Barista != nil {
		set.add("barista = ?", *a.Barista)
	}
	if a.Reason != "" {
		set.add("reason = ?", a.Reason)
	}
	if a.Number != "" {
		set.add("number = ?", a.Number)
	}
	if r := a.Register; r != nil {
		slot, at := "first", r.At.UnixMilli()
		if r.Wait == ordermanager.SecondWait {
			slot = "second"
		}
		set.add(slot+"_token = ?, "+slot+"_at = ?", r.Token.Reveal(), at)
		where.add("("+slot+"_at IS NULL OR "+slot+"_at <= ?)", at)
		if a.AnswerFirst {
			set.add("first_token = NULL")
			where.add("(first_at IS NULL OR first_at <= ?)", at)
		}
	}
	if a.Event {
		set.add("owed_events = json_insert(owed_events, '$[#]', ?)", t.Entry.RequestID)
	}
	return write{
		"UPDATE ordermanager_orders SET " + strings.Join(set.parts, ", ") + " WHERE " + strings.Join(where.parts, " AND ") + " RETURNING " + columns,
		append(set.args, where.args...),
	}, nil
}

func toAny[T any](values []T) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = value
	}
	return all
}
