package workflow_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/internal/sqlitefile"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/internal/workflowtest"
	"github.com/brewline/ordermanager/memory"
)

func openTemp(t testing.TB) *sql.DB {
	t.Helper()
	return openMortal(t, filepath.Join(t.TempDir(), "house.db"), &mortal{})
}

func start(t testing.TB, h *house, id string) {
	t.Helper()
	if _, err := h.workflow.Start(t.Context(), id, "ada", ""); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, h *house, id string) {
	t.Helper()
	_, err := h.manager.Put(t.Context(), ordermanager.Request{
		OrderID: id, Actor: ada, Drink: ordermanager.DrinkOrder{Drink: "Latte"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func makeAndComplete(t testing.TB, h *house, id string) {
	t.Helper()
	for _, do := range []func(context.Context, ordermanager.Request) (ordermanager.Receipt, error){
		h.manager.Make, h.manager.Complete,
	} {
		if _, err := do(t.Context(), ordermanager.Request{OrderID: id, Actor: bo}); err != nil {
			t.Fatal(err)
		}
	}
}

func statusOf(t testing.TB, h *house, id string) workflow.Status {
	t.Helper()
	status, err := h.workflow.Status(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func advance(t testing.TB, h *house) {
	t.Helper()
	if err := h.workflow.Advance(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The promises of a workflow in any database.
func TestWorkflow(t *testing.T) {
	workflowtest.Run(t, func(t *testing.T) func() workflowtest.Process {
		path := filepath.Join(t.TempDir(), "house.db")
		return func() workflowtest.Process {
			db := openMortal(t, path, &mortal{})
			h := newHouse(t, db, nil)
			return workflowtest.Process{Database: sqlitefile.Database(db), Store: h.store}
		}
	})
}

func TestTheValuesOfTheStagesAreThoseOfTheFake(t *testing.T) {
	for ours, fake := range map[workflow.Stage]memory.Stage{
		workflow.StageDrink: memory.StageDrink, workflow.StageCompletion: memory.StageCompletion,
		workflow.StageFinished:  memory.StageFinished,
		workflow.StageCancelled: memory.StageCancelled, workflow.StageTimedOut: memory.StageTimedOut,
	} {
		if string(ours) != string(fake) {
			t.Errorf("%q is %q in the fake", ours, fake)
		}
	}
}

func TestAfterARestartEveryWaitIsWhereItWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.db")
	now := &clock{morning}
	options := &workflow.Options{Now: now.now}
	db := openMortal(t, path, &mortal{})
	h := newHouse(t, db, options)
	start(t, h, "drink")
	start(t, h, "completion")
	put(t, h, "completion")
	advance(t, h)
	var before []workflow.Status
	for _, id := range []string{"drink", "completion"} {
		before = append(before, statusOf(t, h, id))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h = newHouse(t, openMortal(t, path, &mortal{}), options)
	for i, id := range []string{"drink", "completion"} {
		if diff := cmp.Diff(before[i], statusOf(t, h, id)); diff != "" {
			t.Error(diff)
		}
	}
	put(t, h, "drink")
	makeAndComplete(t, h, "completion")
	if stage := statusOf(t, h, "completion").Stage; stage != workflow.StageFinished {
		t.Errorf("the workflow is %s", stage)
	}
	now.Time = statusOf(t, h, "drink").Deadline.Add(-time.Millisecond)
	advance(t, h)
	if stage := statusOf(t, h, "drink").Stage; stage != workflow.StageCompletion {
		t.Errorf("the workflow is %s a moment before its deadline", stage)
	}
	now.Time = now.Add(time.Millisecond)
	advance(t, h)
	o, err := h.manager.Order(t.Context(), "drink")
	if stage := statusOf(t, h, "drink").Stage; err != nil || stage != workflow.StageTimedOut ||
		o.State != ordermanager.StateCancelled || o.Reason != "Barista timedout" {
		t.Errorf("the workflow is %s, the order %s because %q (%v)", stage, o.State, o.Reason, err)
	}
}

// In a bubble the clock moves on when everybody waits, so Run can be watched for fifteen minutes.
func TestRunTellsAndTimesOutByItselfAndStopsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.db")
	synctest.Test(t, func(t *testing.T) {
		db := openMortal(t, path, &mortal{})
		h := newHouse(t, db, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.workflow.Run(ctx)
		}()
		began := time.Now()
		start(t, h, "slow customer")
		start(t, h, "slow barista")
		put(t, h, "slow barista")
		wait := func(id, number string, want workflow.Stage) time.Duration {
			t.Helper()
			for {
				status := statusOf(t, h, id)
				o, err := h.manager.Order(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if status.Stage == want && status.Pending == 0 && o.Number == number {
					return time.Since(began)
				}
				if time.Since(began) > time.Hour {
					t.Fatalf("%s is still %+v, %s", id, status, o.State)
				}
				<-time.After(100 * time.Millisecond)
			}
		}
		if after := wait("slow barista", "1", workflow.StageCompletion); after >= time.Second {
			t.Errorf("the number came after %s: nobody woke Run", after)
		}
		if after := wait("slow customer", "", workflow.StageTimedOut); after < 300*time.Second || after > 302*time.Second {
			t.Errorf("the customer was timed out after %s", after)
		}
		if after := wait("slow barista", "1", workflow.StageTimedOut); after < 900*time.Second || after > 902*time.Second {
			t.Errorf("the barista was timed out after %s", after)
		}
		cancel()
		<-done
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestANewerSchemaIsNotTouched(t *testing.T) {
	db := openTemp(t)
	newHouse(t, db, nil)
	if _, err := db.ExecContext(
		t.Context(), "UPDATE ordermanager_schema SET version = 99 WHERE component = 'workflow'",
	); err != nil {
		t.Fatal(err)
	}
	if _, err := workflow.New(t.Context(), db, nil); !errors.Is(err, sqlitestore.ErrNewerSchema) {
		t.Errorf("got %v", err)
	}
	if _, err := sqlitestore.New(t.Context(), db); err != nil {
		t.Errorf("the orders have a version of their own: %v", err)
	}
}
