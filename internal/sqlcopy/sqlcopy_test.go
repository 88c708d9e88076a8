package sqlcopy_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	embedded "github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/internal/sqlcopy"
	"github.com/brewline/ordermanager/internal/sqlstore"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/postgres"
	"github.com/brewline/ordermanager/workflow"
)

// house is a service on one database.
type house struct {
	sqlcopy.Database
	store    ordermanager.Store
	workflow *workflow.Workflow
	manager  *ordermanager.Manager
	events   *memory.Publisher
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var settings = &workflow.Options{Now: func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }}

func (h *house) open(t testing.TB) *house {
	t.Helper()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "<Latte> & \u2028"}}})
	var err error
	h.events = &memory.Publisher{}
	h.manager, err = ordermanager.New(
		h.store, menu, h.workflow, &ordermanager.Options{Publisher: h.events, Now: settings.Now},
	)
	must(t, err)
	h.workflow.Connect(h.manager)
	return h
}

func onFile(t testing.TB) *house {
	t.Helper()
	db, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "orders.db"))
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	h := &house{Database: sqlcopy.Database{DB: db, Dialect: sqlstore.SQLite}}
	h.store, err = sqlitestore.New(t.Context(), db)
	must(t, err)
	h.workflow, err = embedded.New(t.Context(), db, settings)
	must(t, err)
	return h.open(t)
}

func onServer(t testing.TB) *house {
	t.Helper()
	pool := pgtest.Pool(t, pgtest.URL(t))
	options := pgtest.Schema(t, pool)
	db := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() { _ = db.Close() })
	h := &house{Database: sqlcopy.Database{DB: db, Dialect: sqlstore.PostgreSQL(options.Schema)}}
	var err error
	h.store, err = postgres.NewStore(t.Context(), pool, options)
	must(t, err)
	h.workflow, err = postgres.NewWorkflow(t.Context(), pool, options, settings)
	must(t, err)
	return h.open(t)
}

// steps leads an order so many steps through its life. Events stay owed, and what the workflow has to tell is told for
// every other order only.
func (h *house) steps(t testing.TB, id string, from, to int) {
	t.Helper()
	ctx := t.Context()
	failing := h.events.Hook
	h.events.Hook = func(string, string, bool) error { return context.DeadlineExceeded }
	defer func() { h.events.Hook = failing }()
	for step := from; step < to; step++ {
		request := ordermanager.Request{
			OrderID: id, RequestID: fmt.Sprintf("<%s> & %d", id, step), Actor: ordermanager.Barista("bo"),
		}
		var err error
		switch step {
		case 0:
			_, err = h.workflow.Start(ctx, id, "ada", "")
		case 1:
			request.Action, request.Actor = ordermanager.ActionPut, ordermanager.Customer("ada")
			request.Drink.Drink = "<Latte> & \u2028"
			_, err = h.manager.Handle(ctx, request)
		case 2:
			err = h.workflow.Advance(ctx)
		case 3:
			request.Action = ordermanager.ActionMake
			_, err = h.manager.Handle(ctx, request)
		case 4:
			request.Action = ordermanager.ActionComplete
			_, err = h.manager.Handle(ctx, request)
		}
		must(t, err)
	}
}

// everything is all that can be seen of a house.
func (h *house) everything(t testing.TB, ids []string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, id := range ids {
		o, err := h.store.Get(t.Context(), id)
		must(t, err)
		status, err := h.workflow.Status(t.Context(), id)
		must(t, err)
		all[id], all[id+" workflow"] = o, status
	}
	shop, err := h.workflow.Shop(t.Context(), "")
	must(t, err)
	all["shop"] = shop
	return all
}

var tokens = cmp.Comparer(func(a, b ordermanager.TaskToken) bool { return a.Equal(b) })

