package integration_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/memory"
)

// There is a public rebuild of the shop on durable functions whose first wait is for a barista, not for a drink: the
// drink comes with the order. Its answers have words of their own. Both are data here: a table, and an output.

// acceptance is its life cycle: a make answers the first wait, a put none.
var acceptance = ordermanager.StandardLifecycle().Without(ordermanager.ActionUnmake).With(
	ordermanager.Rule{
		Action: ordermanager.ActionPut, From: []ordermanager.State{ordermanager.StatePending}, To: ordermanager.StatePending,
		Drink: ordermanager.DrinkAccepts,
	},
	ordermanager.Rule{
		Action: ordermanager.ActionMake, From: []ordermanager.State{ordermanager.StatePending}, To: ordermanager.StateMaking,
		Claim: ordermanager.ClaimTakes, Drink: ordermanager.DrinkNeeds,
		Answers: ordermanager.FirstWait, Event: ordermanager.EventMakeOrder,
	},
)

// callbackAnswer is what its function is resumed with.
type callbackAnswer struct {
	Action      string `json:"action"`
	BaristaID   string `json:"baristaId,omitempty"`
	Reason      string `json:"reason,omitempty"`
	CancelledBy string `json:"cancelledBy,omitempty"`
}

func callbackOutcome(d ordermanager.Decided) (ordermanager.Outcome, error) {
	answer := callbackAnswer{Action: "COMPLETE", BaristaID: d.Order.Barista}
	switch {
	case d.Decision == ordermanager.Cancelled:
		by := map[ordermanager.Role]string{
			ordermanager.RoleCustomer: "attendee", ordermanager.RoleBarista: "barista",
		}[d.By.Actor.Role]
		if by == "" {
			by = "system"
		}
		answer = callbackAnswer{Action: "CANCEL", Reason: d.Order.Reason, CancelledBy: by}
	case d.Wait == ordermanager.FirstWait:
		answer.Action = "ACCEPT"
	}
	output, err := json.Marshal(answer)
	return ordermanager.Outcome{Output: output}, err
}

func TestDurableRebuild(t *testing.T) {
	const none, delivered = ordermanager.ResumeNone, ordermanager.ResumeDelivered
	accepted := map[string]any{"action": "ACCEPT", "baristaId": "ben"}
	for name, test := range map[string]struct {
		acceptanceSeconds, completionSeconds int
		story                                func(o *durableOrder)
		state                                ordermanager.State
		want                                 map[string]any
	}{
		"accepted and completed": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, none)
			o.does(ordermanager.ActionMake, ben, delivered)
			o.waits("completion", none)
			o.does(ordermanager.ActionComplete, ben, delivered)
		}, ordermanager.StateCompleted, map[string]any{
			"drink": accepted, "completion": map[string]any{"action": "COMPLETE", "baristaId": "ben"},
		}},
		"cancelled by the customer before it was accepted": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, none)
			o.does(ordermanager.ActionCancel, anna, delivered)
		}, ordermanager.StateCancelled, map[string]any{
			"drink": map[string]any{"action": "CANCEL", "reason": "no milk", "cancelledBy": "attendee"},
		}},
		"cancelled by a barista before it was accepted": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, none)
			o.does(ordermanager.ActionCancel, ben, delivered)
		}, ordermanager.StateCancelled, map[string]any{
			"drink": map[string]any{"action": "CANCEL", "reason": "no milk", "cancelledBy": "barista"},
		}},
		"cancelled by the customer after it was accepted": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, none)
			o.does(ordermanager.ActionMake, ben, delivered)
			o.waits("completion", none)
			o.does(ordermanager.ActionCancel, anna, delivered)
		}, ordermanager.StateCancelled, map[string]any{
			"drink": accepted, "completion": map[string]any{"action": "CANCEL", "reason": "no milk", "cancelledBy": "attendee"},
		}},
		"cancelled by the barista between the waits": {patient, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, none)
			o.does(ordermanager.ActionMake, ben, delivered)
			o.does(ordermanager.ActionCancel, ben, none)
			o.waits("completion", delivered)
		}, ordermanager.StateCancelled, map[string]any{
			"drink": accepted, "completion": map[string]any{"action": "CANCEL", "reason": "no milk", "cancelledBy": "barista"},
		}},
		"nobody accepts": {1, patient, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, none)
			o.timesOut("nobody accepted it")
		}, ordermanager.StateCancelled, map[string]any{"drink": map[string]any{"error": "timeout"}}},
		"nobody completes": {patient, 1, func(o *durableOrder) {
			o.waits("drink", none)
			o.does(ordermanager.ActionPut, anna, none)
			o.does(ordermanager.ActionMake, ben, delivered)
			o.waits("completion", none)
			o.timesOut("nobody completed it")
		}, ordermanager.StateCancelled, map[string]any{"drink": accepted, "completion": map[string]any{"error": "timeout"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newDurableOrder(t, &ordermanager.Options{Lifecycle: acceptance, Outcome: callbackOutcome}, "order",
				test.acceptanceSeconds, test.completionSeconds)
			test.story(o)
			o.ends(test.state, test.want)
		})
	}
}

