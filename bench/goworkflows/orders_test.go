// Package goworkflows_test compares an order of this module with the same order as a workflow of go-workflows, each in
// process on a SQLite file of its own: begin, wait for a drink, take a number, wait for completion, end. It is a module
// of its own, because nobody who uses this one needs the other.
//
//	go -C bench/goworkflows test -bench . -benchtime 500x
package goworkflows_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cschleiden/go-workflows/backend"
	"github.com/cschleiden/go-workflows/backend/monoprocess"
	"github.com/cschleiden/go-workflows/backend/sqlite"
	"github.com/cschleiden/go-workflows/client"
	"github.com/cschleiden/go-workflows/worker"
	peer "github.com/cschleiden/go-workflows/workflow"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
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
	b.StopTimer()
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
			ctx, stop := context.WithCancel(context.Background())
			db, err := sqlitestore.Open(ctx, filepath.Join(b.TempDir(), "orders.db"))
			must(b, err)
			store, err := sqlitestore.New(ctx, db)
			must(b, err)
			flow, err := workflow.New(ctx, db, nil)
			must(b, err)
			menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
			// The life cycle in which nobody has to claim an order before it is completed, as in the other one.
			manager, err := ordermanager.New(
				store, menu, flow, &ordermanager.Options{Lifecycle: ordermanager.ServerlesspressoLifecycle()},
			)
			must(b, err)
			flow.Connect(manager)
			var running sync.WaitGroup
			running.Go(func() { flow.Run(ctx) })
			defer func() {
				stop()
				running.Wait()
				must(b, db.Close())
			}()
			measure(b, n, func(ctx context.Context, id string) error {
				if _, err := flow.Start(ctx, id, "ada", ""); err != nil {
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

// lastNumber is in memory, which spares the other side a write.
var lastNumber atomic.Int64

func takeNumber(context.Context) (int64, error) { return lastNumber.Add(1), nil }

func order(ctx peer.Context, _ string) (int64, error) {
	if _, ok := peer.NewSignalChannel[string](ctx, "drink").Receive(ctx); !ok {
		return 0, peer.Canceled
	}
	number, err := peer.ExecuteActivity[int64](ctx, peer.DefaultActivityOptions, takeNumber).Get(ctx)
	if err != nil {
		return 0, err
	}
	if _, ok := peer.NewSignalChannel[string](ctx, "completion").Receive(ctx); !ok {
		return 0, peer.Canceled
	}
	return number, nil
}

// The workers are told of work in their process, so that they need not poll for it.
func BenchmarkGoWorkflows(b *testing.B) {
	for _, n := range clients {
		b.Run(fmt.Sprint("clients=", n), func(b *testing.B) {
			ctx, stop := context.WithCancel(context.Background())
			quiet := sqlite.WithBackendOptions(backend.WithLogger(slog.New(slog.DiscardHandler)))
			file := monoprocess.NewMonoprocessBackend(sqlite.NewSqliteBackend(filepath.Join(b.TempDir(), "orders.db"), quiet))
			work := worker.New(file, nil)
			must(b, work.RegisterWorkflow(order))
			must(b, work.RegisterActivity(takeNumber))
			must(b, work.Start(ctx))
			defer func() {
				stop()
				must(b, work.WaitForCompletion())
				must(b, file.Close())
			}()
			c := client.New(file)
			measure(b, n, func(ctx context.Context, id string) error {
				instance, err := c.CreateWorkflowInstance(ctx, client.WorkflowInstanceOptions{InstanceID: id}, order, "ada")
				if err != nil {
					return err
				}
				if err := c.SignalWorkflow(ctx, id, "drink", "Latte"); err != nil {
					return err
				}
				if err := c.SignalWorkflow(ctx, id, "completion", "done"); err != nil {
					return err
				}
				_, err = client.GetWorkflowResult[int64](ctx, c, instance, time.Minute)
				return err
			})
		})
	}
}
