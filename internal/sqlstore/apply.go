package sqlstore

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/brewline/ordermanager"
)

// Apply returns the statement that carries out a transition. It changes the order's row, or none for a refusal.
func (d *Dialect) Apply(t *ordermanager.Transition) (Statement, error) {
	if t.Create != nil {
		return d.insert(t)
	}
	return d.update(t)
}

// insert returns the statement for a new order.
func (d *Dialect) insert(t *ordermanager.Transition) (Statement, error) {
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
	args = append(args, columnsOf(&o.FirstWait)...)
	args = append(args, columnsOf(&o.SecondWait)...)
	text := "INSERT INTO ordermanager_orders (" + columns + ", changed) VALUES (" + placeholders(len(args)+1) + ", " +
		d.change + ") ON CONFLICT DO NOTHING"
	return d.statement(text, append(args, string(owed))), nil
}

// columnsOf returns the columns of a slot.
func columnsOf(slot *ordermanager.WaitSlot) []any {
	if slot.RegisteredAt.IsZero() {
		return []any{slot.Decision, nil, nil, nil}
	}
	return []any{slot.Decision, slot.Token.Reveal(), nil, slot.RegisteredAt.UnixMilli()}
}

// update returns the statement for an existing order: one line per guard and assignment of the contract.
func (d *Dialect) update(t *ordermanager.Transition) (Statement, error) {
	entry, errEntry := encodeEntry(&t.Entry, t.Assign.State)
	repeated, errKnown := known(t.Entry.RequestID)
	if err := errors.Join(errEntry, errKnown); err != nil {
		return Statement{}, err
	}
	var set, where clauses

	// Append to the JSON array without parsing it: the new entry replaces the closing bracket.
	set.add("history = substr(history, 1, length(history) - 1) || ?", ","+entry+"]")
	set.add("version = version + 1, updated_at = ?, changed = "+d.change, t.Entry.At.UnixMilli())
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
	if len(g.Venues) > 0 {
		where.add("venue IN ("+placeholders(len(g.Venues))+")", toAny(g.Venues)...)
	}
	if g.NoDrink {
		where.add("drink IS NULL")
	}
	if g.HasDrink {
		where.add("drink IS NOT NULL")
	}
	if g.FreeFor != "" && len(g.HeldIn) > 0 {
		where.add("(barista = ? OR state NOT IN ("+placeholders(len(g.HeldIn))+
			"))", append([]any{g.FreeFor}, toAny(g.HeldIn)...)...)
	}
	if g.Undecided != 0 {
		where.add(slotOf(g.Undecided) + "_decision = ''")
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
	decide(&set, "first", a.First)
	decide(&set, "second", a.Second)
	if r := a.Register; r != nil {
		register(&set, &where, r)
		if a.AnswerFirst {
			set.add("first_token = NULL")
			where.add("(first_at IS NULL OR first_at <= ?)", r.At.UnixMilli())
		}
	}
	if len(a.Events) > 0 {
		events, err := json.Marshal(a.Events)
		if err != nil {
			return Statement{}, err
		}
		set.add("owed_events = "+someMore, string(events[1:len(events)-1]))
	}
	text := "UPDATE ordermanager_orders SET " + strings.Join(set.parts, ", ") +
		" WHERE " + strings.Join(where.parts, " AND ")
	return d.statement(text, append(set.args, where.args...)), nil
}

// slotOf returns the prefix of a wait's columns.
func slotOf(w ordermanager.Wait) string {
	if w == ordermanager.SecondWait {
		return "second"
	}
	return "first"
}

// decide records a decision, unless there is one.
func decide(set *clauses, slot string, d ordermanager.Decision) {
	if d != ordermanager.Undecided {
		set.add(slot+"_decision = CASE "+slot+"_decision WHEN '' THEN ? ELSE "+slot+"_decision END", d)
	}
}

// register stores a token. The previous one becomes the spare.
func register(set, where *clauses, r *ordermanager.Registration) {
	slot, token, at := slotOf(r.Wait), r.Token.Reveal(), r.At.UnixMilli()
	if r.Spare {
		set.add(slot+"_spare = ?", token)
		where.add(slot+"_at > ?", at)
		return
	}
	set.add(slot+"_spare = coalesce("+slot+"_token, "+slot+"_spare), "+slot+"_token = ?, "+slot+"_at = ?", token, at)
	where.add("("+slot+"_at IS NULL OR "+slot+"_at <= ?)", at)
}

// someMore appends JSON values, separated by commas, to the JSON array owed_events.
const someMore = "CASE owed_events WHEN '[]' THEN '[' " +
	"ELSE substr(owed_events, 1, length(owed_events) - 1) || ',' END || ? || ']'"
