package ordermanager_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// shop is what the examples share: a Manager in memory, and an order that waits for a drink.
func shop(options *ordermanager.Options) (*ordermanager.Manager, *memory.Workflow) {
	workflow := memory.NewWorkflow()
	manager, err := ordermanager.New(memory.NewStore(), coffeeMenu, workflow, options)
	if err != nil {
		panic(err)
	}
	workflow.Connect(manager)
	if _, err := workflow.Start(context.Background(), "order-1", "customer-1", ""); err != nil {
		panic(err)
	}
	return manager, workflow
}

func chooseLatte(manager *ordermanager.Manager) (ordermanager.Receipt, error) {
	return manager.Put(context.Background(), ordermanager.Request{
		OrderID: "order-1",
		Actor:   ordermanager.Customer("customer-1"),
		Drink:   ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat"}},
	})
}

func Example() {
	ctx := context.Background()
	manager, workflow := shop(nil)

	receipt, err := chooseLatte(manager)
	fmt.Println("put:", receipt.Order.State, receipt.Resume, err)

	fmt.Println("workflow:", workflow.Advance(ctx), workflow.Stage("order-1"))

	barista := ordermanager.Barista("barista-1")
	receipt, err = manager.Make(ctx, ordermanager.Request{OrderID: "order-1", Actor: barista})
	fmt.Println("make:", receipt.Order.State, err)

	receipt, err = manager.Complete(ctx, ordermanager.Request{OrderID: "order-1", Actor: barista})
	fmt.Println("complete:", receipt.Order.State, receipt.Resume, err)
	fmt.Println("workflow:", workflow.Stage("order-1"))
	// Output:
	// put: pending delivered <nil>
	// workflow: <nil> waiting for completion
	// make: making <nil>
	// complete: completed delivered <nil>
	// workflow: finished
}

// The input of the sample's OrderManager workflow, as it is.
func ExampleManager_Handle() {
	manager, _ := shop(nil)
	request, err := serverlesspresso.ParseRequest([]byte(
		`{"action":"","body":{"userId":"customer-1","drink":"Cappuccino","modifiers":[]},` +
			`"orderId":"order-1","baristaUserId":"3"}`))
	if err != nil {
		panic(err)
	}
	receipt, err := manager.Handle(context.Background(), request)
	fmt.Println(receipt.Order.Drink.Name, receipt.Resume, err)
	// Output: Cappuccino delivered <nil>
}

// Every reason why a put was refused.
func ExampleMenuError() {
	manager, _ := shop(nil)
	_, err := manager.Put(context.Background(), ordermanager.Request{
		OrderID: "order-1",
		Actor:   ordermanager.Customer("customer-1"),
		Drink:   ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat", "Regular", "Sugar"}},
	})
	if refusal, ok := errors.AsType[*ordermanager.MenuError](err); ok {
		for _, violation := range refusal.Violations {
			fmt.Println(violation.Code, violation.Value)
		}
	}
	// Output:
	// unknown_modifier Sugar
	// exclusive_options Oat
}

// What to tell a caller who was refused.
func ExampleTransitionError() {
	manager, _ := shop(nil)
	_, err := manager.Complete(
		context.Background(), ordermanager.Request{OrderID: "order-1", Actor: ordermanager.Barista("barista-1")},
	)
	if refusal, ok := errors.AsType[*ordermanager.TransitionError](err); ok {
		fmt.Println(ordermanager.CodeOf(err), refusal.State, refusal.Allowed)
	}
	// Output: illegal_transition pending [cancel]
}

