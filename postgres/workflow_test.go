package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/postgres"
	"github.com/brewline/ordermanager/resumertest"
	"github.com/brewline/ordermanager/workflow"
)

// replica is one process of a service: a Manager with its store and its workflow.
type replica struct {
	store    *postgres.Store
	workflow *workflow.Workflow
	manager  *ordermanager.Manager
}

var morning = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// clock is a clock that the test holds.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newReplica(t testing.TB, pool *pgxpool.Pool, options *postgres.Options, settings *workflow.Options) *replica {
	t.Helper()
	store, err := postgres.NewStore(t.Context(), pool, options)
	must(t, err)
	flow, err := postgres.NewWorkflow(t.Context(), pool, options, settings)
	must(t, err)
	var clock func() time.Time
	if settings != nil {
		clock = settings.Now
	}
	manager, err := ordermanager.New(store, menu, flow, &ordermanager.Options{Now: clock})
	must(t, err)
	flow.Connect(manager)
	return &replica{store, flow, manager}
}

// newReplicas starts so many replicas on one database, each with connections of its own.
func newReplicas(t testing.TB, n int, settings *workflow.Options) (all []*replica, pool *pgxpool.Pool, options *postgres.Options) {
	t.Helper()
	url := pgtest.URL(t)
	pool = pgtest.Pool(t, url)
	options = pgtest.Schema(t, pool)
	for range n {
		all = append(all, newReplica(t, pgtest.Pool(t, url), options, settings))
	}
	return all, pool, options
}

// act asks for an action that must be accepted.
func (r *replica) act(ctx context.Context, orderID string, action ordermanager.Action, actor ordermanager.Actor) error {
	request := ordermanager.Request{OrderID: orderID, Action: action, Actor: actor, RequestID: string(action)}
	if action == ordermanager.ActionPut {
		request.Drink = ordermanager.DrinkOrder{Drink: "Latte"}
	}
	_, err := r.manager.Handle(ctx, request)
	return err
}

