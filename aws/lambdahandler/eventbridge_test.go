package lambdahandler_test

import (
	"strings"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/view"
)

func TestEventBridge_takesTheThreeNotifications(t *testing.T) {
	h := newHouse(t)
	handler := lambdahandler.EventBridge(h.manager)
	first, second := h.resumer.Issue(), h.resumer.Issue()
	for _, step := range []struct {
		payload string
		want    view.Receipt
	}{
		{
			started("1", first),
			view.Receipt{Action: ordermanager.ActionWorkflowStarted, Resume: ordermanager.ResumeNone},
		},
		{
			started("1", first),
			view.Receipt{
				Action: ordermanager.ActionWorkflowStarted, Resume: ordermanager.ResumeNone, Unchanged: true,
			},
		},
		{
			event(
				"OrderProcessor.WaitingCompletion",
				`{"orderId":"1","userId":"anna","orderNumber":7,"TaskToken":"`+second.Reveal()+`"}`,
			),
			view.Receipt{Action: ordermanager.ActionWaitingCompletion, Resume: ordermanager.ResumeNone},
		},
		{
			event("OrderProcessor.OrderTimeOut", `{"orderId":"1","cause":"Barista timedout"}`),
			view.Receipt{Action: ordermanager.ActionTimedOut, Resume: ordermanager.ResumeDelivered},
		},
		{
			event("OrderProcessor.OrderTimeOut", `{"orderId":"1","cause":"Barista timedout"}`),
			view.Receipt{Action: ordermanager.ActionTimedOut, Resume: ordermanager.ResumeNone, Replayed: true},
		},
	} {
		got, err := invoke[view.Receipt](t, handler, step.payload)
		if err != nil {
			t.Fatal(err)
		}
		step.want.Order, step.want.Events = got.Order, ordermanager.EventsNone
		diff(t, "the answer", step.want, got)
	}
	order := h.order("1")
	if order.State != ordermanager.StateCancelled || order.Reason != "Barista timedout" || order.Number != "7" {
		t.Errorf("the order is %+v", order)
	}
	if last := order.History[len(order.History)-1]; last.RequestID != "17793124-05d4-b198-2fde-7ededc63b103" {
		t.Errorf("the time-out's request id is %q, want the event's id", last.RequestID)
	}
}

func TestEventBridge_failsForWhatItCannotTake(t *testing.T) {
	for name, test := range map[string]struct {
		payload string
		code    ordermanager.Code
	}{
		"an event that overtook the start": {
			event("OrderProcessor.WaitingCompletion", `{"orderId":"1","TaskToken":"secret-token"}`), "order_not_found",
		},
		"a time-out of no order":         {event("OrderProcessor.OrderTimeOut", `{"orderId":"1"}`), "order_not_found"},
		"an event of our own":            {event("OrderManager.MakeOrder", `{"orderId":"1"}`), "invalid_request"},
		"an event that starts workflows": {event("Validator.NewOrder", `{"orderId":"1","userId":"anna"}`), "invalid_request"},
		"a schedule":                     {event("Scheduled Event", `{}`), "invalid_request"},
		"a start without a token": {
			event("OrderProcessor.WorkflowStarted", `{"orderId":"1","userId":"anna"}`), "invalid_request",
		},
		"a token of the wrong type": {
			event("OrderProcessor.WorkflowStarted", `{"orderId":"1","userId":"anna","TaskToken":["secret-token"]}`),
			"invalid_request",
		},
		"a detail that is not an object": {event("OrderProcessor.OrderTimeOut", `"1"`), "invalid_request"},
		"an input of the OrderManager":   {put("1"), "invalid_request"},
		"an empty object":                {`{}`, "invalid_request"},
		"null":                           {`null`, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			_, err := invoke[view.Receipt](t, lambdahandler.EventBridge(h.manager), test.payload)
			fails(t, err, test.code)
			if strings.Contains(err.Error(), "secret-token") {
				t.Errorf("a token leaks: %v", err)
			}
		})
	}
}

func TestEventBridge_failsWhenTheStoreDoes(t *testing.T) {
	h := newHouse(t)
	h.storeDown.Store(true)
	_, err := invoke[view.Receipt](t, lambdahandler.EventBridge(h.manager), started("1", h.resumer.Issue()))
	fails(t, err, "store_failed")
}