func ExampleManager_Explain() {
	manager, _ := shop(nil)
	explanation, err := manager.Explain(context.Background(), ordermanager.Request{
		Action: ordermanager.ActionMake, OrderID: "order-1", Actor: ordermanager.Barista("barista-1"),
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(explanation.Allowed)
	for _, reason := range explanation.Reasons {
		fmt.Println(reason.Code, "-", reason.Message)
	}
	// Output:
	// false
	// not_ready - no drink has been accepted yet
}

// A request id makes a request repeatable.
func ExampleRequest_requestID() {
	manager, _ := shop(nil)
	cancel := ordermanager.Request{
		OrderID: "order-1", Actor: ordermanager.Customer("customer-1"), Reason: "changed my mind", RequestID: "5f0c",
	}
	for range 2 {
		receipt, err := manager.Cancel(context.Background(), cancel)
		fmt.Println(receipt.Order.State, receipt.Replayed, err)
	}
	// Output:
	// cancelled false <nil>
	// cancelled true <nil>
}

// The workflow cannot be reached, and is redriven later.
func ExampleManager_Redrive() {
	ctx := context.Background()
	resumer := new(memory.Resumer)
	resumer.Hook = func(string, string, bool) error { return errors.New("unreachable") }
	manager, err := ordermanager.New(memory.NewStore(), coffeeMenu, resumer, nil)
	if err != nil {
		panic(err)
	}
	started := ordermanager.WorkflowStarted{OrderID: "order-1", Customer: "customer-1", Token: resumer.Issue()}
	if _, err := manager.WorkflowStarted(ctx, started); err != nil {
		panic(err)
	}
	receipt, err := chooseLatte(manager)
	fmt.Println(receipt.Resume, receipt.Pending, err)

	resumer.Hook = nil
	report, err := manager.Redrive(ctx, nil)
	fmt.Println(report.Delivered, "delivered,", report.Pending, "pending", err)
	// Output:
	// pending unreachable <nil>
	// 1 delivered, 0 pending <nil>
}

func ExampleManager_Orders() {
	manager, _ := shop(nil)
	for order, err := range manager.Orders(context.Background(), ordermanager.Query{State: ordermanager.StatePending}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(order.ID, order.Customer, order.State)
	}
	// Output: order-1 customer-1 pending
}

// A time-out of the workflow cancels the order.
func ExampleManager_TimedOut() {
	manager, _ := shop(nil)
	receipt, err := manager.TimedOut(
		context.Background(), ordermanager.TimedOut{OrderID: "order-1", Cause: "Customer timedout"},
	)
	fmt.Println(receipt.Order.State, receipt.Order.Reason, err)
	// Output: cancelled Customer timedout <nil>
}

// The robot barista of the sample completes without claiming.
func ExampleOptions_lifecycle() {
	manager, _ := shop(&ordermanager.Options{Lifecycle: ordermanager.ServerlesspressoLifecycle()})
	if _, err := chooseLatte(manager); err != nil {
		panic(err)
	}
	receipt, err := manager.Complete(
		context.Background(), ordermanager.Request{OrderID: "order-1", Actor: ordermanager.Barista("robot")},
	)
	fmt.Println(receipt.Order.State, err)
	// Output: completed <nil>
}

// A shop in which only the chef may cancel.
func ExamplePolicy() {
	policy := func(action ordermanager.Action, actor ordermanager.Actor) ordermanager.Permission {
		if action == ordermanager.ActionCancel && actor.ID != "chef" {
			return ordermanager.Permission{}
		}
		return ordermanager.DefaultPolicy(action, actor)
	}
	manager, _ := shop(&ordermanager.Options{Policy: policy})
	_, err := manager.Cancel(
		context.Background(), ordermanager.Request{OrderID: "order-1", Actor: ordermanager.Customer("customer-1")},
	)
	fmt.Println(errors.Is(err, ordermanager.ErrForbidden), err)
	// Output: true not permitted to this actor: cancel by a customer
}

// A metric of every operation; a span would begin and end in the same places.
func ExampleObserver() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	observer := func(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
		return ctx, func(e ordermanager.Ending) {
			logger.Info(op.Name, "action", op.Action, "code", ordermanager.CodeOf(e.Err), "refused", e.Refused)
		}
	}
	manager, err := ordermanager.New(
		memory.NewStore(), coffeeMenu, new(memory.Resumer), &ordermanager.Options{Observer: observer},
	)
	if err != nil {
		panic(err)
	}
	_, _ = chooseLatte(manager)
	// Output:
	// level=INFO msg=menu action=put code="" refused=false
	// level=INFO msg=store.apply action=put code="" refused=true
	// level=INFO msg=handle action=put code=order_not_found refused=false
}

// Two groups have the same option: which is meant is said together with the group.
func ExampleMenu_Sanitize() {
	counts := []string{"None", "1", "2"}
	menu := ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Americano", Modifiers: []ordermanager.ModifierGroup{
		{Name: "Sugar", Options: counts},
		{Name: "Cream", Options: counts},
		{Name: "Extras", Options: []string{"Decaf", "Extra shot", "To go"}, Max: 3},
	}}}}
	drink, err := menu.Sanitize(ordermanager.DrinkOrder{
		Drink: "Americano", Modifiers: []string{"Sugar: 2", "Decaf", "To go"},
	})
	fmt.Printf("%q %v\n", drink.Modifiers, err)
	_, err = menu.Sanitize(ordermanager.DrinkOrder{Drink: "Americano", Modifiers: []string{"2"}})
	fmt.Println(err)
	// Output:
	// ["Sugar: 2" "Decaf" "To go"] <nil>
	// the order is not valid: ambiguous option "2" (write "Sugar: 2" or "Cream: 2")
}

