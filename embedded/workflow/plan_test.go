package workflow_test

import (
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// Nothing becomes slower with every order that is done: each statement that is sent in the life of an order, by the
// workflow and by the store, finds its rows through an index.
func TestNoStatementLooksThroughATable(t *testing.T) {
	life := &mortal{}
	db := openMortal(t, filepath.Join(t.TempDir(), "house.db"), life)
	now := &clock{morning}
	h := newHouse(t, db, &workflow.Options{
		Now: now.now, Limits: capacity.Limits{MaxInQueue: 9, MaxPerCustomer: 9, MaxPerDay: 9, MaxInWindow: 9},
	})
	start(t, h, "1")
	start(t, h, "2")
	put(t, h, "1")
	advance(t, h)
	makeAndComplete(t, h, "1")
	now.Time = morning.Add(time.Hour)
	advance(t, h)
	statusOf(t, h, "2")
	if _, err := h.manager.Redrive(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for text, args := range maps.Clone(life.sent) {
		verb, _, _ := strings.Cut(strings.TrimSpace(text), " ")
		if !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, strings.TrimSpace(verb)) ||
			strings.Contains(text, "sqlite_schema") {
			continue
		}
		seen++
		counted := 0
		for _, plan := range plansOf(t, db, text, args) {
			if strings.Contains(plan, "ordermanager_workflows_queue") {
				counted++
			}
			// The first page of what is owed begins at the beginning of an index that has nothing else.
			scan := strings.HasPrefix(plan, "SCAN ") &&
				plan != "SCAN ordermanager_orders USING INDEX ordermanager_orders_owing" &&
				plan != "SCAN CONSTANT ROW"
			if scan || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s\n%s", plan, text)
			}
		}
		// What is open is counted among what is open, and not among all that there ever was.
		if open := strings.Count(text, "token IS NOT NULL"); counted < open {
			t.Errorf("%d of %d counts use the index of what is open: %s", counted, open, text)
		}
	}
	if seen < 15 {
		t.Errorf("only %d statements were looked at", seen)
	}
}

// plansOf is how SQLite would carry the statement out.
func plansOf(t *testing.T, db *sql.DB, text string, args []any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plans []string
	for rows.Next() {
		var id, parent, unused int
		var plan string
		if err := rows.Scan(&id, &parent, &unused, &plan); err != nil {
			t.Fatal(err)
		}
		plans = append(plans, plan)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plans
}
