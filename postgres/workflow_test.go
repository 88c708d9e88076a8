package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/internal/workflowtest"
	"github.com/brewline/ordermanager/postgres"
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

// The promises of a workflow in any database, between processes of which each is a replica.
func TestWorkflow(t *testing.T) {
	url := pgtest.URL(t)
	workflowtest.Run(t, func(t *testing.T) func() workflowtest.Process {
		options := pgtest.Schema(t, pgtest.Pool(t, url))
		return func() workflowtest.Process {
			pool := pgtest.Pool(t, url)
			store, err := postgres.NewStore(t.Context(), pool, options)
			must(t, err)
			return workflowtest.Process{Database: postgres.WorkflowDatabase(pool, options.Schema), Store: store}
		}
	})
}

// No replica waits for a row that somebody is changing.
func TestATimeOutPassesOverWhatSomebodyIsChanging(t *testing.T) {
	now := &clock{now: morning}
	all, pool, options := newReplicas(t, 1, &workflow.Options{Now: now.read})
	r, ctx := all[0], t.Context()
	for _, id := range []string{"busy", "idle"} {
		_, err := r.workflow.Start(ctx, id, "ada", "")
		must(t, err)
	}
	now.pass(301 * time.Second)
	busy, err := pool.Begin(ctx)
	must(t, err)
	_, err = busy.Exec(ctx, "SELECT 1 FROM "+options.Schema+".workflows WHERE order_id = 'busy' FOR UPDATE")
	must(t, err)
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	check := func(want map[string]workflow.Stage) {
		t.Helper()
		must(t, r.workflow.Advance(limited))
		for id, stage := range want {
			if status, err := r.workflow.Status(ctx, id); err != nil || status.Stage != stage {
				t.Errorf("%s is %s (%v)", id, status.Stage, err)
			}
		}
	}
	check(map[string]workflow.Stage{"busy": workflow.StageDrink, "idle": workflow.StageTimedOut})
	must(t, busy.Rollback(ctx))
	check(map[string]workflow.Stage{"busy": workflow.StageTimedOut})
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
func newReplicas(
	t testing.TB, n int, settings *workflow.Options,
) (all []*replica, pool *pgxpool.Pool, options *postgres.Options) {
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

var errChangedMind = errors.New("the caller changed its mind")

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
	begin("rolled back", errChangedMind)
	begin("committed", nil)
	var invoices int
	must(t, pool.QueryRow(ctx, "SELECT count(*) FROM "+options.Schema+".invoices").Scan(&invoices))
	_, errGone := r.workflow.Status(ctx, "rolled back")
	status, err := r.workflow.Status(ctx, "committed")
	must(t, err)
	if invoices != 1 || !errors.Is(errGone, ordermanager.ErrOrderNotFound) || status.Stage != workflow.StageDrink ||
		status.Pending != 0 {
		t.Errorf("%d invoices, %v, %+v", invoices, errGone, status)
	}
	must(t, r.act(ctx, "committed", ordermanager.ActionPut, ordermanager.Customer("ada")))
}
