package workflow_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/memory"
)

func openTemp(t testing.TB) *sql.DB {
	t.Helper()
	return openMortal(t, filepath.Join(t.TempDir(), "house.db"), &mortal{left: -1})
}

func start(t testing.TB, h *house, id, customer, venue string) ordermanager.Receipt {
	t.Helper()
	receipt, err := h.workflow.Start(t.Context(), id, customer, venue)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

func put(t testing.TB, h *house, id, customer, venue string) {
	t.Helper()
	_, err := h.manager.Put(t.Context(), ordermanager.Request{
		OrderID: id, Actor: ordermanager.Customer(customer), Venue: venue, Drink: ordermanager.DrinkOrder{Drink: "Latte"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func makeAndComplete(t testing.TB, h *house, id string) {
	t.Helper()
	for _, do := range []func(context.Context, ordermanager.Request) (ordermanager.Receipt, error){h.manager.Make, h.manager.Complete} {
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

func TestAnOrderGoesThroughBothWaits(t *testing.T) {
	now := &clock{morning}
	h := newHouse(t, openTemp(t), &workflow.Options{Now: now.now})
	receipt := start(t, h, "1", "ada", "NYC")
	if receipt.Order.State != ordermanager.StatePending || receipt.Pending != nil {
		t.Errorf("receipt: %+v", receipt)
	}
	base := workflow.Status{OrderID: "1", Customer: "ada", Venue: "NYC"}
	want := base
	want.Stage, want.Deadline = workflow.StageDrink, morning.Add(300*time.Second)
	if diff := cmp.Diff(want, statusOf(t, h, "1")); diff != "" {
		t.Error(diff)
	}

	now.Time = morning.Add(time.Minute)
	put(t, h, "1", "ada", "NYC")
	want = base
	want.Stage, want.Deadline, want.Number = workflow.StageCompletion, now.Add(900*time.Second), "1"
	want.FirstAnswer = &ordermanager.Outcome{Output: []byte(`{"orderId":"1","action":"put","state":"pending","cancelled":false}`)}
	if diff := cmp.Diff(want, statusOf(t, h, "1")); diff != "" {
		t.Error(diff)
	}

	makeAndComplete(t, h, "1")
	want.Stage, want.Deadline = workflow.StageFinished, time.Time{}
	want.SecondAnswer = &ordermanager.Outcome{Output: []byte(`{"orderId":"1","action":"complete","state":"completed","cancelled":false,` +
		`"baristaUserId":"bo","orderNumber":"1"}`)}
	if diff := cmp.Diff(want, statusOf(t, h, "1")); diff != "" {
		t.Error(diff)
	}
}

func TestTheValuesOfTheStagesAreThoseOfTheFake(t *testing.T) {
	for ours, fake := range map[workflow.Stage]memory.Stage{
		workflow.StageDrink: memory.StageDrink, workflow.StageCompletion: memory.StageCompletion, workflow.StageFinished: memory.StageFinished,
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
	db := openMortal(t, path, &mortal{left: -1})
	h := newHouse(t, db, options)
	start(t, h, "drink", "ada", "")
	start(t, h, "completion", "ada", "")
	put(t, h, "completion", "ada", "")
	advance(t, h)
	var before []workflow.Status
	for _, id := range []string{"drink", "completion"} {
		before = append(before, statusOf(t, h, id))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h = newHouse(t, openMortal(t, path, &mortal{left: -1}), options)
	for i, id := range []string{"drink", "completion"} {
		if diff := cmp.Diff(before[i], statusOf(t, h, id)); diff != "" {
			t.Error(diff)
		}
	}
	put(t, h, "drink", "ada", "")
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
	if stage := statusOf(t, h, "drink").Stage; err != nil || stage != workflow.StageTimedOut || o.State != ordermanager.StateCancelled || o.Reason != "Barista timedout" {
		t.Errorf("the workflow is %s, the order %s because %q (%v)", stage, o.State, o.Reason, err)
	}
}

// In a bubble the clock moves on when everybody waits, so Run can be watched for fifteen minutes.
func TestRunTellsAndTimesOutByItselfAndStopsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.db")
	synctest.Test(t, func(t *testing.T) {
		db := openMortal(t, path, &mortal{left: -1})
		h := newHouse(t, db, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.workflow.Run(ctx)
		}()
		began := time.Now()
		start(t, h, "slow customer", "ada", "")
		start(t, h, "slow barista", "ada", "")
		put(t, h, "slow barista", "ada", "")
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

// No limit is exceeded by one, however many begin at once.
func TestLimitsHoldAgainst32AtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		limits ordermanager.Limits
		want   error
	}{
		"open at a venue":           {ordermanager.Limits{MaxInQueue: 5}, workflow.ErrQueueFull},
		"open of a customer":        {ordermanager.Limits{MaxPerCustomer: 5}, workflow.ErrTooManyOrders},
		"of a customer in a day":    {ordermanager.Limits{MaxPerDay: 5}, workflow.ErrTooManyOrders},
		"at a venue within minutes": {ordermanager.Limits{MaxInWindow: 5}, workflow.ErrQueueFull},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, openTemp(t), &workflow.Options{Limits: test.limits})
			errs := make([]error, 32)
			var racing sync.WaitGroup
			for i := range errs {
				racing.Go(func() { _, errs[i] = h.workflow.Start(t.Context(), fmt.Sprint(i), "ada", "NYC") })
			}
			racing.Wait()
			taken := 0
			for _, err := range errs {
				if err == nil {
					taken++
				} else if !errors.Is(err, test.want) {
					t.Error(err)
				}
			}
			if taken != 5 {
				t.Errorf("%d orders were taken", taken)
			}
		})
	}
}

func TestLimitsOverTime(t *testing.T) {
	now := &clock{morning}
	h := newHouse(t, openTemp(t), &workflow.Options{
		Now: now.now, Limits: ordermanager.Limits{MaxPerDay: 2, MaxInWindow: 3}, DrinkTimeout: time.Minute,
	})
	wants := func(id, customer, venue string, want error) {
		t.Helper()
		if _, err := h.workflow.Start(t.Context(), id, customer, venue); !errors.Is(err, want) {
			t.Errorf("order %s: got %v, want %v", id, err, want)
		}
	}
	wants("1", "ada", "NYC", nil)
	wants("2", "ada", "NYC", nil)
	wants("3", "ada", "NYC", workflow.ErrTooManyOrders)
	wants("4", "ada", "LON", nil) // another venue
	wants("5", "cy", "NYC", nil)
	wants("6", "dee", "NYC", workflow.ErrQueueFull)
	put(t, h, "1", "ada", "NYC")
	advance(t, h)
	makeAndComplete(t, h, "1")

	now.Time = morning.Add(5*time.Minute + time.Millisecond)
	advance(t, h) // the orders without a drink time out, and count no more
	wants("7", "dee", "NYC", nil)
	wants("8", "ada", "NYC", nil)
	wants("9", "ada", "NYC", workflow.ErrTooManyOrders)

	now.Time = morning.Add(24*time.Hour + time.Millisecond)
	advance(t, h)
	wants("10", "ada", "NYC", nil) // the first is a day old
}

func TestAClosedOrFullShopTakesNoOrder(t *testing.T) {
	now := &clock{morning}
	h := newHouse(t, openTemp(t), &workflow.Options{
		Now: now.now, Limits: ordermanager.Limits{MaxInQueue: 3, MaxPerCustomer: 2},
	})
	ctx := t.Context()
	refused := func(id, customer, venue string, want error) {
		t.Helper()
		if _, err := h.workflow.Start(ctx, id, customer, venue); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		if _, err := h.manager.Order(ctx, id); id != "1" && !errors.Is(err, ordermanager.ErrOrderNotFound) {
			t.Errorf("a refused order is there (%v)", err)
		}
	}
	start(t, h, "1", "ada", "NYC")
	refused("1", "ada", "NYC", ordermanager.ErrOrderExists)
	start(t, h, "2", "ada", "NYC")
	refused("3", "ada", "NYC", workflow.ErrTooManyOrders)
	start(t, h, "ada elsewhere", "ada", "LON")
	start(t, h, "4", "cy", "NYC")
	refused("5", "dee", "NYC", workflow.ErrQueueFull)

	put(t, h, "1", "ada", "NYC")
	advance(t, h)
	refused("6", "dee", "NYC", workflow.ErrQueueFull) // waiting for completion is waiting
	makeAndComplete(t, h, "1")
	start(t, h, "7", "dee", "NYC")

	if err := h.workflow.SetOpen(ctx, "LON", false); err != nil {
		t.Fatal(err)
	}
	refused("8", "dee", "LON", workflow.ErrShopClosed)
	put(t, h, "ada elsewhere", "ada", "LON") // what is open goes on
	for venue, want := range map[string]workflow.Shop{
		"NYC":     {Venue: "NYC", Open: true, InQueue: 3, LastNumber: 1},
		"LON":     {Venue: "LON", Open: false, InQueue: 1, LastNumber: 1},
		"unknown": {Venue: "unknown", Open: true},
	} {
		shop, err := h.workflow.Shop(ctx, venue)
		if diff := cmp.Diff(want, shop); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
	if err := h.workflow.SetOpen(ctx, "LON", true); err != nil {
		t.Fatal(err)
	}
	start(t, h, "8", "dee", "LON")
}

func TestWhatTheManagerWillNeverAcceptLeavesNoWorkflow(t *testing.T) {
	h := newHouse(t, openTemp(t), nil)
	_, err := h.manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: "taken", Customer: "cy", Token: ordermanager.NewTaskToken("from elsewhere"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]error{
		"":                       ordermanager.ErrInvalidRequest,
		strings.Repeat("x", 999): ordermanager.ErrInvalidRequest,
		"taken":                  ordermanager.ErrOrderExists,
	} {
		if _, err := h.workflow.Start(t.Context(), id, "ada", ""); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		if _, err := h.workflow.Status(t.Context(), id); !errors.Is(err, ordermanager.ErrOrderNotFound) {
			t.Errorf("a workflow is left: %v", err)
		}
	}
	if shop, err := h.workflow.Shop(t.Context(), ""); err != nil || shop.InQueue != 0 {
		t.Errorf("the shop is %+v (%v)", shop, err)
	}
	advance(t, h)
}

func TestAnOrderWhoseManagerFailsIsBegunAllTheSame(t *testing.T) {
	flow, err := workflow.New(t.Context(), openTemp(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	store, broken := memory.NewStore(), true
	store.Hook = func(string, string, bool) error {
		if broken {
			return errors.New("out of order")
		}
		return nil
	}
	manager, err := ordermanager.New(store, menu, flow, nil)
	if err != nil {
		t.Fatal(err)
	}
	flow.Connect(manager)
	h := &house{workflow: flow, manager: manager}
	receipt := start(t, h, "1", "ada", "")
	if !errors.Is(receipt.Pending, ordermanager.ErrStore) || receipt.Order.ID != "1" {
		t.Errorf("receipt: %+v", receipt)
	}
	if err := flow.Advance(t.Context()); !errors.Is(err, ordermanager.ErrStore) {
		t.Errorf("advance: %v", err)
	}
	if status := statusOf(t, h, "1"); status.Pending != 1 {
		t.Errorf("%d notifications are pending", status.Pending)
	}
	broken = false
	advance(t, h)
	put(t, h, "1", "ada", "")
	if status := statusOf(t, h, "1"); status.Stage != workflow.StageCompletion || status.Number != "1" {
		t.Errorf("status: %+v", status)
	}
}

func TestATimeOutWaitsForTheStartThatTheManagerWasNotToldOf(t *testing.T) {
	now := &clock{morning}
	flow, err := workflow.New(t.Context(), openTemp(t), &workflow.Options{Now: now.now})
	if err != nil {
		t.Fatal(err)
	}
	if receipt, err := flow.Start(t.Context(), "1", "ada", ""); err != nil || receipt.Pending == nil { // it is not connected yet
		t.Fatalf("%+v, %v", receipt, err)
	}
	now.Time = morning.Add(time.Hour)
	if err := flow.Advance(t.Context()); err == nil {
		t.Error("nobody was told, and that is no error")
	}
	store, failures := memory.NewStore(), 1
	store.Hook = func(op, _ string, _ bool) error {
		if failures--; failures >= 0 {
			return errors.New(op + " is out of order")
		}
		return nil
	}
	manager, err := ordermanager.New(store, menu, flow, nil)
	if err != nil {
		t.Fatal(err)
	}
	flow.Connect(manager)
	h := &house{workflow: flow, manager: manager}
	if err := flow.Advance(t.Context()); err == nil {
		t.Error("the start failed, and that is no error")
	}
	if status := statusOf(t, h, "1"); status.Pending != 2 {
		t.Errorf("%d notifications are pending, the time-out must wait for the start", status.Pending)
	}
	advance(t, h)
	o, err := manager.Order(t.Context(), "1")
	if err != nil || o.State != ordermanager.StateCancelled || !o.FirstWait.Token.IsZero() {
		t.Errorf("the order is %+v (%v)", o, err)
	}
	if status := statusOf(t, h, "1"); status.Stage != workflow.StageTimedOut || status.Pending != 0 {
		t.Errorf("status: %+v", status)
	}
}

func TestAnAnswerThatIsFasterThanTheTimeOutWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.db")
	now := &clock{morning}
	life := &mortal{left: -1}
	ours := newHouse(t, openMortal(t, path, life), &workflow.Options{Now: now.now})
	other := newHouse(t, openMortal(t, path, &mortal{left: -1}), &workflow.Options{Now: now.now})
	start(t, ours, "1", "ada", "")
	now.Time = morning.Add(300 * time.Second)
	// Between the look for what has run out and the write that ends it, another process brings the answer.
	life.meanwhile = func() { put(t, other, "1", "ada", "") }
	advance(t, ours)
	if status := statusOf(t, ours, "1"); life.meanwhile != nil || status.Stage != workflow.StageCompletion || status.Pending != 0 {
		t.Errorf("status: %+v", status)
	}
}

// Invariant 3: two processes on one file, and nobody waits for ever or gets the number of somebody else.
func TestTwoProcessesGiveEveryOrderANumberOfItsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "house.db")
	ctx, cancel := context.WithCancel(t.Context())
	var houses []*house
	var running sync.WaitGroup
	for range 2 {
		h := newHouse(t, openMortal(t, path, &mortal{left: -1}), nil)
		houses = append(houses, h)
		running.Go(func() { h.workflow.Run(ctx) })
	}
	const orders = 30
	var clients sync.WaitGroup
	for i := range orders {
		clients.Go(func() {
			h, id := houses[i%2], fmt.Sprint(i)
			start(t, h, id, "ada", "NYC")
			put(t, houses[(i+1)%2], id, "ada", "NYC")
			makeAndComplete(t, h, id)
		})
	}
	clients.Wait()
	cancel()
	running.Wait()
	advance(t, houses[0])
	numbers := map[string]bool{}
	for i := range orders {
		status := statusOf(t, houses[0], fmt.Sprint(i))
		o, err := houses[1].manager.Order(t.Context(), fmt.Sprint(i))
		if err != nil || status.Stage != workflow.StageFinished || o.State != ordermanager.StateCompleted || o.Number != status.Number {
			t.Errorf("order %d: %+v, %s %q (%v)", i, status, o.State, o.Number, err)
		}
		numbers[status.Number] = true
	}
	for i := range orders {
		if !numbers[fmt.Sprint(i+1)] {
			t.Errorf("nobody has number %d", i+1)
		}
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, options := range []workflow.Options{
		{DrinkTimeout: -1}, {CompletionTimeout: -1}, {Limits: ordermanager.Limits{MaxInQueue: -1}},
	} {
		if _, err := workflow.New(t.Context(), openTemp(t), &options); !errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Errorf("%+v: %v", options, err)
		}
	}
}

func TestANewerSchemaIsNotTouched(t *testing.T) {
	db := openTemp(t)
	newHouse(t, db, nil)
	if _, err := db.ExecContext(t.Context(), "UPDATE ordermanager_schema SET version = 99 WHERE component = 'workflow'"); err != nil {
		t.Fatal(err)
	}
	if _, err := workflow.New(t.Context(), db, nil); !errors.Is(err, sqlitestore.ErrNewerSchema) {
		t.Errorf("got %v", err)
	}
	if _, err := sqlitestore.New(t.Context(), db); err != nil {
		t.Errorf("the orders have a version of their own: %v", err)
	}
}

// Invariant 8: the value of a token is in the file only until the Manager has it, and never in a log.
func TestATokenIsKeptOnlyUntilTheManagerHasIt(t *testing.T) {
	db := openTemp(t)
	flow, err := workflow.New(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	store := memory.NewStore()
	manager, err := ordermanager.New(store, menu, flow, nil)
	if err != nil {
		t.Fatal(err)
	}
	flow.Connect(manager)
	if _, err := flow.Start(t.Context(), "1", "ada", ""); err != nil {
		t.Fatal(err)
	}
	o, err := store.Get(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	var kept int
	err = db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM ordermanager_workflows WHERE token = ?1) +
		(SELECT count(*) FROM ordermanager_notifications WHERE token = ?1)`, o.FirstWait.Token.Reveal()).Scan(&kept)
	if err != nil || kept != 0 {
		t.Errorf("the token is kept %d times (%v)", kept, err)
	}
}
