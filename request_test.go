package ordermanager_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/brewline/ordermanager"
)

var ignoreMalformed = cmpopts.IgnoreUnexported(ordermanager.DrinkOrder{})

func TestParseRequest_readsTheInputOfTheOrderManagerWorkflow(t *testing.T) {
	tests := []struct {
		name string
		give string
		want ordermanager.Request
	}{
		{
			"the source page's put",
			`{"action":"","body":{"userId":"1","drink":"Cappuccino","modifiers":[],"icon":"barista-icons_cappuccino-alternative"},"orderId":"1","baristaUserId":"3"}`,
			ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("1"), Drink: ordermanager.DrinkOrder{Drink: "Cappuccino"}},
		},
		{
			"put with everything",
			`{"action":"put","orderId":"1","eventId":"ABC","requestId":"r","body":{"userId":"1","drink":"Latte","modifiers":["Oat"]}}`,
			ordermanager.Request{Action: "put", OrderID: "1", Actor: ordermanager.Customer("1"), Venue: "ABC", RequestID: "r", Drink: ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat"}}},
		},
		{"make", `{"action":"make","orderId":"1","baristaUserId":"3","body":{}}`, ordermanager.Request{Action: "make", OrderID: "1", Actor: ordermanager.Barista("3")}},
		{"cancel by a barista", `{"action":"cancel","orderId":"1","baristaUserId":"3","reason":"no milk"}`, ordermanager.Request{Action: "cancel", OrderID: "1", Actor: ordermanager.Barista("3"), Reason: "no milk"}},
		{"cancel by a customer", `{"action":"cancel","orderId":"1","baristaUserId":"3","body":{"userId":"1","reason":"late"}}`, ordermanager.Request{Action: "cancel", OrderID: "1", Actor: ordermanager.Customer("1"), Reason: "late"}},
		{"nulls are absent", `{"action":null,"orderId":"1","body":null,"baristaUserId":null}`, ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ordermanager.ParseRequest([]byte(tt.give))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, ignoreMalformed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Invariant 9: bad input names the field and the rule.
func TestParseRequest_namesTheFieldThatIsWrong(t *testing.T) {
	for give, field := range map[string]string{
		``:                                 "request",
		`{`:                                "request",
		`[]`:                               "request",
		`null`:                             "request",
		`"put"`:                            "request",
		`{"action":1}`:                     "action",
		`{"orderId":{}}`:                   "orderId",
		`{"baristaUserId":3}`:              "baristaUserId",
		`{"eventId":[]}`:                   "eventId",
		`{"requestId":1}`:                  "requestId",
		`{"reason":true}`:                  "reason",
		`{"body":"Latte"}`:                 "body",
		`{"body":{"userId":1}}`:            "body.userId",
		`{"body":{"reason":1}}`:            "body.reason",
		strings.Repeat(" ", 64<<10) + "{}": "request",
	} {
		_, err := ordermanager.ParseRequest([]byte(give))
		if bad, ok := errors.AsType[*ordermanager.RequestError](err); !ok || bad.Field != field || !errors.Is(err, ordermanager.ErrInvalidRequest) {
			t.Errorf("%.40s: got %v, want the field %s", give, err, field)
		}
	}
}

// Whatever can be read is answered, and a refusal writes nothing (invariant 9).
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"action":"","body":{"userId":"customer-1","drink":"Latte","modifiers":["Oat"],"icon":"x"},"orderId":"order-1","baristaUserId":"3"}`))
	f.Add([]byte(`{"action":"make","orderId":"order-1","baristaUserId":"3"}`))
	f.Add([]byte(`{"action":"cancel","orderId":"order-1","body":{"userId":"customer-2"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		request, err := ordermanager.ParseRequest(data)
		if err != nil {
			if !errors.Is(err, ordermanager.ErrInvalidRequest) {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		h := newHouse(t)
		h.start()
		before := h.stored()
		receipt, err := h.Handle(t.Context(), request)
		switch {
		case err == nil && receipt.Order.Version != before.Version+1:
			t.Errorf("accepted without a transition: %+v", receipt)
		case err != nil && ordermanager.CodeOf(err) == ordermanager.CodeInternal:
			t.Errorf("an error without a code: %v", err)
		case err != nil && !cmp.Equal(before, h.stored()):
			t.Errorf("a refusal wrote something: %v", err)
		}
	})
}
