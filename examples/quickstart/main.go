// Command quickstart plays one order from beginning to end, in memory.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

const orderID = "1"

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "quickstart plays one order from beginning to end, in memory; it takes no arguments")
	}
	if flag.Parse(); flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	// The menu, the store, and the workflow that waits for each order.
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
		{Drink: "Cappuccino", Icon: "barista-icons_cappuccino-alternative"},
		{Drink: "Latte", Icon: "barista-icons_cafe-latte"},
	}})
	store := &memory.Store{}
	workflow := memory.NewWorkflow()
	manager, err := ordermanager.New(store, menu, workflow, nil)
	if err != nil {
		log.Fatal(err)
	}
	workflow.Connect(manager)
	cafe := cafe{manager, workflow}

	cafe.start("1. Customer 1 scans the code: the workflow of the order starts, and waits for a drink.")

	cafe.handle("2. Customer 1 puts a Cappuccino: the first wait is resumed.",
		`{"action":"","body":{"userId":"1","drink":"Cappuccino","modifiers":[],`+
			`"icon":"barista-icons_cappuccino-alternative"},"orderId":"1","baristaUserId":"3"}`)

	cafe.advance("3. The workflow takes an order number, and waits for completion.")

	cafe.handle("4. A milkshake is not on the menu: nothing changes.",
		`{"action":"","body":{"userId":"1","drink":"milkshake","modifiers":[],`+
			`"icon":"barista-icons_cappuccino-alternative"},"orderId":"1","baristaUserId":"3"}`)

	cafe.handle("5. Barista 3 cannot complete what nobody has claimed: nothing changes.",
		`{"action":"complete","orderId":"1","baristaUserId":"3"}`)

	cafe.handle("6. Barista 3 claims the order.",
		`{"action":"make","orderId":"1","baristaUserId":"3"}`)

	cafe.handle("7. Barista 3 has made it: the second wait is resumed, and the workflow ends.",
		`{"action":"complete","orderId":"1","baristaUserId":"3"}`)
}

type cafe struct {
	manager  *ordermanager.Manager
	workflow *memory.Workflow
}

// start starts the workflow, which creates the order.
func (c cafe) start(step string) {
	fmt.Println(step)
	receipt, err := c.workflow.Start(context.Background(), orderID, "1", "")
	c.report(receipt, err)
}

// handle carries out an input of the OrderManager workflow. A program that knows its caller fills in an
// ordermanager.Request itself, and calls manager.Put, manager.Make and so on.
func (c cafe) handle(step, input string) {
	fmt.Println(step)
	request, err := serverlesspresso.ParseRequest([]byte(input))
	if err != nil {
		log.Fatal(err)
	}
	receipt, err := c.manager.Handle(context.Background(), request)
	c.report(receipt, err)
}

// advance lets the workflow take its due steps.
func (c cafe) advance(step string) {
	fmt.Println(step)
	if err := c.workflow.Advance(context.Background()); err != nil {
		log.Fatal(err)
	}
	c.show()
}

// report prints the result of an action: a receipt, or an error that says why not.
func (c cafe) report(receipt ordermanager.Receipt, err error) {
	var invalid *ordermanager.MenuError
	var illegal *ordermanager.TransitionError
	switch {
	case err == nil:
		fmt.Println("   accepted:", receipt.Action, "- answer to the workflow:", receipt.Resume)
	case errors.As(err, &invalid):
		fmt.Println("   refused: ", ordermanager.CodeOf(err))
		for _, violation := range invalid.Violations {
			fmt.Println("   because: ", violation)
		}
	case errors.As(err, &illegal):
		fmt.Println("   refused: ", ordermanager.CodeOf(err))
		for _, reason := range illegal.Reasons {
			fmt.Println("   because: ", reason.Message)
		}
		fmt.Println("   allowed: ", illegal.Allowed)
	default:
		log.Fatal(err)
	}
	c.show()
}

// show prints the state of the order and its workflow.
func (c cafe) show() {
	order, err := c.manager.Order(context.Background(), orderID)
	if err != nil {
		log.Fatal(err)
	}
	facts := []string{string(order.State)}
	if order.Drink != nil {
		facts = append(facts, order.Drink.Name)
	}
	if order.Number != "" {
		facts = append(facts, "number "+order.Number)
	}
	if order.Barista != "" {
		facts = append(facts, "barista "+order.Barista)
	}
	fmt.Println("   order:   ", strings.Join(facts, ", "))
	fmt.Println("   workflow:", c.workflow.Stage(orderID))
}
