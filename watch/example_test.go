package watch_test

import (
	"context"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/watch"
)

// A program that follows what changes, whichever process changes it. It keeps the position, and goes on from there.
func ExampleWatcher() {
	ctx := context.Background()
	var store watch.Watcher = memory.NewStore()
	begin, err := store.Changes(ctx, "", 0)
	if err != nil {
		panic(err)
	}
	// Here it reads from listings what is there. Meanwhile, in another process perhaps:
	workflow := memory.NewWorkflow()
	manager, err := ordermanager.New(store.(ordermanager.Store), ordermanager.NoMenu(), workflow, nil)
	if err != nil {
		panic(err)
	}
	workflow.Connect(manager)
	if _, err := workflow.Start(ctx, "order-1", "customer-1", ""); err != nil {
		panic(err)
	}

	changes, err := store.Changes(ctx, begin.Position, time.Minute)
	if err != nil {
		panic(err) // of ErrPositionUnknown: begin again with the empty position
	}
	for _, order := range changes.Orders {
		fmt.Println(order.ID, order.State, order.Version)
	}
	// Output: order-1 pending 1
}