// copyAll copies, and returns how many rows were read and written.
func copyAll(t testing.TB, from, to *house) (read, written int64) {
	t.Helper()
	last := map[string]sqlcopy.Progress{}
	must(t, sqlcopy.Copy(t.Context(), from.Database, to.Database, func(p sqlcopy.Progress) { last[p.Table] = p }))
	for _, p := range last {
		read, written = read+p.Read, written+p.Written
	}
	return read, written
}

// Invariants 3 and 5: nothing of an order is lost on the way from one database to the other, and it goes on there.
func TestOrdersAndWorkflowsMoveBothWays(t *testing.T) {
	for name, houses := range map[string]func(t testing.TB) (from, to *house){
		"from a file to a server": func(t testing.TB) (from, to *house) { return onFile(t), onServer(t) },
		"from a server to a file": func(t testing.TB) (from, to *house) { return onServer(t), onFile(t) },
		"from a file to a file":   func(t testing.TB) (from, to *house) { return onFile(t), onFile(t) },
	} {
		t.Run(name, func(t *testing.T) {
			from, to := houses(t)
			var ids []string
			// The longest life first, so that its step of the workflow leaves that of the others to be told.
			for n := 5; n > 0; n-- {
				ids = append(ids, fmt.Sprint("order-", n))
				from.steps(t, fmt.Sprint("order-", n), 0, n)
			}
			read, written := copyAll(t, from, to)
			if read != written || read < int64(2*len(ids)) {
				t.Errorf("%d rows were read, and %d written", read, written)
			}
			if diff := cmp.Diff(from.everything(t, ids), to.everything(t, ids), tokens); diff != "" {
				t.Error(diff)
			}
			if _, again := copyAll(t, from, to); again != 0 {
				t.Errorf("a repetition wrote %d rows", again)
			}

			// They go on there, and a repetition does not bring the past back.
			must(t, to.workflow.Advance(t.Context()))
			for i, id := range ids {
				to.steps(t, id, 5-i, 5)
			}
			_, err := to.manager.Redrive(t.Context(), nil)
			must(t, err)
			done := to.everything(t, ids)
			copyAll(t, from, to)
			must(t, to.workflow.Advance(t.Context())) // what was told there already is told once more, which changes nothing
			if diff := cmp.Diff(done, to.everything(t, ids), tokens); diff != "" {
				t.Error(diff)
			}
			for _, id := range ids {
				if o := done[id].(*ordermanager.Order); o.State != ordermanager.StateCompleted || o.Owes() {
					t.Errorf("%s ended as %s", id, o.State)
				}
			}
		})
	}
}

// What moved on in the source is caught up with, more than a batch of it too.
func TestACopyCatchesUp(t *testing.T) {
	from, to := onFile(t), onFile(t)
	const orders = 1100
	_, err := from.DB.ExecContext(t.Context(), "PRAGMA synchronous = OFF")
	must(t, err)
	for n := range orders {
		from.steps(t, fmt.Sprint("order-", n), 0, 1)
	}
	if read, written := copyAll(t, from, to); read != 2*orders || written != read {
		t.Errorf("%d rows were read, and %d written", read, written)
	}
	from.steps(t, "order-7", 1, 2)
	if _, written := copyAll(t, from, to); written != 3 { // the order, its workflow and the number
		t.Errorf("%d rows were written", written)
	}
	var count int
	must(t, to.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM ordermanager_orders").Scan(&count))
	if count != orders {
		t.Errorf("%d orders are there", count)
	}
}

func TestACopyThatFailsSaysWhere(t *testing.T) {
	from, to := onFile(t), onFile(t)
	from.steps(t, "order-1", 0, 1)
	_, err := from.DB.ExecContext(t.Context(), "UPDATE ordermanager_orders SET owed_events = 'x'")
	must(t, err)
	err = sqlcopy.Copy(t.Context(), from.Database, to.Database, func(sqlcopy.Progress) {})
	if err == nil || err.Error()[:38] != "copying the orders: owed_events of ord" {
		t.Errorf("got %v", err)
	}
}