func ExampleTaskToken() {
	token := ordermanager.NewTaskToken("AQCEAAAAKgAAAAM")
	fmt.Println(token, fmt.Sprintf("%+v", ordermanager.WaitSlot{Token: token}.Token), token.Reveal() != "")
	// Output: [redacted] [redacted] true
}

func ExampleLifecycle_With() {
	table := ordermanager.StandardLifecycle().
		WithStates(ordermanager.StateRule{State: "ready", Answers: ordermanager.Done}).
		With(
			ordermanager.Rule{
				Action: "finish", From: []ordermanager.State{"making"}, To: "ready", Claim: ordermanager.ClaimReleases,
			},
			ordermanager.Rule{Action: "complete", From: []ordermanager.State{"ready"}, To: "completed"},
		)
	fmt.Println(table.Validate())
	fmt.Println("ready:", table.Allowed("ready"))

	// A claim that is not given up would be taken twice: what nobody noticed is said when the Manager is built.
	wrong := table.With(ordermanager.Rule{Action: "make", From: []ordermanager.State{"pending", "making"}, To: "making",
		Claim: ordermanager.ClaimTakes})
	fmt.Println(wrong.Validate())
	// Output:
	// <nil>
	// ready: [complete]
	// invalid life cycle: rules[1].from[1]: make takes a claim in making, where a barista may hold the order already
}

func ExampleManager_Do() {
	ctx := context.Background()
	table := ordermanager.StandardLifecycle().With(ordermanager.Rule{
		Action: "reprint", From: []ordermanager.State{"making"}, To: "making", Claim: ordermanager.ClaimNeeds,
		Event: "LabelPrinted",
	})
	manager, _ := shop(&ordermanager.Options{Lifecycle: table})
	_, _ = chooseLatte(manager)
	barista := ordermanager.Request{OrderID: "order-1", Actor: ordermanager.Barista("barista-1")}
	_, err := manager.Do(ctx, "reprint", barista)
	fmt.Println(err)
	_, _ = manager.Make(ctx, barista)
	receipt, err := manager.Do(ctx, "reprint", barista)
	fmt.Println(receipt.Order.State, err)
	_, err = manager.Do(ctx, "repaint", barista)
	fmt.Println(err)
	// Output:
	// cannot reprint order order-1, which is pending: the state of the order does not allow this
	// making <nil>
	// unknown action: "repaint"; the life cycle has put, make, unmake, complete, cancel, reprint
}

func ExampleParseLifecycle() {
	_, err := ordermanager.ParseLifecycle([]byte(`{
		"states": [{"name": "open", "initial": true}, {"name": "closed", "answers": "done"}],
		"rules": [
			{"action": "close", "from": ["open"], "to": "close"},
			{"action": "timed_out", "from": ["open"], "to": "closed"}
		]
	}`))
	fmt.Println(err)
	// Output:
	// invalid life cycle: rules[0].to: close leads to "close", which is no state of the table
}

func ExampleOptions_publishers() {
	bus, board := &memory.Publisher{}, &memory.Publisher{}
	manager, _ := shop(&ordermanager.Options{
		Publisher: bus, Publishers: map[string]ordermanager.Publisher{"board": board},
	})
	_, _ = chooseLatte(manager)
	board.Hook = func(string, string, bool) error { return errors.New("no network") }
	barista := ordermanager.Barista("barista-1")
	receipt, _ := manager.Make(context.Background(), ordermanager.Request{OrderID: "order-1", Actor: barista})
	fmt.Println(receipt.Events, len(bus.Events()), len(board.Events()))
	fmt.Println(receipt.Pending)

	board.Hook = nil
	_, _ = manager.RedriveOrder(context.Background(), "order-1")
	fmt.Println(len(bus.Events()), len(board.Events()))
	// Output:
	// pending 1 0
	// publisher board: no network
	// 1 1
}
