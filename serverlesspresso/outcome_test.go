package serverlesspresso_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// A cancel before the drink ends the first wait with a success; every other answer is as without the option.
func TestOutcome_failsNoWait(t *testing.T) {
	resumer := &memory.Resumer{}
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	manager, err := ordermanager.New(
		memory.NewStore(), menu, resumer, &ordermanager.Options{Outcome: serverlesspresso.Outcome},
	)
	if err != nil {
		t.Fatal(err)
	}
	must := func(_ ordermanager.Receipt, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	first, second := resumer.Issue(), resumer.Issue()
	must(manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{OrderID: "1", Customer: "ann", Token: first}))
	must(manager.Handle(t.Context(), ordermanager.Request{
		Action: ordermanager.ActionCancel, OrderID: "1", Actor: ordermanager.Customer("ann"), Reason: "too late",
	}))
	must(manager.WaitingCompletion(t.Context(), ordermanager.WaitingCompletion{OrderID: "1", Number: "7", Token: second}))
	var got []string
	for _, answered := range resumer.Answered() {
		got = append(got, string(answered.Outcome.Output), answered.Outcome.Error)
	}
	want := []string{
		`{"orderId":"1","action":"cancel","state":"cancelled","cancelled":true,"reason":"too late"}`, "",
		`{"orderId":"1","action":"cancel","state":"cancelled","cancelled":true,"orderNumber":"7","reason":"too late"}`, "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the waits were answered (-want +got):\n%s", diff)
	}
}
