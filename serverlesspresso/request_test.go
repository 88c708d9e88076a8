package serverlesspresso_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func TestParseRequest_readsTheInputOfTheOrderManagerWorkflow(t *testing.T) {
	latte := ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat"}}
	tests := []struct {
		name string
		give string
		want ordermanager.Request
	}{
		{
			"the source page's put",
			`{"action":"","body":{"userId":"1","drink":"Cappuccino","modifiers":[],"icon":"barista-icons_cappuccino-alternative"},"orderId":"1","baristaUserId":"3"}`,
			ordermanager.Request{
				OrderID: "1", Actor: ordermanager.Customer("1"), Drink: ordermanager.DrinkOrder{Drink: "Cappuccino"},
			},
		},
		{
			"put with everything",
			`{"action":"put","orderId":"1","eventId":"ABC","requestId":"r","body":{"userId":"1","drink":"Latte","modifiers":["Oat"],"quantity":1}}`,
			ordermanager.Request{
				Action: "put", OrderID: "1", Actor: ordermanager.Customer("1"), Venue: "ABC", RequestID: "r", Drink: latte,
			},
		},
		{
			"make", `{"action":"make","orderId":"1","baristaUserId":"3","body":{}}`,
			ordermanager.Request{Action: "make", OrderID: "1", Actor: ordermanager.Barista("3")},
		},
		{
			"cancel by a barista", `{"action":"cancel","orderId":"1","baristaUserId":"3","reason":"no milk"}`,
			ordermanager.Request{Action: "cancel", OrderID: "1", Actor: ordermanager.Barista("3"), Reason: "no milk"},
		},
		{
			"cancel by a customer",
			`{"action":"cancel","orderId":"1","baristaUserId":"3","body":{"userId":"1","reason":"late"}}`,
			ordermanager.Request{Action: "cancel", OrderID: "1", Actor: ordermanager.Customer("1"), Reason: "late"},
		},
		{
			"nulls are absent", `{"action":null,"orderId":"1","body":null,"baristaUserId":null}`,
			ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("")},
		},
		{
			"what is unknown is ignored",
			`{"orderId":"1","body":{"userId":"1","drink":"Latte","modifiers":["Oat"],"size":{"a":1,"a":2}},"version":"0"}`,
			ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("1"), Drink: latte},
		},
		{
			"escapes are what they stand for", `{"\u006frderId":"\u0031","body":{"userId":"\ud83d\ude00"}}`,
			ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("😀")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := serverlesspresso.ParseRequest([]byte(tt.give))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
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
		"{\"orderId\":\"\xff\"}":           "request",
		`{"orderId":"a\ud800"}`:            "request",
		`{"body":{"drink":"\udfff"}}`:      "request",
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

		// What two readers would understand differently.
		`{"action":"put","Action":"cancel","orderId":"1","body":{"userId":"u","drink":"Latte"}}`:                        "Action",
		`{"Action":"cancel","orderId":"1","body":{"userId":"u","drink":"Latte"}}`:                                       "Action",
		`{"action":"","orderId":"1","body":{"userId":"me","UserId":"victim","drink":"Latte"}}`:                          "body.UserId",
		`{"action":"","orderId":"1","body":{"userId":"me","uſerId":"victim","drink":"Latte"}}`:                          "body.uſerId",
		`{"action":"","orderId":"1","body":{"userId":"me","drink":"Latte"},"Body":{"userId":"victim","drink":"Latte"}}`: "Body",
		`{"action":"complete","orderId":"1","baristaUserId":"me","BARISTAUSERID":"victim"}`:                             "BARISTAUSERID",
		`{"action":"put","action":"cancel","orderId":"1"}`:                                                              "action",
		`{"orderId":"1","body":{"userId":"me","drink":"Latte","user\u0049d":"victim"}}`:                                 "body.userId",
		`{"orderId":"1","body":{"userId":"me","drink":"Latte"},"body":{}}`:                                              "body",
		`{"orderId":"1","body":{"userId":"me","drink":"Latte","drink":"Tea"}}`:                                          "body.drink",
		`{"orderId":"1","body":{"userId":"me","drink":"Latte","Quantity":2}}`:                                           "body.Quantity",
		`{"orderId":"1","body":{"userId":"me","drink":"Latte","Modifiers":["Oat"]}}`:                                    "body.Modifiers",
	} {
		_, err := serverlesspresso.ParseRequest([]byte(give))
		if bad, ok := errors.AsType[*ordermanager.RequestError](err); !ok || bad.Field != field ||
			!errors.Is(err, ordermanager.ErrInvalidRequest) {
			t.Errorf("%.60s: got %v, want the field %s", give, err, field)
		}
	}
}

