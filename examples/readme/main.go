// Command readme is the complete example of the README.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

func main() {
	ctx := context.Background()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
		{Drink: "Cappuccino", Icon: "cappuccino"},
	}})
	workflow := memory.NewWorkflow() // or Step Functions, Lambda durable callbacks, your own
	manager, err := ordermanager.New(memory.NewStore(), menu, workflow, nil)
	if err != nil {
		log.Fatal(err)
	}
	workflow.Connect(manager)

	// The workflow starts, and waits for a drink.
	if _, err := workflow.Start(ctx, "order-1", "customer-1", ""); err != nil {
		log.Fatal(err)
	}

	// The customer chooses; the workflow is resumed.
	receipt, err := manager.Put(ctx, ordermanager.Request{
		OrderID: "order-1",
		Actor:   ordermanager.Customer("customer-1"),
		Drink:   ordermanager.DrinkOrder{Drink: "Cappuccino"},
	})
	fmt.Println(receipt.Order.State, receipt.Resume, err)

	// Two baristas want the order. One wins; the other learns who.
	_, err = manager.Make(ctx, ordermanager.Request{OrderID: "order-1", Actor: ordermanager.Barista("barista-1")})
	fmt.Println(err)
	_, err = manager.Make(ctx, ordermanager.Request{OrderID: "order-1", Actor: ordermanager.Barista("barista-2")})
	fmt.Println(errors.Is(err, ordermanager.ErrClaimed), err)

	// The workflow takes an order number meanwhile, and waits for completion; the winner completes, and the workflow ends.
	if err := workflow.Advance(ctx); err != nil {
		log.Fatal(err)
	}
	receipt, err = manager.Complete(ctx, ordermanager.Request{OrderID: "order-1", Actor: ordermanager.Barista("barista-1")})
	fmt.Println(receipt.Order.State, receipt.Order.Number, receipt.Resume, workflow.Stage("order-1"), err)
}
