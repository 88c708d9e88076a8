package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/internal/testenv"
)

// storeIn is a store in a schema for the length of a test. It is not in pgtest, which imports this package.
func storeIn(t *testing.T, schema string) *Store {
	t.Helper()
	pool, err := Open(t.Context(), testenv.URL(t, testenv.PostgreSQL))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	drop := func() {
		if _, err := pool.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
	}
	drop()
	t.Cleanup(drop)
	store, err := NewStore(t.Context(), pool, &Options{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// tableForPlans has as many orders as a planner takes seriously, of which most are completed.
func tableForPlans(t *testing.T) *Store {
	t.Helper()
	store := storeIn(t, "test_plans")
	for _, statement := range []string{
		`INSERT INTO test_plans.orders (id, customer, venue, robot, state, drink, created_at, updated_at, version, history,
			owed_events, changed)
		SELECT 'order-' || i, 'customer-' || i % 1000, 'venue-' || i % 5, false,
			CASE WHEN i % 50 = 0 THEN 'pending' ELSE 'completed' END, '{}', i, i + 1, 3, '[]',
			CASE WHEN i % 1000 = 0 THEN '["x"]' ELSE '[]' END, i::text::xid8
		FROM generate_series(1, 50000) AS i`,
		"ANALYZE test_plans.orders",
	} {
		if _, err := store.pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// node is a node of a plan, as EXPLAIN prints it.
type node struct {
	Type  string `json:"Node Type"`
	Index string `json:"Index Name"`
	Plans []node
}

func (n *node) String() string {
	text := n.Type
	if n.Index != "" {
		text += " " + n.Index
	}
	for _, child := range n.Plans {
		text += " > " + child.String()
	}
	return text
}

func planOf(t *testing.T, pool *pgxpool.Pool, mode string, statement sqlstore.Statement) string {
	t.Helper()
	var text []byte
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "SET LOCAL plan_cache_mode = "+mode); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), "PREPARE planned AS "+statement.Text); err != nil {
			return err
		}
		literals := make([]string, len(statement.Args))
		for i, arg := range statement.Args {
			literals[i] = "NULL"
			if arg != nil {
				literals[i] = "'" + strings.ReplaceAll(fmt.Sprint(arg), "'", "''") + "'"
			}
		}
		execute := "EXPLAIN (FORMAT json) EXECUTE planned"
		if len(literals) > 0 {
			execute += " (" + strings.Join(literals, ", ") + ")"
		}
		err := tx.QueryRow(t.Context(), execute, pgx.QueryExecModeSimpleProtocol).Scan(&text)
		_, errFree := tx.Exec(t.Context(), "DEALLOCATE planned")
		return errors.Join(err, errFree)
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, statement.Text)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	return plans[0].Plan.String()
}

// Whether the server plans for the values at hand or for any, it finds rows through an index.
func TestEveryStatementFindsItsRowsThroughAnIndex(t *testing.T) {
	store := tableForPlans(t)
	dialect := store.dialect
	everything := ordermanager.Transition{
		OrderID: "order-1",
		Guards:  ordermanager.Guards{States: ordermanager.States(), Customer: "ada", HasDrink: true, HistoryBelow: 3},
		Assign:  ordermanager.Assignment{State: ordermanager.StateMaking, Events: []string{"r"}},
	}
	update, err := dialect.Apply(&everything)
	if err != nil {
		t.Fatal(err)
	}
	settle, err := dialect.Settle(&ordermanager.Settlement{OrderID: "order-1", First: ordermanager.NewTaskToken("t")})
	if err != nil {
		t.Fatal(err)
	}
	type want struct {
		name      string
		statement sqlstore.Statement
		plan      string
	}
	wants := []want{
		{"get", dialect.Get("order-1"), "Index Scan orders_pkey"},
		{"update", update, "ModifyTable > Index Scan orders_pkey"},
		{"settle", settle, "ModifyTable > Index Scan orders_pkey"},
	}
	earlier, later := snapshot{40_000, 40_000, nil}, snapshot{49_000, 49_500, []uint64{49_000, 49_200}}
	wants = append(wants, want{"changes", store.changedBetween(earlier, later), "Limit > Index Scan orders_changed"})
	first, err := store.List(t.Context(), ordermanager.Query{State: "pending", Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		query ordermanager.Query
		plan  string
	}{
		{ordermanager.Query{State: "pending"}, "Limit > Index Scan orders_state"},
		{
			ordermanager.Query{Customer: "customer-7"}, "Limit > Sort > Bitmap Heap Scan > Bitmap Index Scan orders_customer",
		}, // a customer has few
		{ordermanager.Query{Venue: "venue-1"}, "Limit > Index Scan orders_venue"},
		{ordermanager.Query{Venue: "venue-1", State: "pending"}, "Limit > Index Scan orders_venue_state"},
		{ordermanager.Query{Owing: true}, "Limit > Index Scan orders_owing"},
	} {
		q.query.Limit = 100
		for _, cursor := range []string{"", first.Cursor} {
			q.query.Cursor = cursor
			list, err := dialect.List(&q.query)
			if err != nil {
				t.Fatal(err)
			}
			wants = append(wants, want{fmt.Sprintf("list %+v", q.query), list, q.plan})
		}
	}
	for _, w := range wants {
		modes := []string{"force_custom_plan", "force_generic_plan"}
		if strings.HasPrefix(w.name, "list") || w.name == "changes" {
			modes = modes[:1] // see listMode
		}
		for _, mode := range modes {
			if got := planOf(t, store.pool, mode, w.statement); got != w.plan {
				t.Errorf("%s, %s:\n got %s\nwant %s", w.name, mode, got, w.plan)
			}
		}
	}
}

// old is a server of another version.
type old int

func (o old) QueryRow(context.Context, string, ...any) pgx.Row { return o }

func (o old) Scan(dest ...any) error {
	*dest[0].(*int) = int(o)
	return nil
}

func TestAServerThatIsTooOldIsSaidSo(t *testing.T) {
	if _, err := check(t.Context(), old(130012), DefaultSchema); !errors.Is(err, ErrServerVersion) {
		t.Errorf("PostgreSQL 13: %v", err)
	}
	if _, err := check(t.Context(), old(140000), DefaultSchema); err != nil {
		t.Errorf("PostgreSQL 14: %v", err)
	}
}