// A refusal says what was refused, as far as it could be read.
func TestParseRequest_returnsWhatItCouldRead(t *testing.T) {
	got, err := serverlesspresso.ParseRequest([]byte(`{"action":"make","orderId":1,"baristaUserId":"3"}`))
	if err == nil || got.Action != ordermanager.ActionMake || got.Actor != ordermanager.Barista("3") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestParseBody_keepsWhatCannotBeReadOfADrink(t *testing.T) {
	malformed := func(field, detail string) ordermanager.Violation {
		return ordermanager.Violation{Code: ordermanager.ViolationMalformed, Field: field, Detail: detail}
	}
	quantity := func(value string) ordermanager.Violation {
		return ordermanager.Violation{
			Code: ordermanager.ViolationQuantity, Value: value, Detail: "an order is one drink: place an order for each",
		}
	}
	for give, want := range map[string]ordermanager.DrinkOrder{
		`{}`:                               {},
		`null`:                             {},
		`{"drink":null,"modifiers":null}`:  {},
		`{"drink":"Latte","quantity":1}`:   {Drink: "Latte"},
		`{"drink":"Latte","quantity":1.0}`: {Drink: "Latte"},
		`{"drink":"Latte","quantity":1e0}`: {Drink: "Latte"},
		`{"drink":"Latte","quantity":1.5}`: {Drink: "Latte", Violations: []ordermanager.Violation{quantity(`1.5`)}},
		`{"drink":"Latte","quantity":2}`:   {Drink: "Latte", Violations: []ordermanager.Violation{quantity(`2`)}},
		`{"drink":"Latte","quantity":"2"}`: {Drink: "Latte", Violations: []ordermanager.Violation{quantity(`"2"`)}},
		`{"drink":"Latte","quantity":0}`:   {Drink: "Latte", Violations: []ordermanager.Violation{quantity(`0`)}},
		`{"drink":5}`:                      {Violations: []ordermanager.Violation{malformed("drink", "is not a string")}},
		`{"drink":"Latte","modifiers":"Oat"}`: {
			Drink: "Latte", Violations: []ordermanager.Violation{malformed("modifiers", "is not a list")},
		},
		`{"drink":"Latte","modifiers":[1,"Oat",null]}`: {
			Drink: "Latte", Modifiers: []string{"", "Oat", ""},
			Violations: []ordermanager.Violation{
				malformed("modifiers[0]", "is not a string"), malformed("modifiers[2]", "is not a string"),
			},
		},
	} {
		got, err := serverlesspresso.ParseBody([]byte(give))
		if diff := cmp.Diff(want, got.Drink, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got:\n%s", give, err, diff)
		}
	}
	many, err := serverlesspresso.ParseBody([]byte(`{"drink":"Latte","modifiers":[` + strings.Repeat("1,", 9999) + `1]}`))
	if err != nil || len(many.Drink.Violations) > ordermanager.MaxModifiers+1 ||
		len(many.Drink.Modifiers) <= ordermanager.MaxModifiers {
		t.Errorf("%d violations, %d modifiers, %v", len(many.Drink.Violations), len(many.Drink.Modifiers), err)
	}
}

// Whatever can be read is answered, and a refusal writes nothing (invariant 9).
func FuzzRequest(f *testing.F) {
	f.Add(
		[]byte(
			`{"action":"","body":{"userId":"c","drink":"Latte","modifiers":["Oat"],"icon":"x"},` +
				`"orderId":"1","baristaUserId":"3"}`,
		),
	)
	f.Add([]byte(`{"action":"make","orderId":"1","baristaUserId":"3"}`))
	f.Add([]byte(`{"action":"cancel","orderId":"1","body":{"userId":"d"}}`))
	f.Add(
		[]byte(`{"orderId":"1","body":{"userId":"c","drink":5,"modifiers":[1,null,"Oat","Oat","Regular"],"quantity":2}}`),
	)
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
		{Drink: "Latte", Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Regular", "Oat"}}}},
	}})
	f.Fuzz(func(t *testing.T, data []byte) {
		request, err := serverlesspresso.ParseRequest(data)
		if err != nil {
			if !errors.Is(err, ordermanager.ErrInvalidRequest) {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		store := memory.NewStore()
		manager, err := ordermanager.New(store, menu, new(memory.Resumer), nil)
		if err != nil {
			t.Fatal(err)
		}
		started := ordermanager.WorkflowStarted{OrderID: "1", Customer: "c", Token: ordermanager.NewTaskToken("t")}
		if _, err := manager.WorkflowStarted(t.Context(), started); err != nil {
			t.Fatal(err)
		}
		receipt, err := manager.Handle(t.Context(), request)
		after, _ := manager.Order(t.Context(), "1")
		switch {
		case err == nil && receipt.Order.Version != 2:
			t.Errorf("accepted without a transition: %+v", receipt)
		case err != nil && ordermanager.CodeOf(err) == ordermanager.CodeInternal:
			t.Errorf("an error without a code: %v", err)
		case err != nil && after.Version != 1:
			t.Errorf("a refusal wrote something: %v", err)
		}
		// Whoever acts is named in the input as it is.
		if id := request.Actor.ID; err == nil && !bytes.Contains(data, []byte(`\`)) &&
			!bytes.Contains(data, fmt.Appendf(nil, "%q", id)) {
			t.Errorf("%q acted, who is not in %s", id, data)
		}
	})
}
