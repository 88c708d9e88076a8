// Package jointtest tests a store and a workflow that share a database: whether they keep the promises of
// ordermanager.Joint, on any database.
package jointtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/workflow"
)

// Database is a store and its workflow.
type Database struct {
	Store    ordermanager.Store
	Workflow *workflow.Workflow
	// Break makes every statement fail that assigns an order number, and returns the function that undoes this.
	Break func(t *testing.T) (mend func())
}

// Run runs the suite. Open creates a new database for each case, whose workflow is not connected yet.
func Run(t *testing.T, open func(t *testing.T, options *workflow.Options) Database) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(t *testing.T, h *house)
	}{
		{"an order and its workflow begin in one write", beginsInOneWrite},
		{"a shop that is closed leaves nothing behind", leavesNothingBehind},
		{"a put gives the number and begins the second wait in one write", putsInOneWrite},
		{"a completion ends the workflow in one write", completesInOneWrite},
		{"a cancelled order ends its workflow in one write", cancelsInOneWrite},
		{"an answer that cannot be made out stays owed", staysOwed},
		{"a workflow that fails leaves the transition and the debt", leavesTheDebt},
		{"a second wait that the order does not take is told later", isToldLater},
		{"a wait that is over is left to the resumer", isLeftToTheResumer},
		{"a token that lost is settled too", settlesTheSpare},
		{"a resumer that is not the workflow itself takes no part", takesNoPart},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &house{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
			database := open(t, &workflow.Options{Now: h.clock})
			h.recording = &recording{Store: database.Store}
			h.workflow, h.breakNumbers = database.Workflow, database.Break
			h.open(t, h.workflow)
			_, err := h.workflow.Start(t.Context(), "the one from which it learns", "ada", "")
			must(t, err)
			h.results = nil
			test.run(t, h)
		})
	}
}

// house is a Manager on the database.
type house struct {
	*recording
	workflow     *workflow.Workflow
	breakNumbers func(t *testing.T) (mend func())
	manager      *ordermanager.Manager
	now          time.Time
	// told is what the observer was told.
	told []string
	// mute makes Options.Outcome fail.
	mute bool
}

func (h *house) clock() time.Time { return h.now }

func (h *house) open(t *testing.T, resumer ordermanager.Resumer) {
	t.Helper()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	var err error
	h.manager, err = ordermanager.New(h.recording, menu, resumer, &ordermanager.Options{
		Now: h.clock,
		Outcome: func(d ordermanager.Decided) (ordermanager.Outcome, error) {
			if h.mute {
				return ordermanager.Outcome{}, errMute
			}
			return ordermanager.DefaultOutcome(d)
		},
		Observer: func(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
			return ctx, func(e ordermanager.Ending) {
				h.told = append(h.told, op.Name+" "+string(op.Action)+" "+string(ordermanager.CodeOf(e.Err)))
			}
		},
	})
	must(t, err)
	h.workflow.Connect(h.manager)
}

var errMute = errors.New("nothing to say")

// recording is the store, and records the result of each write.
type recording struct {
	ordermanager.Store
	results []ordermanager.Result
	settled int
	change  func(t *ordermanager.Transition)
}

func (r *recording) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	if r.change != nil {
		r.change(&t)
	}
	result, err := r.Store.Apply(ctx, t)
	if result.Order != nil {
		r.results = append(r.results, ordermanager.Result{
			Applied: result.Applied, Order: result.Order.Clone(), Answered: result.Answered,
		})
	}
	return result, err
}

func (r *recording) Settle(ctx context.Context, s ordermanager.Settlement) error {
	r.settled++
	return r.Store.Settle(ctx, s)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) start(t *testing.T) {
	t.Helper()
	_, err := h.workflow.Start(t.Context(), "1", "ada", "NYC")
	must(t, err)
	h.results, h.told, h.settled = nil, nil, 0
}

func (h *house) act(t *testing.T, action ordermanager.Action, actor ordermanager.Actor) ordermanager.Receipt {
	t.Helper()
	request := ordermanager.Request{OrderID: "1", Action: action, Actor: actor, Venue: "NYC", RequestID: string(action)}
	switch action {
	case ordermanager.ActionPut:
		request.Drink = ordermanager.DrinkOrder{Drink: "Latte"}
	case ordermanager.ActionCancel:
		request.Reason = "no milk"
	}
	receipt, err := h.manager.Handle(t.Context(), request)
	must(t, err)
	return receipt
}

func (h *house) put(t *testing.T) ordermanager.Receipt {
	t.Helper()
	return h.act(t, ordermanager.ActionPut, ada)
}

