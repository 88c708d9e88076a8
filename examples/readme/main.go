// Command readme is the example of the README.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

func main() {
	ctx := context.Background()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Cappuccino"}}})
	workflow := memory.NewWorkflow() // or Step Functions, a Lambda durable function, one of your own
	manager, err := ordermanager.New(memory.NewStore(), menu, workflow, nil)
	if err != nil {
		log.Fatal(err)
	}
	workflow.Connect(manager)

	// The workflow creates the order, and waits for a drink.
	if _, err := workflow.Start(ctx, "1", "ann", ""); err != nil {
		log.Fatal(err)
	}

	// The customer orders a cappuccino, which resumes the workflow.
	receipt, err := manager.Put(ctx, ordermanager.Request{
		OrderID: "1",
		Actor:   ordermanager.Customer("ann"),
		Drink:   ordermanager.DrinkOrder{Drink: "Cappuccino"},
	})
	fmt.Println(receipt.Order.State, receipt.Resume, err)

	// Two baristas claim the order. One wins; the other is told who.
	for _, barista := range []string{"bo", "cy"} {
		_, err = manager.Make(ctx, ordermanager.Request{OrderID: "1", Actor: ordermanager.Barista(barista)})
		fmt.Println(err)
	}
}
