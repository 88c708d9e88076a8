package memory_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
	{Drink: "Espresso", Icon: "espresso-icon"},
}})

// orderEspresso stands for the code under test: it orders, and says what the customer gets to see.
func orderEspresso(ctx context.Context, manager *ordermanager.Manager, orderID, customer string) string {
	receipt, err := manager.Put(ctx, ordermanager.Request{
		OrderID: orderID, Actor: ordermanager.Customer(customer), Drink: ordermanager.DrinkOrder{Drink: "Espresso"},
	})
	switch {
	case errors.Is(err, ordermanager.ErrDrinkAccepted):
		return "You have ordered already."
	case err != nil:
		return "Please ask at the counter."
	case receipt.Resume == ordermanager.ResumePending:
		return "We have your order; it may take a moment."
	}
	return "We have your order."
}

// A unit test of one's own code: the workflow cannot be reached while the customer orders. The order is
// accepted all the same, and a redrive wakes the workflow when it is back.
func Example() {
	ctx := context.Background()
	down := true
	resumer := &memory.Resumer{Hook: func(_, _ string, done bool) error {
		if down && !done {
			return errors.New("the workflow service is out of order")
		}
		return nil
	}}
	manager, err := ordermanager.New(memory.NewStore(), menu, resumer, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = manager.WorkflowStarted(
		ctx, ordermanager.WorkflowStarted{OrderID: "1", Customer: "anna", Token: resumer.Issue()},
	)
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(orderEspresso(ctx, manager, "1", "anna"))
	fmt.Println("answers:", len(resumer.Answered()))

	down = false
	report, err := manager.Redrive(ctx, nil)
	fmt.Println("redriven:", report.Delivered, "pending:", report.Pending, "error:", err)
	for _, answered := range resumer.Answered() {
		fmt.Printf("%s was given %s\n", answered.Token, answered.Outcome.Output)
	}
	// Output:
	// We have your order; it may take a moment.
	// answers: 0
	// redriven: 1 pending: 0 error: <nil>
	// [redacted] was given {"orderId":"1","action":"put","state":"pending","cancelled":false}
}

// The store's hook makes the answer of a write get lost: the caller cannot know that it was applied, and repeats the
// request under the same id.
func ExampleStore() {
	ctx := context.Background()
	lost := false
	store := memory.NewStore()
	store.Hook = func(op, _ string, done bool) error {
		if lost && op == "apply" && done {
			return errors.New("connection reset")
		}
		return nil
	}
	resumer := &memory.Resumer{}
	manager, err := ordermanager.New(store, menu, resumer, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = manager.WorkflowStarted(
		ctx, ordermanager.WorkflowStarted{OrderID: "1", Customer: "anna", Token: resumer.Issue()},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	put := ordermanager.Request{
		OrderID: "1", Actor: ordermanager.Customer("anna"), RequestID: "tap-1",
		Drink: ordermanager.DrinkOrder{Drink: "Espresso"},
	}

	lost = true
	_, err = manager.Put(ctx, put)
	fmt.Println("first:", ordermanager.CodeOf(err))

	lost = false
	receipt, err := manager.Put(ctx, put)
	fmt.Println(
		"again:", receipt.Order.Drink.Name, "replayed:", receipt.Replayed, "resume:", receipt.Resume, "error:", err,
	)
	// Output:
	// first: store_failed
	// again: Espresso replayed: true resume: delivered error: <nil>
}

// A Workflow runs whole orders: it starts them, takes their numbers and knows how they end.
func ExampleWorkflow() {
	ctx := context.Background()
	workflow := memory.NewWorkflow()
	manager, err := ordermanager.New(memory.NewStore(), menu, workflow, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	workflow.Connect(manager)
	if _, err := workflow.Start(ctx, "1", "anna", ""); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(workflow.Stage("1"))

	fmt.Println(orderEspresso(ctx, manager, "1", "anna"))
	if err := workflow.Advance(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(workflow.Stage("1"))

	barista := ordermanager.Request{OrderID: "1", Actor: ordermanager.Barista("ben")}
	if _, err := manager.Make(ctx, barista); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := manager.Complete(ctx, barista); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(workflow.Stage("1"))
	// Output:
	// waiting for a drink
	// We have your order.
	// waiting for completion
	// finished
}