var ada, bo = ordermanager.Customer("ada"), ordermanager.Barista("bo")

// order reads the order, with its tokens.
func (h *house) order(t *testing.T) *ordermanager.Order {
	t.Helper()
	o, err := h.Get(t.Context(), "1")
	must(t, err)
	return o
}

// expect checks that there was exactly one write, that nothing is owed, and that the workflow has nothing to report.
func (h *house) expect(t *testing.T, stage workflow.Stage, number string, answered ...ordermanager.Wait) {
	t.Helper()
	if len(h.results) != 1 || h.settled != 0 {
		t.Fatalf("%d writes and %d settlements", len(h.results), h.settled)
	}
	if diff := cmp.Diff(answered, h.results[0].Answered); diff != "" {
		t.Errorf("answered: %s", diff)
	}
	o := h.order(t)
	if diff := cmp.Diff(o, h.results[0].Order); diff != "" {
		t.Errorf("the store returned another order than it keeps: %s", diff)
	}
	h.atRest(t, stage, number)
}

func (h *house) atRest(t *testing.T, stage workflow.Stage, number string) {
	t.Helper()
	status, err := h.workflow.Status(t.Context(), "1")
	must(t, err)
	o := h.order(t)
	if o.Owes() || status.Pending != 0 || status.Stage != stage || status.Number != number || o.Number != number {
		t.Errorf("the workflow is %+v, and the order %+v", status, o)
	}
}

func (h *house) expectTold(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, h.told); diff != "" {
		t.Errorf("told: %s", diff)
	}
}

func beginsInOneWrite(t *testing.T, h *house) {
	_, err := h.workflow.Start(t.Context(), "1", "ada", "NYC")
	must(t, err)
	h.expect(t, workflow.StageDrink, "")
	if _, err := h.workflow.Start(t.Context(), "1", "ada", "NYC"); !errors.Is(err, ordermanager.ErrOrderExists) {
		t.Errorf("it can begin again: %v", err)
	}
	if o := h.order(t); o.Version != 1 {
		t.Errorf("the second start left %+v", o)
	}
}

func leavesNothingBehind(t *testing.T, h *house) {
	must(t, h.workflow.SetOpen(t.Context(), "NYC", false))
	h.told = nil
	_, err := h.workflow.Start(t.Context(), "1", "ada", "NYC")
	if !errors.Is(err, ordermanager.ErrShopClosed) || errors.Is(err, ordermanager.ErrStore) {
		t.Errorf("it begins, or the store is blamed: %v", err)
	}
	h.expectTold(t, "store.apply workflow_started shop_closed", "handle workflow_started shop_closed")
	if o := h.order(t); o != nil {
		t.Errorf("there is an order: %+v", o)
	}
	if _, err := h.workflow.Status(t.Context(), "1"); !errors.Is(err, ordermanager.ErrOrderNotFound) {
		t.Errorf("there is a workflow: %v", err)
	}
}

func putsInOneWrite(t *testing.T, h *house) {
	h.start(t)
	receipt := h.put(t)
	h.expect(t, workflow.StageCompletion, "1", ordermanager.FirstWait)
	h.expectTold(t, "menu put ", "store.apply put ", "resume put ", "handle waiting_completion ", "handle put ")
	if receipt.Resume != ordermanager.ResumeDelivered || receipt.Pending != nil || receipt.Order.Version != 3 {
		t.Errorf("receipt: %+v", receipt)
	}
	if again := h.put(t); !again.Replayed || again.Order.Version != 3 {
		t.Errorf("repeated: %+v", again)
	}
	h.act(t, ordermanager.ActionMake, bo)
	h.act(t, ordermanager.ActionComplete, bo)
	h.atRest(t, workflow.StageFinished, "1")
}

func completesInOneWrite(t *testing.T, h *house) {
	h.start(t)
	h.put(t)
	h.act(t, ordermanager.ActionMake, bo)
	h.results = nil
	if receipt := h.act(t, ordermanager.ActionComplete, bo); receipt.Resume != ordermanager.ResumeDelivered {
		t.Errorf("receipt: %+v", receipt)
	}
	h.expect(t, workflow.StageFinished, "1", ordermanager.SecondWait)
}

func cancelsInOneWrite(t *testing.T, h *house) {
	h.start(t)
	h.act(t, ordermanager.ActionCancel, ada)
	h.expect(t, workflow.StageCancelled, "", ordermanager.FirstWait)
}

