package lambdahandler_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/view"
)

func TestDirect_takesTheInputOfTheOrderManager(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	got, err := invoke[view.Receipt](t, lambdahandler.Direct(h.manager), put("1"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the answer", view.Receipt{
		Action: ordermanager.ActionPut,
		Order: view.Order{
			OrderID: "1", State: ordermanager.StatePending, UserID: "anna", Drink: "Cappuccino", Modifiers: []string{},
			Icon: "cappuccino", Version: 2,
		},
		Resume: ordermanager.ResumeDelivered, Events: ordermanager.EventsNone,
	}, got)
}

// Invariant 9: a refusal has a name that a state machine can catch, and writes nothing.
func TestDirect_refusesWithAnErrorNamedAfterTheCode(t *testing.T) {
	for name, test := range map[string]struct {
		payload string
		code    ordermanager.Code
		field   string
	}{
		"a drink that is not on the menu": {strings.Replace(put("1"), "Cappuccino", "milkshake", 1), "invalid_order", ""},
		"a claim before there is a drink": {claim("1", "ben"), "not_ready", ""},
		"an order that is not there":      {put("2"), "order_not_found", ""},
		"an unknown action":               {`{"action":"burn","orderId":"1"}`, "unknown_action", ""},
		"a put without a customer": {
			`{"orderId":"1","body":{"drink":"Cappuccino"}}`, "invalid_request", "body.userId",
		},
		"a wrong type": {`{"action":"make","orderId":1}`, "invalid_request", "orderId"},
		"a name twice": {
			strings.Replace(put("1"), `"userId"`, `"userId":"eve","userId"`, 1), "invalid_request", "body.userId",
		},
		"a name in other letters": {
			strings.Replace(put("1"), `"userId"`, `"UserId":"eve","userId"`, 1), "invalid_request", "body.UserId",
		},
		"half a character":    {strings.Replace(put("1"), "anna", `anna\ud800`, 1), "invalid_request", "request"},
		"another's order":     {strings.Replace(put("1"), "anna", "eve", 1), "not_owner", ""},
		"an empty object":     {`{}`, "invalid_request", "orderId"},
		"a list":              {`[]`, "invalid_request", "request"},
		"null":                {`null`, "invalid_request", "request"},
		"an event":            {started("1", ordermanager.NewTaskToken("secret-token")), "invalid_request", "orderId"},
		"something very long": {`"` + strings.Repeat("x", ordermanager.MaxRequestBytes) + `"`, "invalid_request", "request"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.start("1")
			_, err := invoke[view.Receipt](t, lambdahandler.Direct(h.manager), test.payload)
			if problem := fails(t, err, test.code); problem.Field != test.field {
				t.Errorf("the field is %q, want %q", problem.Field, test.field)
			}
			if strings.Contains(err.Error(), "secret-token") {
				t.Errorf("a token leaks: %v", err)
			}
			if order := h.order("1"); order.Version != 1 || len(h.resumer.Answered()) > 0 {
				t.Errorf("something was written or answered: %+v", order)
			}
		})
	}
}

func TestDirect_refusesWhatIsNotJSON(t *testing.T) {
	h := newHouse(t)
	if _, err := invoke[view.Receipt](t, lambdahandler.Direct(h.manager), `{"action":`); err == nil {
		t.Error("it was taken")
	}
}

func TestDirect_tellsTheLoserOfARaceHowTheOrderIs(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	for _, payload := range []string{put("1"), claim("1", "ben")} {
		if _, err := invoke[view.Receipt](t, lambdahandler.Direct(h.manager), payload); err != nil {
			t.Fatal(err)
		}
	}
	_, err := invoke[view.Receipt](t, lambdahandler.Direct(h.manager), claim("1", "eve"))
	problem := fails(t, err, "claimed")
	if problem.Order == nil || problem.Order.BaristaUserID != "ben" {
		t.Errorf("the problem has the order %+v, want ben's", problem.Order)
	}
}

// A failure of the store is an error, so that the invoker tries again; the repetition does nothing twice (invariant 6).
func TestDirect_appliesARepeatedInvocationOnce(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	invocation := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "invocation-1"})
	h.answersLost.Store(true)
	_, err := invokeIn[view.Receipt](invocation, t, lambdahandler.Direct(h.manager), put("1"))
	fails(t, err, "store_failed")
	h.answersLost.Store(false)
	got, err := invokeIn[view.Receipt](invocation, t, lambdahandler.Direct(h.manager), put("1"))
	if err != nil || !got.Replayed || got.Resume != ordermanager.ResumeDelivered {
		t.Errorf("the repetition: %+v, %v; want it replayed and delivered", got, err)
	}
	if order := h.order("1"); order.Version != 2 || order.History[1].RequestID != "invocation-1" {
		t.Errorf("the history is %+v", order.History)
	}
}

func TestDirect_keepsTheRequestsOwnID(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	invocation := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "invocation-1"})
	payload := strings.Replace(put("1"), `{"action":""`, `{"requestId":"tap-1","action":""`, 1)
	if _, err := invokeIn[view.Receipt](invocation, t, lambdahandler.Direct(h.manager), payload); err != nil {
		t.Fatal(err)
	}
	if id := h.order("1").History[1].RequestID; id != "tap-1" {
		t.Errorf("the request id is %q, want the request's own", id)
	}
}

// After the write nothing that goes wrong looks like a failed action.
func TestDirect_saysWhatIsStillOwed(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	h.workflowDown.Store(true)
	got, err := invoke[view.Receipt](t, lambdahandler.Direct(h.manager), put("1"))
	if err != nil || got.Resume != ordermanager.ResumePending || got.Pending != errDown.Error() {
		t.Errorf("the answer is %+v, %v; want a pending resume and why", got, err)
	}
}
