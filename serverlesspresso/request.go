package serverlesspresso

import (
	"slices"
	"strconv"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
)

// The names of the fields, and of those that are known and not used.
var (
	requestNames = []string{"action", "orderId", "baristaUserId", "eventId", "reason", "requestId", "body"}
	bodyNames    = []string{"userId", "reason", "drink", "modifiers", "icon", "quantity"}
)

// ParseRequest reads the input of the OrderManager workflow, at most [ordermanager.MaxRequestBytes], with two
// optional fields more (requestId and reason):
//
//	{"action":"","orderId":"1","baristaUserId":"3","eventId":"ABC",
//	 "body":{"userId":"1","drink":"Cappuccino","modifiers":[]}}
//
// The JSON says who acts only by where an identifier stands: a put is the customer's in body.userId, a cancel is that
// customer's too if there is one, and everything else is the barista's in baristaUserId; an action that the standard life
// cycle does not have is the customer's if there is no baristaUserId. A door that knows the caller sets Actor itself.
//
// Errors are [*ordermanager.RequestError]s; what could be read all the same is returned beside them, to say what was
// refused. What is wrong with the drink is no error here: the menu reports it with everything else. See [Body].
func ParseRequest(data []byte) (ordermanager.Request, error) {
	var request ordermanager.Request
	fields, err := parseObject("request", data)
	if err != nil {
		return request, err
	}
	r := reader{fields, fields.Misspelt(requestNames...)}
	request.Action = ordermanager.Action(r.text("action"))
	request.OrderID = r.text("orderId")
	barista := r.text("baristaUserId")
	request.Venue = r.text("eventId")
	request.Reason = r.text("reason")
	request.RequestID = r.text("requestId")
	body, err := readBody(fields.Get("body"))
	r.fail(err)
	request.Drink = body.Drink
	if request.Reason == "" {
		request.Reason = body.Reason
	}
	own := !slices.Contains(ordermanager.Actions(), request.Action) && barista == ""
	switch {
	case request.Action == "", request.Action == ordermanager.ActionPut,
		(request.Action == ordermanager.ActionCancel || own) && body.UserID != "":
		request.Actor = ordermanager.Customer(body.UserID)
	default:
		request.Actor = ordermanager.Barista(barista)
	}
	return request, refusal(r.err)
}

// Body is the body of a request, which is all that the sample's apps send: their API takes the rest from the address
// and the caller's token.
type Body struct {
	// UserID is the customer that the app names. It proves nothing.
	UserID string
	// Reason explains a cancel.
	Reason string
	// Drink is what a put asks for. Its Violations are what could not be read of it, and a quantity other than one: an
	// order is one drink. Of an icon nothing is kept: it comes from the menu.
	Drink ordermanager.DrinkOrder
}

// ParseBody reads a body:
//
//	{"userId":"1","drink":"Cappuccino","modifiers":["Oat"],"icon":"cappuccino"}
//
// Errors are as of [ParseRequest], with fields like "body.userId".
func ParseBody(data []byte) (Body, error) {
	v, err := strictjson.Parse("body", data)
	if err != nil {
		return Body{}, refusal(err)
	}
	body, err := readBody(v)
	return body, refusal(err)
}

func readBody(v strictjson.Value) (Body, error) {
	var body Body
	if v.Absent() {
		return body, nil
	}
	fields, err := v.Object()
	if err != nil {
		return body, err
	}
	r := reader{fields, fields.Misspelt(bodyNames...)}
	body.UserID = r.text("userId")
	body.Reason = r.text("reason")
	body.Drink = readDrink(fields)
	return body, r.err
}

func readDrink(fields *strictjson.Object) ordermanager.DrinkOrder {
	var order ordermanager.DrinkOrder
	malformed := func(field, rule string) {
		v := ordermanager.Violation{Code: ordermanager.ViolationMalformed, Field: field, Detail: rule}
		order.Violations = append(order.Violations, v)
	}
	var ok bool
	if drink := fields.Get("drink"); !drink.Absent() {
		if order.Drink, ok = drink.Text(); !ok {
			malformed("drink", "is not a text")
		}
	}
	if modifiers := fields.Get("modifiers"); !modifiers.Absent() {
		elements, isList := modifiers.List()
		if !isList {
			malformed("modifiers", "is not a list")
		}
		// One more than allowed is enough to say that there are too many.
		for i, element := range elements[:min(len(elements), ordermanager.MaxModifiers+1)] {
			modifier, ok := element.Text()
			if !ok {
				malformed("modifiers["+strconv.Itoa(i)+"]", "is not a text")
			}
			// A malformed one keeps its place, so that the others keep theirs.
			order.Modifiers = append(order.Modifiers, modifier)
		}
	}
	if quantity := fields.Get("quantity"); !quantity.Absent() && quantity.Raw() != "1" {
		raw := quantity.Raw()
		order.Violations = append(order.Violations, ordermanager.Violation{
			Code:   ordermanager.ViolationQuantity,
			Value:  raw[:min(len(raw), 20)],
			Detail: "an order is one drink: place an order for each",
		})
	}
	return order
}