func staysOwed(t *testing.T, h *house) {
	h.start(t)
	h.mute = true
	receipt := h.put(t)
	if receipt.Resume != ordermanager.ResumePending || !errors.Is(receipt.Pending, errMute) || receipt.Order.Drink == nil {
		t.Errorf("receipt: %+v", receipt)
	}
	if o := h.order(t); !o.Owes() || o.Version != 2 {
		t.Errorf("the order: %+v", o)
	}
	h.mute = false
	h.redrive(t)
	h.atRest(t, workflow.StageCompletion, "1")
}

// redrive delivers what is owed without the store's help, and lets the workflow report.
func (h *house) redrive(t *testing.T) {
	t.Helper()
	_, err := h.manager.RedriveOrder(t.Context(), "1")
	must(t, err)
	must(t, h.workflow.Advance(t.Context()))
}

func leavesTheDebt(t *testing.T, h *house) {
	h.start(t)
	mend := h.breakNumbers(t)
	receipt := h.put(t)
	if receipt.Resume != ordermanager.ResumePending || receipt.Pending == nil || receipt.Order.Drink == nil {
		t.Errorf("receipt: %+v", receipt)
	}
	status, err := h.workflow.Status(t.Context(), "1")
	must(t, err)
	if o := h.order(t); !o.Owes() || o.Version != 2 || status.Stage != workflow.StageDrink || status.FirstAnswer != nil {
		t.Errorf("the workflow is %+v, and the order %+v", status, o)
	}
	mend()
	h.redrive(t)
	h.atRest(t, workflow.StageCompletion, "1")
}

func isToldLater(t *testing.T, h *house) {
	h.start(t)
	h.change = func(t *ordermanager.Transition) {
		joint, waiting := *t.Joint, t.Joint.Waiting
		joint.Waiting = func(n ordermanager.WaitingCompletion) (ordermanager.Transition, error) {
			registration, err := waiting(n)
			registration.Guards.HistoryBelow = 1
			return registration, err
		}
		t.Joint = &joint
	}
	receipt := h.put(t)
	status, err := h.workflow.Status(t.Context(), "1")
	must(t, err)
	o, delivered := h.order(t), receipt.Resume == ordermanager.ResumeDelivered
	if o.Owes() || !delivered || status.Pending != 1 || h.settled != 0 {
		t.Errorf("receipt: %+v, the workflow is %+v, and the order %+v", receipt, status, o)
	}
	h.change = nil
	must(t, h.workflow.Advance(t.Context()))
	h.atRest(t, workflow.StageCompletion, "1")
}

func isLeftToTheResumer(t *testing.T, h *house) {
	h.start(t)
	h.now = h.now.Add(time.Hour)
	// The wait times out, but the customer acts before the notification of that arrives.
	h.change = func(*ordermanager.Transition) {
		h.change = nil
		h.put(t)
	}
	must(t, h.workflow.Advance(t.Context()))
	put := h.results[0]
	if put.Order.Version != 2 || put.Answered != nil || h.settled == 0 {
		t.Errorf("%d settlements, and what was written: %+v", h.settled, put)
	}
	h.atRest(t, workflow.StageTimedOut, "")
}

func settlesTheSpare(t *testing.T, h *house) {
	h.start(t)
	_, err := h.manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "ada", Venue: "NYC", At: h.now.Add(-time.Minute),
		Token: ordermanager.NewTaskToken("one that lost"),
	})
	must(t, err)
	if o := h.order(t); o.FirstWait.Spare.IsZero() {
		t.Fatalf("there is no spare token: %+v", o)
	}
	h.results = nil
	h.put(t)
	if o := h.order(t); o.Owes() || !o.FirstWait.Spare.IsZero() || h.settled != 0 {
		t.Errorf("%d settlements; the order: %+v", h.settled, o)
	}
	must(t, h.workflow.Advance(t.Context()))
	h.atRest(t, workflow.StageCompletion, "1")
}

// somebody is a resumer that wraps another, as one that logs would.
type somebody struct{ ordermanager.Resumer }

func takesNoPart(t *testing.T, h *house) {
	h.open(t, somebody{h.workflow})
	h.start(t)
	receipt := h.put(t)
	if receipt.Resume != ordermanager.ResumeDelivered || h.results[0].Answered != nil || h.settled != 1 {
		t.Errorf("%d settlements, receipt %+v, and what was written: %+v", h.settled, receipt, h.results)
	}
	must(t, h.workflow.Advance(t.Context()))
	h.atRest(t, workflow.StageCompletion, "1")
}
