package sqlitestore

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/sqlstore"
)

// TestEveryStatementFindsItsRowsThroughAnIndex asks SQLite how it would carry each statement out.
func TestEveryStatementFindsItsRowsThroughAnIndex(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "plans.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store, err := New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	one := "SEARCH ordermanager_orders USING INDEX sqlite_autoindex_ordermanager_orders_1 (id=?)"
	checkPlan(t, db, "get", sqlstore.SQLite.Get("1"), one)

	venue, barista := "", "bo"
	everything := ordermanager.Transition{
		OrderID: "1",
		Guards: ordermanager.Guards{States: ordermanager.States(), Customer: "ada", Venue: &venue, NoDrink: true, HasDrink: true,
			FreeFor: "bo", HeldIn: ordermanager.States(), Undecided: ordermanager.SecondWait, HistoryBelow: 3},
		Assign: ordermanager.Assignment{State: ordermanager.StateMaking, Drink: &ordermanager.Drink{}, Barista: &barista, Reason: "x", Number: "7",
			Register: &ordermanager.Registration{
				Wait: ordermanager.SecondWait, Token: ordermanager.NewTaskToken("t"), At: time.Now(),
			},
			First: ordermanager.Done, Second: ordermanager.Done, AnswerFirst: true, Events: []string{"r"}},
	}
	w, err := sqlstore.SQLite.Apply(&everything)
	if err != nil {
		t.Fatal(err)
	}
	newest := "SCALAR SUBQUERY 1; SEARCH ordermanager_orders USING COVERING INDEX ordermanager_orders_changed (changed>?)"
	checkPlan(t, db, "update", w, one+"; "+newest)
	checkPlan(t, db, "position", sqlstore.Statement{Text: positionNow}, "SCAN ordermanager_changes; "+newest)
	checkPlan(t, db, "changes", changedAfter(1, 2),
		"SEARCH ordermanager_orders USING INDEX ordermanager_orders_changed (changed>? AND changed<?)")

	later := cursorOf(t, store)
	for _, c := range []struct{ state, customer, venue, owing string }{
		{"state", "", "", ""}, {"", "customer", "", ""}, {"", "", "venue", ""}, {"", "", "", "owing"},
		{"state", "", "venue", ""}, {"state", "customer", "", ""}, {"", "customer", "venue", ""}, {
			"state", "customer", "venue", "",
		},
		{"state", "", "", "owing"}, {"", "", "venue", "owing"}, {"state", "customer", "venue", "owing"},
	} {
		for _, cursor := range []string{"", later} {
			var index, terms string
			switch {
			case c.owing != "":
				index = "owing"
			case c.customer != "":
				index, terms = "customer", "customer=?"
			case c.venue != "" && c.state != "":
				index, terms = "venue_state", "venue=? AND state=?"
			case c.venue != "":
				index, terms = "venue", "venue=?"
			default:
				index, terms = "state", "state=?"
			}
			verb := "SEARCH"
			switch {
			case cursor != "" && terms != "":
				terms += " AND (created_at,id)>(?,?)"
			case cursor != "":
				terms = "(created_at,id)>(?,?)"
			case terms == "":
				verb = "SCAN" // the first page of an index that has nothing but what is owed, from its beginning
			}
			want := verb + " ordermanager_orders USING INDEX ordermanager_orders_" + index
			if terms != "" {
				want += " (" + terms + ")"
			}
			q := ordermanager.Query{State: ordermanager.State(c.state), Customer: c.customer, Venue: c.venue,
				Owing: c.owing != "", Limit: 10, Cursor: cursor}
			name := fmt.Sprintf("list by %s%s%s%s, cursor %t", c.state, c.customer, c.venue, c.owing, cursor != "")
			list, err := sqlstore.SQLite.List(&q)
			if err != nil {
				t.Fatal(err)
			}
			checkPlan(t, db, name, list, want)
		}
	}
}

// cursorOf returns the cursor of a listing with two orders after its first page.
func cursorOf(t *testing.T, store *Store) string {
	t.Helper()
	for _, id := range []string{"1", "2"} {
		begin := ordermanager.Transition{OrderID: id, Create: &ordermanager.NewOrder{State: ordermanager.StatePending}}
		if _, err := store.Apply(t.Context(), begin); err != nil {
			t.Fatal(err)
		}
	}
	page, err := store.List(t.Context(), ordermanager.Query{State: ordermanager.StatePending, Limit: 1})
	if err != nil || page.Cursor == "" {
		t.Fatalf("there is no second page: %v", err)
	}
	return page.Cursor
}

// checkPlan fails unless the whole plan is the wanted line: no other search, no scan and no sorting.
func checkPlan(t *testing.T, db *sql.DB, name string, statement sqlstore.Statement, want string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement.Text, statement.Args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, statement.Text)
	}
	defer func() { _ = rows.Close() }()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(plan, "; "); got != want {
		t.Errorf("%s\n got %s\nwant %s", name, got, want)
	}
}
