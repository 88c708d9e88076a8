package sqlitestore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
)

// open opens a file for the length of a test.
func open(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sqlitestore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func newStore(t testing.TB, db *sql.DB) *sqlitestore.Store {
	t.Helper()
	store, err := sqlitestore.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func tempFile(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "orders.db")
}

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// create is the transition that begins an order.
func create(id, customer, venue string, at time.Time) ordermanager.Transition {
	token := ordermanager.NewTaskToken("first of " + id)
	return ordermanager.Transition{
		OrderID: id,
		Create:  &ordermanager.NewOrder{Customer: customer, Venue: venue, State: ordermanager.StatePending},
		Assign: ordermanager.Assignment{
			Register: &ordermanager.Registration{Wait: ordermanager.FirstWait, Token: token, At: at},
		},
		Entry: ordermanager.Entry{Action: ordermanager.ActionWorkflowStarted, Actor: ordermanager.System("workflow"),
			RequestID: token.Fingerprint(), At: at},
	}
}

// put is the transition of a customer who chooses a drink.
func put(id, customer, requestID string) ordermanager.Transition {
	return ordermanager.Transition{
		OrderID: id,
		Guards: ordermanager.Guards{
			States: []ordermanager.State{ordermanager.StatePending}, Customer: customer, NoDrink: true,
		},
		Assign: ordermanager.Assignment{State: ordermanager.StatePending, First: ordermanager.Done,
			Drink: &ordermanager.Drink{Name: "Latte", Icon: "latte", Modifiers: []string{"Oat"}}},
		Entry: ordermanager.Entry{Action: ordermanager.ActionPut, To: ordermanager.StatePending, Actor: ordermanager.Customer(customer),
			RequestID: requestID, At: start.Add(time.Second)},
	}
}

// claim is the transition of a barista who makes an order.
func claim(id, barista, requestID string) ordermanager.Transition {
	return ordermanager.Transition{
		OrderID: id,
		Guards: ordermanager.Guards{States: []ordermanager.State{ordermanager.StatePending}, HasDrink: true, FreeFor: barista,
			HeldIn:       []ordermanager.State{ordermanager.StateMaking},
			HistoryBelow: ordermanager.MaxClaimHistory},
		Assign: ordermanager.Assignment{State: ordermanager.StateMaking, Barista: &barista},
		Entry: ordermanager.Entry{Action: ordermanager.ActionMake, To: ordermanager.StateMaking, Actor: ordermanager.Barista(barista),
			RequestID: requestID, At: start.Add(2 * time.Second)},
	}
}

func mustApply(t testing.TB, store ordermanager.Store, transition ordermanager.Transition) *ordermanager.Order {
	t.Helper()
	result, err := store.Apply(t.Context(), transition)
	if err != nil || !result.Applied {
		t.Fatalf("%s was not applied: %+v, %v", transition.Entry.Action, result.Order, err)
	}
	return result.Order
}

func TestOrdersAreThereAfterTheFileIsOpenedAgain(t *testing.T) {
	path := tempFile(t)
	db := open(t, path)
	store := newStore(t, db)
	mustApply(t, store, create("1", "ada", "", start))
	mustApply(t, store, put("1", "ada", "r1"))
	want := mustApply(t, store, claim("1", "bo", "r2"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := newStore(t, open(t, path)).Get(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, tokens); diff != "" {
		t.Error(diff)
	}
	var states []ordermanager.State
	for _, entry := range got.History {
		states = append(states, entry.From, entry.To)
	}
	pending, making := ordermanager.StatePending, ordermanager.StateMaking
	if diff := cmp.Diff([]ordermanager.State{"", pending, pending, pending, pending, making}, states); diff != "" {
		t.Errorf("history: %s", diff)
	}
}

var tokens = cmp.Comparer(func(a, b ordermanager.TaskToken) bool { return a.Equal(b) })

// note is a transition that changes nothing but the history.
func note(id, requestID string) ordermanager.Transition {
	return ordermanager.Transition{
		OrderID: id,
		Entry: ordermanager.Entry{Action: ordermanager.ActionWaitingCompletion, Actor: ordermanager.System("workflow"), RequestID: requestID,
			At: start.Add(time.Minute), Reason: `{"requestId":"reason",`},
	}
}

func TestManyHandlesCanOpenANewFileAtOnce(t *testing.T) {
	path := tempFile(t)
	var opening sync.WaitGroup
	for range 8 {
		opening.Go(func() {
			db, err := sqlitestore.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = db.Close() })
			if _, err := sqlitestore.New(t.Context(), db); err != nil {
				t.Error(err)
			}
		})
	}
	opening.Wait()
}

func TestTheSettingsAreTheOnesThatAreStated(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a file?with #odd% name"))
	for range 3 { // every connection has them, not only the first
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000"} {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %q, want %q (%v)", pragma, got, want, err)
			}
		}
	}
}

func TestAListingHoldsNoLock(t *testing.T) {
	db := open(t, tempFile(t))
	db.SetMaxOpenConns(1) // with a connection held between two pages, nothing else could go on
	store := newStore(t, db)
	for i := range 5 {
		mustApply(t, store, create(fmt.Sprint(i), "ada", "", start.Add(time.Duration(i)*time.Millisecond)))
	}
	query := ordermanager.Query{Customer: "ada", Limit: 2}
	var seen []string
	for {
		page, err := store.List(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Orders {
			seen = append(seen, o.ID)
			mustApply(t, store, put(o.ID, "ada", "put"))
		}
		if query.Cursor = page.Cursor; query.Cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestAWriterInLineCanGiveUp(t *testing.T) {
	db := open(t, tempFile(t))
	store := newStore(t, db)
	mustApply(t, store, create("1", "ada", "", start))
	tx, err := db.BeginTx(t.Context(), nil) // as another process would hold the file
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	for i := range 2 { // one waits for the file, and the other for the first
		go func() {
			_, err := store.Apply(ctx, note("1", fmt.Sprint("late ", i)))
			done <- err
		}()
	}
	cancel()
	for range 2 {
		if err := <-done; err == nil {
			t.Error("a write succeeded beside another writer")
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	mustApply(t, store, note("1", "next"))
}
