package main

import (
	"os/exec"
	"strings"
	"testing"
)

func Example() {
	main()
	// Output:
	// 1. Customer 1 scans the code: the workflow of the order starts, and waits for a drink.
	//    accepted: workflow_started - answer to the workflow: none
	//    order:    pending
	//    workflow: waiting for a drink
	// 2. Customer 1 puts a Cappuccino: the first wait is resumed.
	//    accepted: put - answer to the workflow: delivered
	//    order:    pending, Cappuccino
	//    workflow: taking a number
	// 3. The workflow takes an order number, and waits for completion.
	//    order:    pending, Cappuccino, number 1
	//    workflow: waiting for completion
	// 4. A milkshake is not on the menu: nothing changes.
	//    refused:  invalid_order
	//    because:  unknown drink "milkshake"
	//    order:    pending, Cappuccino, number 1
	//    workflow: waiting for completion
	// 5. Barista 3 cannot complete what nobody has claimed: nothing changes.
	//    refused:  illegal_transition
	//    because:  the state of the order does not allow this
	//    allowed:  [make cancel]
	//    order:    pending, Cappuccino, number 1
	//    workflow: waiting for completion
	// 6. Barista 3 claims the order.
	//    accepted: make - answer to the workflow: none
	//    order:    making, Cappuccino, number 1, barista 3
	//    workflow: waiting for completion
	// 7. Barista 3 has made it: the second wait is resumed, and the workflow ends.
	//    accepted: complete - answer to the workflow: delivered
	//    order:    completed, Cappuccino, number 1, barista 3
	//    workflow: finished
}

func TestArguments_areRefusedWithWhatTheProgramDoes(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "go", "run", ".", "please").CombinedOutput()
	if err == nil || !strings.HasPrefix(string(output), "quickstart plays ") {
		t.Errorf("%v: %s", err, output)
	}
}