func TestAnOrderGoesThroughBothWaitsOnAnyReplica(t *testing.T) {
	now := &clock{now: morning}
	all, _, _ := newReplicas(t, 3, &workflow.Options{Now: now.read})
	ctx := t.Context()
	_, err := all[0].workflow.Start(ctx, "1", "ada", "")
	must(t, err)
	want := workflow.Status{OrderID: "1", Customer: "ada", Stage: workflow.StageDrink, Deadline: morning.Add(300 * time.Second)}
	check := func() {
		t.Helper()
		for _, r := range all {
			got, err := r.workflow.Status(ctx, "1")
			must(t, err)
			got.FirstAnswer, got.SecondAnswer = nil, nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
	}
	check()
	now.pass(time.Minute)
	must(t, all[1].act(ctx, "1", ordermanager.ActionPut, ordermanager.Customer("ada")))
	want.Stage, want.Number, want.Deadline = workflow.StageCompletion, "1", now.read().Add(900*time.Second)
	check()
	must(t, all[2].act(ctx, "1", ordermanager.ActionMake, ordermanager.Barista("bo")))
	must(t, all[0].act(ctx, "1", ordermanager.ActionComplete, ordermanager.Barista("bo")))
	want.Stage, want.Deadline = workflow.StageFinished, time.Time{}
	check()
}

func TestResumer(t *testing.T) {
	pool := pgtest.Pool(t, pgtest.URL(t))
	options := pgtest.Schema(t, pool)
	newReplica(t, pool, options, nil) // makes the tables
	resumertest.Run(t, func(t *testing.T) resumertest.Harness {
		life := &mortal{Database: postgres.WorkflowDatabase(pool, options.Schema), left: -1}
		flow, err := workflow.New(life, nil)
		must(t, err)
		store := memory.NewStore()
		manager, err := ordermanager.New(store, menu, flow, nil)
		must(t, err)
		flow.Connect(manager)
		var mu sync.Mutex
		orders := map[string]string{} // by fingerprint
		return resumertest.Harness{
			Resumer: flow,
			Start: func(ctx context.Context) (ordermanager.TaskToken, error) {
				mu.Lock()
				defer mu.Unlock()
				id := rand.Text()
				if _, err := flow.Start(ctx, id, "ada", ""); err != nil {
					return ordermanager.TaskToken{}, err
				}
				o, err := store.Get(ctx, id)
				if err != nil {
					return ordermanager.TaskToken{}, err
				}
				orders[o.FirstWait.Token.Fingerprint()] = id
				return o.FirstWait.Token, nil
			},
			Given: func(ctx context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error) {
				mu.Lock()
				defer mu.Unlock()
				status, err := flow.Status(ctx, orders[token.Fingerprint()])
				if err != nil || status.FirstAnswer == nil {
					return nil, err
				}
				return []ordermanager.Outcome{*status.FirstAnswer}, nil
			},
			Expire: func(ctx context.Context, token ordermanager.TaskToken) error {
				mu.Lock()
				id := orders[token.Fingerprint()]
				mu.Unlock()
				_, err := pool.Exec(ctx, "UPDATE "+options.Schema+".workflows SET deadline = 0 WHERE order_id = $1", id)
				return errors.Join(err, flow.Advance(ctx))
			},
			Break: func(fault resumertest.Fault) func() {
				life.breakDown(fault == resumertest.AnswerLost)
				return life.mend
			},
		}
	})
}

// Replicas answer first waits all at once; every number is given once and none is left out.
func TestTheNumbersOfAVenueHaveNeitherHolesNorDoublesAcrossReplicas(t *testing.T) {
	all, _, _ := newReplicas(t, 3, nil)
	const orders = 60
	var working sync.WaitGroup
	numbers := make([]int, orders)
	for i := range orders {
		working.Go(func() {
			id, r := fmt.Sprint(i), all[i%len(all)]
			if _, err := r.workflow.Start(t.Context(), id, "ada", ""); err != nil {
				t.Error(err)
				return
			}
			if err := r.act(t.Context(), id, ordermanager.ActionPut, ordermanager.Customer("ada")); err != nil {
				t.Error(err)
				return
			}
			status, err := r.workflow.Status(t.Context(), id)
			if err != nil {
				t.Error(err)
				return
			}
			numbers[i], _ = strconv.Atoi(status.Number)
		})
	}
	working.Wait()
	slices.Sort(numbers)
	for i, number := range numbers {
		if number != i+1 {
			t.Fatalf("the numbers are %v", numbers)
		}
	}
}

// However many replicas look at once, each time-out is carried out once.
func TestEachTimeOutIsCarriedOutByOneReplica(t *testing.T) {
	now := &clock{now: morning}
	all, pool, options := newReplicas(t, 3, &workflow.Options{Now: now.read})
	const orders = 40
	for i := range orders {
		_, err := all[0].workflow.Start(t.Context(), fmt.Sprint(i), "ada", "")
		must(t, err)
	}
	now.pass(301 * time.Second)
	// A barista of the database is changing one of them, and is not waited for.
	busy, err := pool.Begin(t.Context())
	must(t, err)
	_, err = busy.Exec(t.Context(), "SELECT 1 FROM "+options.Schema+".workflows WHERE order_id = '0' FOR UPDATE")
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	advance := func() {
		var working sync.WaitGroup
		for _, r := range all {
			working.Go(func() {
				if err := r.workflow.Advance(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		working.Wait()
	}
	advance()
	must(t, busy.Rollback(t.Context()))
	advance()
	for i := range orders {
		o, err := all[1].store.Get(t.Context(), fmt.Sprint(i))
		must(t, err)
		timeOuts := 0
		for _, entry := range o.History {
			if entry.Action == ordermanager.ActionTimedOut {
				timeOuts++
			}
		}
		status, err := all[2].workflow.Status(t.Context(), o.ID)
		must(t, err)
		if timeOuts != 1 || o.State != ordermanager.StateCancelled || status.Stage != workflow.StageTimedOut || status.Pending != 0 {
			t.Errorf("order %d: %d time-outs, %s, %+v", i, timeOuts, o.State, status)
		}
	}
}

func TestReplicasDoNotTakeMoreOrdersThanTheShopCan(t *testing.T) {
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
			all, _, _ := newReplicas(t, 3, &workflow.Options{Limits: test.limits})
			errs := make([]error, 32)
			var working sync.WaitGroup
			for i := range errs {
				working.Go(func() { _, errs[i] = all[i%len(all)].workflow.Start(t.Context(), fmt.Sprint(i), "ada", "") })
			}
			working.Wait()
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

func TestAnOrderIsBegunByOneReplica(t *testing.T) {
	all, _, _ := newReplicas(t, 3, nil)
	var working sync.WaitGroup
	var mu sync.Mutex
	begun := 0
	for i := range 12 {
		working.Go(func() {
			_, err := all[i%len(all)].workflow.Start(t.Context(), "the same", "ada", "")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				begun++
			case !errors.Is(err, ordermanager.ErrOrderExists):
				t.Error(err)
			}
		})
	}
	working.Wait()
	if begun != 1 {
		t.Errorf("it was begun %d times", begun)
	}
}

// Invariant 5: a replica is killed at every point of an order's life, one after the other; another one ends what it
// began.
func TestAReplicaThatIsKilledAnywhereLosesNothing(t *testing.T) {
	now := &clock{now: morning}
	settings := &workflow.Options{Now: now.read}
	all, pool, options := newReplicas(t, 1, settings)
	survivor := all[0]
	ctx := t.Context()
	points := 0
	for survived := false; !survived; points++ {
		id := fmt.Sprint("order-", points)
		life := &mortal{Database: postgres.WorkflowDatabase(pool, options.Schema), left: points}
		flow, err := workflow.New(life, settings)
		must(t, err)
		store, err := postgres.NewStore(ctx, pool, options)
		must(t, err)
		manager, err := ordermanager.New(store, menu, flow, &ordermanager.Options{Now: now.read})
		must(t, err)
		flow.Connect(manager)
		doomed := &replica{store, flow, manager}

		_, err = doomed.workflow.Start(ctx, id, "ada", "")
		if life.isDead() {
			must(t, survivor.workflow.Advance(ctx))
			_, err = survivor.workflow.Start(ctx, id, "ada", "") // its caller does not know
		}
		if err != nil && !errors.Is(err, ordermanager.ErrOrderExists) {
			t.Fatal(err)
		}
		must(t, doomed.act(ctx, id, ordermanager.ActionPut, ordermanager.Customer("ada")))
		_ = doomed.workflow.Advance(ctx)
		must(t, doomed.act(ctx, id, ordermanager.ActionMake, ordermanager.Barista("bo")))
		must(t, doomed.act(ctx, id, ordermanager.ActionComplete, ordermanager.Barista("bo")))
		survived = !life.isDead()

		_, err = survivor.manager.Redrive(ctx, nil)
		must(t, err)
		must(t, survivor.workflow.Advance(ctx))
		_, err = survivor.manager.Redrive(ctx, nil)
		must(t, err)
		status, err := survivor.workflow.Status(ctx, id)
		must(t, err)
		if want := strconv.Itoa(points + 1); status.Stage != workflow.StageFinished || status.Pending != 0 || status.Number != want {
			t.Errorf("killed at point %d: %+v, want number %s", points, status, want)
		}
	}
	if points < 20 {
		t.Errorf("only %d points were tried", points)
	}
}

// The order, its workflow and the caller's rows are there together, or not at all.
func TestAnOrderBeginsInsideTheCallersTransaction(t *testing.T) {
	all, pool, options := newReplicas(t, 1, nil)
	r, ctx := all[0], t.Context()
	_, err := pool.Exec(ctx, "CREATE TABLE "+options.Schema+".invoices (order_id text)")
	must(t, err)
	begin := func(id string, fate error) {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO "+options.Schema+".invoices VALUES ($1)", id); err != nil {
				return err
			}
			if _, err := r.workflow.Start(postgres.InTx(ctx, tx), id, "ada", ""); err != nil {
				return err
			}
			return fate
		})
		if !errors.Is(err, fate) {
			t.Fatal(err)
		}
	}
	begin("rolled back", errDead)
	begin("committed", nil)
	var invoices int
	must(t, pool.QueryRow(ctx, "SELECT count(*) FROM "+options.Schema+".invoices").Scan(&invoices))
	_, errGone := r.workflow.Status(ctx, "rolled back")
	status, err := r.workflow.Status(ctx, "committed")
	must(t, err)
	if invoices != 1 || !errors.Is(errGone, ordermanager.ErrOrderNotFound) || status.Stage != workflow.StageDrink || status.Pending != 0 {
		t.Errorf("%d invoices, %v, %+v", invoices, errGone, status)
	}
	must(t, r.act(ctx, "committed", ordermanager.ActionPut, ordermanager.Customer("ada")))
}

// Any replica forgets what ended long ago, and none stands in another's way.
func TestReplicasForgetWhatEndedLongAgo(t *testing.T) {
	all, pool, options := newReplicas(t, 2, nil)
	ctx := t.Context()
	_, err := all[0].workflow.Start(ctx, "open", "ada", "")
	must(t, err)
	_, err = pool.Exec(ctx, `INSERT INTO `+options.Schema+`.workflows (order_id, customer, venue, stage, ended)
		SELECT 'order-' || i, 'ada', '', 'finished', i FROM generate_series(1, 450) i`)
	must(t, err)
	var left int
	for rounds := 0; ; rounds++ {
		var working sync.WaitGroup
		for _, r := range all {
			working.Go(func() {
				if err := r.workflow.Advance(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		working.Wait()
		must(t, pool.QueryRow(ctx, "SELECT count(*) FROM "+options.Schema+".workflows").Scan(&left))
		if left == 1 || rounds == 10 {
			break
		}
	}
	if status, err := all[1].workflow.Status(ctx, "open"); err != nil || left != 1 || status.Stage != workflow.StageDrink {
		t.Errorf("%d are left, and the open one is %+v (%v)", left, status, err)
	}
}
