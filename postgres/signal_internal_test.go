package postgres

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/brewline/ordermanager"
)

// Who waits is told by other replicas, and need not look: of a commit of their own and of a caller's.
func TestOtherReplicasTellWhoWaits(t *testing.T) {
	const schema = "test_signal"
	waiting := storeIn(t, schema)
	other, err := NewStore(t.Context(), waiting.pool, &Options{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	beginning := waiting.signal.hear()
	defer waiting.signal.wait()()
	told := func(what string, news <-chan struct{}) {
		t.Helper()
		select {
		case <-news:
		case <-time.After(time.Minute):
			t.Fatal("nobody told of ", what)
		}
	}
	told("what happened before it listened", beginning)
	begin := func(id string) ordermanager.Transition {
		return ordermanager.Transition{OrderID: id, Create: &ordermanager.NewOrder{State: ordermanager.StatePending}}
	}
	news := waiting.signal.hear()
	if _, err := other.Apply(t.Context(), begin("1")); err != nil {
		t.Fatal(err)
	}
	told("a commit", news)
	news = waiting.signal.hear()
	err = pgx.BeginFunc(t.Context(), waiting.pool, func(tx pgx.Tx) error {
		_, err := other.Apply(InTx(t.Context(), tx), begin("2"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	told("a caller's commit", news)
}

// What was in the tables before changes were told of is no change.
func TestTablesFromBeforeHaveNoChangesYet(t *testing.T) {
	const schema, before = "test_before", 3 // 0004 keeps changes
	store := storeIn(t, schema)
	for _, statement := range []string{
		"DROP SCHEMA test_before CASCADE", script(schema, true, scripts()[:before]),
		"UPDATE test_before.schema_version SET version = 3",
		`INSERT INTO test_before.orders (id, customer, venue, robot, state, created_at, updated_at, version, history)
			VALUES ('old', 'ada', '', false, 'pending', 1, 1, 1, '[]')`,
	} {
		if _, err := store.pool.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	store, err := NewStore(t.Context(), store.pool, &Options{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	now, err := store.Changes(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	begin := ordermanager.Transition{OrderID: "new", Create: &ordermanager.NewOrder{State: ordermanager.StatePending}}
	if _, err := store.Apply(t.Context(), begin); err != nil {
		t.Fatal(err)
	}
	changes, err := store.Changes(t.Context(), now.Position, 0)
	if err != nil || len(changes.Orders) != 1 || changes.Orders[0].ID != "new" {
		t.Errorf("%+v, %v", changes.Orders, err)
	}
}
