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
