package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/jointtest"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/postgres"
	"github.com/brewline/ordermanager/workflow"
)

// Invariants 3, 4 and 5, where the workflow is in the schema of the orders.
func TestTheStoreTakesTheWorkflowAlong(t *testing.T) {
	pool := pgtest.Pool(t, pgtest.URL(t))
	jointtest.Run(t, func(t *testing.T, settings *workflow.Options) jointtest.Database {
		options := pgtest.Schema(t, pool)
		r := newReplica(t, pool, options, settings)
		exec := func(text string) {
			_, err := pool.Exec(t.Context(), text)
			must(t, err)
		}
		return jointtest.Database{Store: r.store, Workflow: r.workflow, Break: func(*testing.T) func() {
			exec("ALTER TABLE " + options.Schema + ".shops RENAME TO broken")
			return func() { exec("ALTER TABLE " + options.Schema + ".broken RENAME TO shops") }
		}}
	})
}

// The order and its workflow move on together when the caller commits, and not at all when the caller rolls back.
func TestAWorkflowMovesOnInsideTheCallersTransaction(t *testing.T) {
	pool := pgtest.Pool(t, pgtest.URL(t))
	r, ctx := newReplica(t, pool, pgtest.Schema(t, pool), nil), t.Context()
	for _, id := range []string{"the first", "1"} {
		_, err := r.workflow.Start(ctx, id, "ada", "")
		must(t, err)
	}
	put := func(fate error) {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if err := r.act(postgres.InTx(ctx, tx), "1", ordermanager.ActionPut, ordermanager.Customer("ada")); err != nil {
				return err
			}
			return fate
		})
		if !errors.Is(err, fate) {
			t.Fatal(err)
		}
	}
	check := func(stage workflow.Stage, version int) {
		t.Helper()
		status, err := r.workflow.Status(ctx, "1")
		must(t, err)
		o, err := r.store.Get(ctx, "1")
		must(t, err)
		if status.Stage != stage || o.Version != version || o.Owes() {
			t.Errorf("the workflow is %+v, and the order %+v", status, o)
		}
	}
	put(errChangedMind)
	check(workflow.StageDrink, 1)
	put(nil)
	check(workflow.StageCompletion, 3)
}

// deadline ends the life of a process before one of the statements that it sends, whoever sends it. From then on
// nothing of it reaches the database any more.
type deadline struct {
	mu   sync.Mutex
	left int
	dead bool
}

func (d *deadline) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		d.dead = true
	}
	d.left--
	if !d.dead {
		return ctx
	}
	ended, end := context.WithCancel(ctx)
	end()
	return ended
}

func (*deadline) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (d *deadline) TraceBatchStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return d.TraceQueryStart(ctx, conn, pgx.TraceQueryStartData{})
}

func (*deadline) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*deadline) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func (d *deadline) isDead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// Invariant 5: a replica whose workflow takes part in the writes of its store is killed before each statement of an
// order's life, one after the other; another one ends what it began, and no number is lost or given twice.
func TestAReplicaThatIsKilledInTheMidstOfAJointWriteLosesNothing(t *testing.T) {
	now := &clock{now: morning}
	settings := &workflow.Options{Now: now.read}
	all, _, options := newReplicas(t, 1, settings)
	survivor, ctx := all[0], t.Context()
	ada, bo := ordermanager.Customer("ada"), ordermanager.Barista("bo")
	points := 0
	for survived := false; !survived; points++ {
		id := fmt.Sprint("order-", points)
		life := &deadline{left: -1}
		config, err := pgxpool.ParseConfig(pgtest.URL(t))
		must(t, err)
		config.ConnConfig.Tracer = life
		pool, err := pgxpool.NewWithConfig(ctx, config)
		must(t, err)
		doomed := newReplica(t, pool, options, settings)
		_, err = doomed.workflow.Start(ctx, "first of process "+strconv.Itoa(points), "ada", "elsewhere")
		must(t, err)
		life.left = points

		steps := []func(r *replica) error{
			func(r *replica) error {
				_, err := r.workflow.Start(ctx, id, "ada", "")
				if errors.Is(err, ordermanager.ErrOrderExists) {
					return nil // as it should be for one who repeats it
				}
				return err
			},
			func(r *replica) error { return r.act(ctx, id, ordermanager.ActionPut, ada) },
			func(r *replica) error { return r.act(ctx, id, ordermanager.ActionMake, bo) },
			func(r *replica) error { return r.act(ctx, id, ordermanager.ActionComplete, bo) },
		}
		replica := doomed
		for _, step := range steps {
			err := step(replica)
			if err != nil && life.isDead() && replica == doomed {
				replica = survivor
				err = step(replica)
			}
			must(t, err)
		}
		survived = !life.isDead()
		pool.Close()
		_, err = survivor.manager.Redrive(ctx, nil)
		must(t, err)
		must(t, survivor.workflow.Advance(ctx))
		status, err := survivor.workflow.Status(ctx, id)
		must(t, err)
		o, err := survivor.store.Get(ctx, id)
		must(t, err)
		want := strconv.Itoa(points + 1)
		ended := status.Stage == workflow.StageFinished && status.Pending == 0 && !o.Owes()
		if !ended || status.Number != want || o.Number != want {
			t.Errorf("killed at point %d, want number %s: the workflow is %+v, and the order %+v", points, want, status, o)
		}
	}
	if points < 12 {
		t.Errorf("only %d points were tried", points)
	}
}