// What the rebuild's own handler of callbacks refuses is refused here, and the wait stays as it is.
func TestDurableRebuild_refuses(t *testing.T) {
	o := newDurableOrder(
		t, &ordermanager.Options{Lifecycle: acceptance, Outcome: callbackOutcome}, "order", patient, patient,
	)
	refused := func(action ordermanager.Action, id string, actor ordermanager.Actor, want error) {
		t.Helper()
		_, err := o.manager.Handle(t.Context(), ordermanager.Request{Action: action, OrderID: id, Actor: actor})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", action, err, want)
		}
	}
	refused(ordermanager.ActionMake, o.id, ben, ordermanager.ErrOrderNotFound)
	o.waits("drink", ordermanager.ResumeNone)
	refused("BARISTA_DANCE", o.id, ben, ordermanager.ErrUnknownAction)
	refused(ordermanager.ActionMake, "nobody's", ben, ordermanager.ErrOrderNotFound)
	refused(ordermanager.ActionMake, o.id, ben, ordermanager.ErrNotReady)
	o.does(ordermanager.ActionPut, anna, ordermanager.ResumeNone)
	refused(ordermanager.ActionComplete, o.id, ben, ordermanager.ErrIllegalTransition)
	refused(ordermanager.ActionCancel, o.id, ordermanager.Customer("eve"), ordermanager.ErrNotOwner)
	o.does(ordermanager.ActionMake, ben, ordermanager.ResumeDelivered)
	refused(ordermanager.ActionMake, o.id, ordermanager.Barista("carl"), ordermanager.ErrClaimed)
	o.waits("completion", ordermanager.ResumeNone)
	o.does(ordermanager.ActionComplete, ben, ordermanager.ResumeDelivered)
	refused(ordermanager.ActionCancel, o.id, anna, ordermanager.ErrIllegalTransition)
	o.ends(ordermanager.StateCompleted, map[string]any{
		"drink":      map[string]any{"action": "ACCEPT", "baristaId": "ben"},
		"completion": map[string]any{"action": "COMPLETE", "baristaId": "ben"},
	})
}

// newDurableOrder starts a function for a new order.
func newDurableOrder(
	t *testing.T, options *ordermanager.Options, function string, firstSeconds, secondSeconds int,
) *durableOrder {
	t.Helper()
	d := durableRunner(t)
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Cappuccino"}}})
	options.DeliveryTimeout = patience
	manager, err := ordermanager.New(memory.NewStore(), menu, durableresumer.New(d.client), options)
	if err != nil {
		t.Fatal(err)
	}
	o := &durableOrder{T: t, durables: d, manager: manager, id: testenv.Unique("order")}
	o.execution, err = d.invoke(t.Context(), function, o.id, map[string]any{
		"drinkSeconds": firstSeconds, "completionSeconds": secondSeconds,
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}
