package sqlstore

import (
	"encoding/json"
	"strings"

	"github.com/brewline/ordermanager"
)

// Settle returns the statement that removes what was delivered. Its text is empty if there is nothing to write: which
// orders owe something follows from the orders themselves.
func (d *Dialect) Settle(settlement *ordermanager.Settlement) (Statement, error) {
	var set, names clauses // what is removed, and the condition that there is something to remove
	for _, slot := range []struct {
		column string
		token  ordermanager.TaskToken
	}{
		{"first_token", settlement.First}, {"first_spare", settlement.FirstSpare},
		{"second_token", settlement.Second}, {"second_spare", settlement.SecondSpare},
	} {
		if !slot.token.IsZero() {
			set.add(slot.column+" = nullif("+slot.column+", ?)", slot.token.Reveal())
			names.add(slot.column+" = ?", slot.token.Reveal())
		}
	}
	if len(settlement.Events) > 0 {
		events, err := json.Marshal(settlement.Events)
		if err != nil {
			return Statement{}, err
		}
		set.add("owed_events = "+d.remove, string(events))
		names.add("owed_events <> '[]'")
	}
	if len(set.parts) == 0 {
		return Statement{}, nil
	}
	text := "UPDATE ordermanager_orders SET " + strings.Join(set.parts, ", ") +
		" WHERE id = ? AND (" + strings.Join(names.parts, " OR ") + ")"
	return d.statement(text, append(append(set.args, settlement.OrderID), names.args...)), nil
}
