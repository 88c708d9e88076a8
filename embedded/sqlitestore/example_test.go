package sqlitestore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/memory"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "orders")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "orders.db")

	// The orders live in the file; the workflow of this example lives in memory.
	db, err := sqlitestore.Open(ctx, path)
	if err != nil {
		panic(err)
	}
	store, err := sqlitestore.New(ctx, db)
	if err != nil {
		panic(err)
	}
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	workflow := memory.NewWorkflow()
	manager, err := ordermanager.New(store, menu, workflow, nil)
	if err != nil {
		panic(err)
	}
	workflow.Connect(manager)
	if _, err := workflow.Start(ctx, "order-1", "ada", ""); err != nil {
		panic(err)
	}
	_, err = manager.Put(ctx, ordermanager.Request{
		OrderID: "order-1", Actor: ordermanager.Customer("ada"), Drink: ordermanager.DrinkOrder{Drink: "Latte"},
	})
	if err != nil {
		panic(err)
	}
	if err := db.Close(); err != nil {
		panic(err)
	}

	// After a restart, everything is there.
	if db, err = sqlitestore.Open(ctx, path); err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	if store, err = sqlitestore.New(ctx, db); err != nil {
		panic(err)
	}
	order, err := store.Get(ctx, "order-1")
	if err != nil {
		panic(err)
	}
	fmt.Println(order.State, order.Drink.Name, order.Version)
	// Output: pending Latte 2
}
