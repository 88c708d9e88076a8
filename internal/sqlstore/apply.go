package sqlstore

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/brewline/ordermanager"
)

// Apply is the one statement that carries a transition out, and returns the whole order, or no row when it is refused.
func (d *Dialect) Apply(t *ordermanager.Transition) (Statement, error) {
	if t.Create != nil {
		return insert(t)
	}
	return d.update(t)
}

// insert makes the statement for a new order.
func insert(t *ordermanager.Transition) (Statement, error) {
	o := t.Apply(nil)
	entry, err := encodeEntry(&t.Entry, o.State)
	if err != nil {
		return Statement{}, err
	}
	owed := []byte("[]")
	if len(o.OwedEvents) > 0 {
		if owed, err = json.Marshal(o.OwedEvents); err != nil {
			return Statement{}, err
		}
	}
	var drink any
	if o.Drink != nil {
		if drink, err = encodeDrink(o.Drink); err != nil {
			return Statement{}, err
		}
	}
	args := []any{o.ID, o.Customer, o.Venue, o.Robot, o.State, drink, o.Number, o.Barista, o.Reason,
		o.CreatedAt.UnixMilli(), o.UpdatedAt.UnixMilli(), o.Version, "[" + entry + "]"}
	args = append(args, registered(o.FirstWait)...)
	args = append(args, registered(o.SecondWait)...)
	return Statement{insertOne, append(args, string(owed))}, nil
}

var insertOne = "INSERT INTO ordermanager_orders (" + columns + ") VALUES (" +
	placeholders(1+strings.Count(columns, ",")) + ") ON CONFLICT DO NOTHING RETURNING " + columns

// registered is a slot as two columns.
func registered(slot ordermanager.WaitSlot) []any {
	if slot.RegisteredAt.IsZero() {
		return []any{nil, nil}
	}
	return []any{slot.Token.Reveal(), slot.RegisteredAt.UnixMilli()}
}

// update makes the statement for an existing order: one line for each guard and each assignment of the contract.
func (d *Dialect) update(t *ordermanager.Transition) (Statement, error) {
	entry, errEntry := encodeEntry(&t.Entry, t.Assign.State)
	repeated, errKnown := known(t.Entry.RequestID)
	if err := errors.Join(errEntry, errKnown); err != nil {
		return Statement{}, err
	}
	var set, where clauses

	// The column stays a JSON array, without being parsed for each write: the closing bracket makes way for the new entry.
	set.add("history = substr(history, 1, length(history) - 1) || ?", ","+entry+"]")
	set.add("version = version + 1, updated_at = ?", t.Entry.At.UnixMilli())
	where.add("id = ?", t.OrderID)
	where.add(d.position+"(history, ?) = 0", repeated)

	g := &t.Guards
	if len(g.States) > 0 {
		where.add("state IN ("+placeholders(len(g.States))+")", toAny(g.States)...)
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
			return Statement{}, err
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
		set.add("owed_events = "+d.append, t.Entry.RequestID)
	}
	return Statement{
		"UPDATE ordermanager_orders SET " + strings.Join(set.parts, ", ") +
			" WHERE " + strings.Join(where.parts, " AND ") + " RETURNING " + columns,
		append(set.args, where.args...),
	}, nil
}
