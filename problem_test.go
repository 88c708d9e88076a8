package ordermanager_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

func TestProblemOf_isTheSameAtEveryDoor(t *testing.T) {
	pending := `{"orderId":"order-1","state":"pending","userId":"customer-1","eventId":"","orderNumber":"",` +
		`"baristaUserId":"","drink":"Latte","modifiers":["Oat"],"icon":"latte","reason":"","version":2}`
	illegal := `{"code":"illegal_transition","message":"the state of the order does not allow this"}`
	milkshake := put()
	milkshake.Drink = ordermanager.DrinkOrder{Drink: "milkshake"}
	tests := []struct {
		name string
		give ordermanager.Request
		want string
	}{
		{
			"a bad field", by("make", ordermanager.Barista("")),
			`{"code":"invalid_request","message":"invalid request: baristaUserId is required",` +
				`"field":"baristaUserId","order":null}`,
		},
		{"a refusal", by("unmake", ordermanager.Barista(holder)), `{"code":"illegal_transition",` +
			`"message":"cannot unmake order order-1, which is pending: the state of the order does not allow this",` +
			`"reasons":[` + illegal + `],"allowed":["make","cancel"],"order":` + pending + `}`},
		{"a drink", milkshake, `{"code":"invalid_order","message":"the order is not valid: unknown drink \"milkshake\"",` +
			`"violations":[{"code":"unknown_drink","value":"milkshake"}],"allowed":["cancel"],"order":` + pending + `}`},
		{"a stranger", by("cancel", ordermanager.Customer(stranger)),
			`{"code":"not_owner","message":"cannot cancel order order-1: the order belongs to another customer",` +
				`"reasons":[{"code":"not_owner","message":"the order belongs to another customer"}],"order":null}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.bring(ordermanager.StatePending)
			_, err := h.Handle(t.Context(), tt.give)
			got, marshalErr := json.Marshal(view.ProblemOf(err))
			if diff := cmp.Diff(tt.want, string(got)); diff != "" || marshalErr != nil {
				t.Errorf("%v, -want +got:\n%s", marshalErr, diff)
			}
		})
	}
}

func TestTransitionError_saysWhatAnActionDoes(t *testing.T) {
	for action, want := range map[ordermanager.Action]string{
		ordermanager.ActionPut:               "cannot put a drink on order 1",
		ordermanager.ActionMake:              "cannot make order 1",
		ordermanager.ActionTimedOut:          "cannot time out order 1",
		ordermanager.ActionWorkflowStarted:   "cannot register the first wait of order 1",
		ordermanager.ActionWaitingCompletion: "cannot register the second wait of order 1",
	} {
		if got := (&ordermanager.TransitionError{Action: action, OrderID: "1"}).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
