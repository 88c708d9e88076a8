package workflow_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// Everything on one machine: the orders and their workflows in one file.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := sqlitestore.Open(ctx, filepath.Join(dir, "shop.db"))
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	store, err := sqlitestore.New(ctx, db)
	if err != nil {
		panic(err)
	}
	flow, err := workflow.New(ctx, db, &workflow.Options{Limits: capacity.Limits{MaxInQueue: 10, MaxPerCustomer: 1}})
	if err != nil {
		panic(err)
	}
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	manager, err := ordermanager.New(store, menu, flow, nil)
	if err != nil {
		panic(err)
	}
	flow.Connect(manager)
	done := make(chan struct{})
	go func() {
		defer close(done)
		flow.Run(ctx)
	}()

	if _, err := flow.Start(ctx, "order-1", "ada", ""); err != nil {
		panic(err)
	}
	for _, request := range []ordermanager.Request{
		{Action: ordermanager.ActionPut, Actor: ordermanager.Customer("ada"), Drink: ordermanager.DrinkOrder{Drink: "Latte"}},
		{Action: ordermanager.ActionMake, Actor: ordermanager.Barista("bo")},
		{Action: ordermanager.ActionComplete, Actor: ordermanager.Barista("bo")},
	} {
		request.OrderID = "order-1"
		if _, err := manager.Handle(ctx, request); err != nil {
			panic(err)
		}
	}

	// When Run has stopped, one more step by hand makes sure that everything due was done.
	stop()
	<-done
	ctx = context.Background()
	if err := flow.Advance(ctx); err != nil {
		panic(err)
	}
	status, err := flow.Status(ctx, "order-1")
	if err != nil {
		panic(err)
	}
	fmt.Println("number", status.Number, status.Stage)
	// Output: number 1 finished
}
