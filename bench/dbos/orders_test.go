// Package dbos_test compares an order of this module with the same order as a workflow of DBOS Transact, on the same
// PostgreSQL: begin, wait for a drink, take a number, wait for completion, end. It is a module of its own, because
// nobody who uses this one needs DBOS.
//
//	scripts/emulators run -- go -C bench/dbos test -bench . -benchtime 500x
package dbos_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/postgres"
)

var clients = []int{1, 8, 64}

// measure lets clients take b.N orders through their lives.
func measure(b *testing.B, clients int, live func(ctx context.Context, id string) error) {
	b.Helper()
	var next atomic.Int64
	var working sync.WaitGroup
	b.ResetTimer()
	for range clients {
		working.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := live(b.Context(), fmt.Sprintf("order-%d-%d", clients, n)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	working.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkOrdermanager(b *testing.B) {
	for _, n := range clients {
		b.Run(fmt.Sprint("clients=", n), func(b *testing.B) {
			pool := pgtest.Pool(b, pgtest.URL(b))
			options := pgtest.Schema(b, pool)
			store, err := postgres.NewStore(b.Context(), pool, options)
			must(b, err)
			workflow, err := postgres.NewWorkflow(b.Context(), pool, options, nil)
			must(b, err)
			menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
			// The life cycle in which nobody has to claim an order before it is completed, as in the other one.
			manager, err := ordermanager.New(
				store, menu, workflow, &ordermanager.Options{Lifecycle: ordermanager.ServerlesspressoLifecycle()},
			)
			must(b, err)
			workflow.Connect(manager)
			ctx, stop := context.WithCancel(b.Context())
			var running sync.WaitGroup
			running.Go(func() { workflow.Run(ctx) })
			defer running.Wait()
			defer stop()
			measure(b, n, func(ctx context.Context, id string) error {
				if _, err := workflow.Start(ctx, id, "ada", ""); err != nil {
					return err
				}
				_, err := manager.Put(ctx, ordermanager.Request{OrderID: id, Actor: ordermanager.Customer("ada"),
					Drink: ordermanager.DrinkOrder{Drink: "Latte"}})
				if err != nil {
					return err
				}
				_, err = manager.Complete(ctx, ordermanager.Request{OrderID: id, Actor: ordermanager.Barista("bo")})
				return err
			})
		})
	}
}

func BenchmarkDBOS(b *testing.B) {
	for _, n := range clients {
		b.Run(fmt.Sprint("clients=", n), func(b *testing.B) {
			schema := pgtest.Schema(b, pgtest.Pool(b, pgtest.URL(b))).Schema
			pool := pgtest.Pool(b, pgtest.URL(b)) // DBOS closes its own
			ctx, err := dbos.NewContext(b.Context(), dbos.Config{
				AppName: "bench", SystemDBPool: pool, DatabaseSchema: schema, Logger: slog.New(slog.DiscardHandler),
			})
			must(b, err)
			order := func(ctx dbos.Context, customer string) (int64, error) {
				if _, err := dbos.Recv[string](ctx, "drink", 300*time.Second); err != nil {
					return 0, err
				}
				number, err := dbos.RunAsStep(ctx, func(ctx context.Context) (number int64, err error) {
					err = pool.QueryRow(ctx, `INSERT INTO `+schema+`.numbers AS old VALUES ('', 1)
						ON CONFLICT (venue) DO UPDATE SET last = old.last + 1 RETURNING last`).Scan(&number)
					return number, err
				})
				if err != nil {
					return 0, err
				}
				_, err = dbos.Recv[string](ctx, "completion", 900*time.Second)
				return number, err
			}
			dbos.RegisterWorkflow(ctx, order)
			must(b, dbos.Launch(ctx))
			defer func() { _ = dbos.Shutdown(ctx, 5*time.Second) }()
			_, err = pool.Exec(b.Context(), "CREATE TABLE "+schema+".numbers (venue text PRIMARY KEY, last bigint NOT NULL)")
			must(b, err)
			measure(b, n, func(_ context.Context, id string) error {
				handle, err := dbos.RunWorkflow(ctx, order, "ada", dbos.WithWorkflowID(id))
				if err != nil {
					return err
				}
				if err := dbos.Send(ctx, id, "Latte", "drink"); err != nil {
					return err
				}
				if err := dbos.Send(ctx, id, "done", "completion"); err != nil {
					return err
				}
				_, err = handle.GetResult()
				return err
			})
		})
	}
}
