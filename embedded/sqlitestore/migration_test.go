package sqlitestore_test

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/memory"
)

//go:embed testdata/schema1.sql
var schema1 string

// fileOfSchema1 returns a file as version 1 of the tables had it.
func fileOfSchema1(t *testing.T) *sql.DB {
	t.Helper()
	db := open(t, tempFile(t))
	if _, err := db.ExecContext(t.Context(), schema1); err != nil {
		t.Fatal(err)
	}
	return db
}

// The orders of schema 1 owe what they owed, and to nobody else.
func TestAFileOfSchema1IsBroughtUpToDateInPlace(t *testing.T) {
	store := newStore(t, fileOfSchema1(t))
	const undecided, done, cancelled = ordermanager.Undecided, ordermanager.Done, ordermanager.Cancelled
	type want struct {
		First, Second         ordermanager.Decision
		FirstHeld, SecondHeld bool
		Owes                  bool
	}
	got := map[string]want{}
	for _, state := range ordermanager.States() {
		page, err := store.List(t.Context(), ordermanager.Query{State: state, Limit: 100})
		if err != nil || len(page.Skipped) > 0 {
			t.Fatal(page.Skipped, err)
		}
		for _, listed := range page.Orders {
			o, err := store.Get(t.Context(), listed.ID)
			if err != nil {
				t.Fatal(err)
			}
			got[strings.TrimPrefix(o.ID, "order-")] = want{o.FirstWait.Decision, o.SecondWait.Decision,
				!o.FirstWait.Token.IsZero(), !o.SecondWait.Token.IsZero(), o.Owes()}
		}
	}
	if diff := cmp.Diff(map[string]want{
		"s":     {undecided, undecided, true, false, false},
		"sp":    {done, undecided, true, false, true},
		"sP":    {done, undecided, false, false, false},
		"sPw":   {done, undecided, false, true, false},
		"sPwm":  {done, undecided, false, true, true},
		"sPwM":  {done, undecided, false, true, false},
		"sPwMu": {done, undecided, false, true, true},
		"sPwmc": {done, done, false, true, true},
		"sPwMC": {done, done, false, false, false},
		"sx":    {cancelled, cancelled, true, false, true},
		"sX":    {cancelled, cancelled, false, false, false},
		"spx":   {done, cancelled, true, false, true},
		"sPx":   {done, cancelled, false, false, true},
		"sPX":   {done, cancelled, false, false, false},
		"sPwx":  {done, cancelled, false, true, true},
		"sPwX":  {done, cancelled, false, false, false},
		"sPwMx": {done, cancelled, false, true, true},
		"spw":   {done, undecided, false, true, false},
		"st":    {cancelled, cancelled, true, false, true},
		"sPwMt": {done, cancelled, false, true, true},
	}, got); diff != "" {
		t.Error(diff)
	}
	page, err := store.List(t.Context(), ordermanager.Query{Owing: true, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range page.Orders {
		if !got[strings.TrimPrefix(o.ID, "order-")].Owes {
			t.Errorf("%s is listed among those that owe something", o.ID)
		}
	}
	if len(page.Orders) != 11 {
		t.Errorf("%d orders are listed as owing, want 11", len(page.Orders))
	}
}

// Invariant 5: what was owed in a file of schema 1 is delivered, and its orders go on to their end.
func TestTheOrdersOfSchema1GoOn(t *testing.T) {
	store := newStore(t, fileOfSchema1(t))
	answers := &answers{}
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	manager, err := ordermanager.New(store, menu, answers, &ordermanager.Options{Publisher: &memory.Publisher{}})
	if err != nil {
		t.Fatal(err)
	}
	if report, err := manager.Redrive(t.Context(), nil); err != nil || report.Pending != 0 {
		t.Fatalf("the redrive ended with %+v, %v", report, err)
	}
	ctx, steps := t.Context(), 0
	for _, r := range []ordermanager.Request{
		{
			OrderID: "order-s", Action: "put", Actor: ordermanager.Customer("ada"), Venue: "NYC",
			Drink: ordermanager.DrinkOrder{Drink: "Latte"},
		},
		{OrderID: "order-s", Action: "make", Actor: ordermanager.Barista("bo")},
		{OrderID: "order-s", Action: "complete", Actor: ordermanager.Barista("bo")},
		{OrderID: "order-sPw", Action: "make", Actor: ordermanager.Barista("bo")},
		{OrderID: "order-sPw", Action: "cancel", Actor: ordermanager.Barista("bo")},
		{OrderID: "order-sPwM", Action: "complete", Actor: ordermanager.Barista("bo")},
	} {
		steps++
		r.RequestID = fmt.Sprint("step ", steps)
		if _, err := manager.Handle(ctx, r); err != nil {
			t.Errorf("%s of %s: %v", r.Action, r.OrderID, err)
		}
	}
	if diff := cmp.Diff(map[string]bool{
		"first token of order-s": false, "first token of order-sp": false, "first token of order-spx": true,
		"first token of order-st": true,
		"first token of order-sx": true, "second token of order-sPw": true, "second token of order-sPwM": false,
		"second token of order-sPwMt": true, "second token of order-sPwMx": true, "second token of order-sPwmc": false,
		"second token of order-sPwx": true,
	}, answers.cancelled); diff != "" {
		t.Errorf("who was told that the order was cancelled: %s", diff)
	}
}

// answers is a resumer that keeps who was told that an order was cancelled.
type answers struct {
	mu        sync.Mutex
	cancelled map[string]bool
}

func (a *answers) Resume(
	_ context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cancelled == nil {
		a.cancelled = map[string]bool{}
	}
	a.cancelled[token.Reveal()] = outcome.Failure() || strings.Contains(string(outcome.Output), `"cancelled":true`)
	return ordermanager.Accepted, nil
}

func TestAMigrationThatFailsLeavesTheFileAsItWas(t *testing.T) {
	db := fileOfSchema1(t)
	const index = "ordermanager_orders_owing"
	exec := func(statement string) {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec("DROP INDEX " + index) // the migration replaces it, after it has added columns
	_, err := sqlitestore.New(t.Context(), db)
	wantError(t, err, sqlitestore.ErrCorrupt)
	exec("CREATE INDEX " + index + " ON ordermanager_orders (created_at, id) WHERE owing")
	if o, err := newStore(t, db).Get(t.Context(), "order-sp"); err != nil || !o.Owes() {
		t.Errorf("%+v, %v", o, err)
	}
}
