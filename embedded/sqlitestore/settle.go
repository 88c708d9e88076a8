package sqlitestore

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/internal/sqlitefile"
)

// Settle implements [ordermanager.Store]. Which orders owe something follows from the orders themselves, so a settlement that names nothing
// has nothing to write.
func (s *Store) Settle(ctx context.Context, settlement ordermanager.Settlement) error {
	var set, names clauses // what is taken off, and the condition that there is something to take off
	for _, slot := range []struct {
		column string
		token  ordermanager.TaskToken
	}{{"first_token", settlement.First}, {"second_token", settlement.Second}} {
		if !slot.token.IsZero() {
			set.add(slot.column+" = nullif("+slot.column+", ?)", slot.token.Reveal())
			names.add(slot.column+" = ?", slot.token.Reveal())
		}
	}
	if len(settlement.Events) > 0 {
		events, err := json.Marshal(settlement.Events)
		if err != nil {
			return err
		}
		set.add(`owed_events = (SELECT json_group_array(value ORDER BY key) FROM json_each(owed_events)
			WHERE value NOT IN (SELECT value FROM json_each(?)))`, string(events))
		names.add("owed_events <> '[]'")
	}
	if len(set.parts) == 0 {
		return ctx.Err()
	}
	text := "UPDATE ordermanager_orders SET " + strings.Join(set.parts, ", ") + " WHERE id = ? AND (" + strings.Join(names.parts, " OR ") + ")"
	statement, err := s.prepared(ctx, text) //nolint:sqlclosecheck // it stays open for the next one
	if err != nil {
		return err
	}
	if err := s.writers.Enter(ctx); err != nil {
		return err
	}
	defer s.writers.Leave()
	args := append(append(set.args, settlement.OrderID), names.args...)
	_, err = statement.ExecContext(ctx, args...)
	return sqlitefile.Classify(err)
}
