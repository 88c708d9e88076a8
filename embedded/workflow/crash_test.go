package workflow_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// house is one process: a Manager, its store and its workflow on one file.
type house struct {
	life     *mortal
	db       *sql.DB
	store    *sqlitestore.Store
	workflow *workflow.Workflow
	manager  *ordermanager.Manager
}

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte", Icon: "latte"}}})

func newHouse(t testing.TB, db *sql.DB, options *workflow.Options) *house {
	t.Helper()
	store, err := sqlitestore.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	flow, err := workflow.New(t.Context(), db, options)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := ordermanager.New(store, menu, flow, &ordermanager.Options{Now: optionsNow(options)})
	if err != nil {
		t.Fatal(err)
	}
	flow.Connect(manager)
	return &house{db: db, store: store, workflow: flow, manager: manager}
}

func optionsNow(options *workflow.Options) func() time.Time {
	if options == nil {
		return nil
	}
	return options.Now
}

// clock is a clock that the test holds.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

var morning = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// world goes through a story, in as many lives as it takes.
type world struct {
	t     *testing.T
	path  string
	clock *clock
	house *house
	// processes is how many were started.
	processes int
}

// open starts a process that dies at the given point; negative: never.
func (w *world) open(point int) {
	life := &mortal{}
	w.house = newHouse(w.t, openMortal(w.t, w.path, life), &workflow.Options{Now: w.clock.now})
	w.house.life = life
	// By its first order the workflow learns that the store takes it along.
	id := fmt.Sprint("first of process ", w.processes)
	w.processes++
	if _, err := w.house.workflow.Start(w.t.Context(), id, "ada", "elsewhere"); err != nil {
		w.t.Fatal(err)
	}
	_, err := w.house.manager.Cancel(w.t.Context(), ordermanager.Request{OrderID: id, Actor: ada, Reason: "warm"})
	if err != nil {
		w.t.Fatal(err)
	}
	if point >= 0 {
		life.End(point)
	}
}

// until does something again and again, as a caller who does not know the outcome repeats it, in a new process if this
// one has died. An error of the errors that are fine is an answer, too.
func (w *world) until(do func(ctx context.Context, h *house) error, fine ...error) {
	w.t.Helper()
	for range 5 {
		err := do(w.t.Context(), w.house)
		if w.house.life.IsDead() {
			_ = w.house.db.Close()
			w.open(-1)
			if err := w.house.workflow.Advance(w.t.Context()); err != nil { // as Run does when a process starts
				w.t.Fatal(err)
			}
			continue
		}
		if err == nil {
			return
		}
		for _, answer := range fine {
			if errors.Is(err, answer) {
				return
			}
		}
		w.t.Fatal(err)
	}
	w.t.Fatal("it does not come to an end")
}

type stage func(w *world)

func started(id string) stage {
	return func(w *world) {
		w.until(func(ctx context.Context, h *house) error {
			_, err := h.workflow.Start(ctx, id, "ada", "NYC")
			return err
		}, ordermanager.ErrOrderExists)
	}
}

func handled(action ordermanager.Action, id string, actor ordermanager.Actor, fine ...error) stage {
	return func(w *world) {
		w.until(func(ctx context.Context, h *house) error {
			_, err := h.manager.Handle(ctx, ordermanager.Request{
				Action: action, OrderID: id, Actor: actor, Venue: "NYC", Drink: ordermanager.DrinkOrder{Drink: "Latte"},
				RequestID: string(action), Reason: map[bool]string{true: "no milk"}[action == ordermanager.ActionCancel],
			})
			return err
		}, fine...)
	}
}

func advanced(w *world) {
	w.until(func(ctx context.Context, h *house) error { return h.workflow.Advance(ctx) })
}

// redriven delivers what actions owe, and advances.
func redriven(w *world) {
	w.until(func(ctx context.Context, h *house) error {
		_, err := h.manager.Redrive(ctx, nil)
		return err
	})
	advanced(w)
}

func later(d time.Duration) stage {
	return func(w *world) { w.clock.Time = w.clock.Add(d) }
}

var ada, bo = ordermanager.Customer("ada"), ordermanager.Barista("bo")

// What happens to the order of every story.
var (
	begins   = started("1")
	puts     = handled(ordermanager.ActionPut, "1", ada)
	makes    = handled(ordermanager.ActionMake, "1", bo)
	finishes = handled(ordermanager.ActionComplete, "1", bo)
	cancels  = handled(ordermanager.ActionCancel, "1", ada)
)

// maybe is handled, where the order may have ended before.
func maybe(action ordermanager.Action, actor ordermanager.Actor) stage {
	return handled(action, "1", actor, ordermanager.ErrIllegalTransition)
}

var stories = map[string]struct {
	stages []stage
	// ends are the stages in which it may end; which one it is can depend on when the process died.
	ends []workflow.Stage
}{
	"the drink is made": {
		[]stage{begins, advanced, puts, redriven, makes, finishes, redriven},
		[]workflow.Stage{workflow.StageFinished},
	},
	"the drink is made before the workflow waits for it": {
		[]stage{begins, puts, makes, finishes},
		[]workflow.Stage{workflow.StageFinished},
	},
	"the customer cancels before choosing": {
		[]stage{begins, cancels, advanced},
		[]workflow.Stage{workflow.StageCancelled},
	},
	"the customer cancels between the waits": {
		[]stage{begins, puts, cancels, advanced},
		[]workflow.Stage{workflow.StageCancelled},
	},
	"the barista cancels": {
		[]stage{begins, puts, redriven, makes, handled(ordermanager.ActionCancel, "1", bo)},
		[]workflow.Stage{workflow.StageCancelled},
	},
	"the customer takes too long": {
		[]stage{begins, advanced, later(300 * time.Second), advanced, maybe(ordermanager.ActionPut, ada)},
		[]workflow.Stage{workflow.StageTimedOut},
	},
	"the barista takes too long": {
		[]stage{
			begins, puts, redriven, makes, later(900 * time.Second), advanced, maybe(ordermanager.ActionComplete, bo),
		},
		[]workflow.Stage{workflow.StageTimedOut},
	},
	"the customer is as fast as the time-out": {
		[]stage{
			begins, advanced, later(300 * time.Second), maybe(ordermanager.ActionPut, ada), advanced,
			later(900 * time.Second), advanced,
		},
		[]workflow.Stage{workflow.StageTimedOut},
	},
	"the customer cancels as the time runs out": {
		[]stage{begins, advanced, later(300 * time.Second), maybe(ordermanager.ActionCancel, ada), advanced},
		[]workflow.Stage{workflow.StageCancelled, workflow.StageTimedOut},
	},
	"the barista is as fast as the time-out": {
		[]stage{
			begins, puts, redriven, makes, later(900 * time.Second), maybe(ordermanager.ActionComplete, bo), advanced,
		},
		[]workflow.Stage{workflow.StageFinished, workflow.StageTimedOut},
	},
}

// TestAKillAtAnyMomentLeavesNoOrderHangingAndDoublesNoNumber plays each story once for every point at which a kill of the
// process leaves something else: before and after each write that reaches the file. Then the callers repeat what they
// were not answered, in a new process, and everything must come to the same end. With -short it is one point in three.
// Invariants 3 and 5.
func TestAKillAtAnyMomentLeavesNoOrderHangingAndDoublesNoNumber(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.db")
	db := openMortal(t, empty, &mortal{})
	newHouse(t, db, nil)
	if _, err := db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	tables, err := os.ReadFile(empty)
	if err != nil {
		t.Fatal(err)
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			point, step := 0, 1
			if testing.Short() {
				step = 3
			}
			for killed := true; killed; point += step {
				t.Run(fmt.Sprint("killed at point ", point), func(t *testing.T) {
					w := &world{t: t, path: filepath.Join(t.TempDir(), "house.db"), clock: &clock{morning}}
					if err := os.WriteFile(w.path, tables, 0o600); err != nil {
						t.Fatal(err)
					}
					w.open(point)
					first := w.house
					for _, do := range story.stages {
						do(w)
					}
					killed = first.life.IsDead()
					w.finish(story.ends)
				})
				if t.Failed() {
					return
				}
			}
			if point < 6 {
				t.Errorf("only %d points were tried", point)
			}
			t.Logf("%d points", point)
		})
	}
}

// finish lets everything come to rest, and checks that the order and its workflow agree.
func (w *world) finish(ends []workflow.Stage) {
	w.t.Helper()
	redriven(w)
	redriven(w)
	ctx, h := w.t.Context(), w.house
	status, err := h.workflow.Status(ctx, "1")
	if err != nil {
		w.t.Fatal(err)
	}
	o, err := h.store.Get(ctx, "1")
	if err != nil {
		w.t.Fatal(err)
	}
	want := map[ordermanager.State]workflow.Stage{
		ordermanager.StatePending: "none", ordermanager.StateMaking: "none",
		ordermanager.StateCompleted: workflow.StageFinished,
	}[o.State]
	for _, entry := range o.History {
		switch entry.Action {
		case ordermanager.ActionCancel:
			want = workflow.StageCancelled
		case ordermanager.ActionTimedOut:
			want = workflow.StageTimedOut
		}
	}
	if status.Stage != want {
		w.t.Errorf("the workflow is %s and the order is %s: %+v", status.Stage, o.State, o.History)
	}
	if !slices.Contains(ends, status.Stage) {
		w.t.Errorf("it ended %s, it must end %s", status.Stage, ends)
	}
	if status.Pending != 0 || o.Owes() || !o.FirstWait.Token.IsZero() || !o.SecondWait.Token.IsZero() {
		w.t.Errorf("something is left: %+v, %+v", status, o)
	}
	if status.Number != o.Number {
		w.t.Errorf("the workflow gave number %q, the order has %q", status.Number, o.Number)
	}
	w.nextNumber(status.Number)
}

// nextNumber checks that the order after this one gets the number after this one: none was doubled, and none was lost.
func (w *world) nextNumber(last string) {
	w.t.Helper()
	started("2")(w)
	handled(ordermanager.ActionPut, "2", ada)(w)
	advanced(w)
	want := "1"
	if last != "" {
		want = "2"
	}
	status, err := w.house.workflow.Status(w.t.Context(), "2")
	if err != nil || status.Number != want || status.Stage != workflow.StageCompletion {
		w.t.Errorf("the next order is %s with number %q, want %q (%v)", status.Stage, status.Number, want, err)
	}
	shop, err := w.house.workflow.Shop(w.t.Context(), "NYC")
	if err != nil || shop.InQueue != 1 || fmt.Sprint(shop.LastNumber) != want {
		w.t.Errorf("the shop is %+v (%v)", shop, err)
	}
}
