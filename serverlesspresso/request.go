package serverlesspresso

import (
	"slices"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
)

// The names of the fields, including those that are known but not used.
var (
	requestNames = []string{"action", "orderId", "baristaUserId", "eventId", "reason", "requestId", "body"}
	bodyNames    = []string{"userId", "reason", "drink", "modifiers", "icon", "quantity"}
)

// ParseRequest reads the input of the OrderManager workflow, at most [ordermanager.MaxRequestBytes], with two more
// optional fields (requestId and reason):
//
//	{"action":"","orderId":"1","baristaUserId":"3","eventId":"ABC",
//	 "body":{"userId":"1","drink":"Cappuccino","modifiers":[]}}
//
// The JSON shows who acts only by where an identifier stands. The actor of a put is the customer in body.userId; of a
// cancel that customer too, if there is one; of everything else the barista in baristaUserId, or the customer for an
// action unknown to the standard life cycle and without a baristaUserId. A door that knows the caller sets Actor
// itself.
//
// Errors are [*ordermanager.RequestError]s; what could be read is returned beside them, to show what was refused.
// Faults of the drink are no error here: the menu reports them with its own. See [Body].
func ParseRequest(data []byte) (ordermanager.Request, error) {
	var request ordermanager.Request
	fields, err := parseObject("request", data, ordermanager.MaxRequestBytes)
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

// Body is the body of a request. It is all that the sample's apps send: their API takes the rest from the URL and the
// caller's token.
type Body struct {
	// UserID is the customer that the app names. It proves nothing.
	UserID string
	// Reason explains a cancel.
	Reason string
	// Drink is what a put orders. Its Violations are what could not be read, and a quantity other than one: an order is
	// one drink. An icon is ignored: it comes from the menu.
	Drink ordermanager.DrinkOrder
}

// ParseBody reads a body:
//
//	{"userId":"1","drink":"Cappuccino","modifiers":["Oat"],"icon":"cappuccino"}
//
// Errors are those of [ParseRequest], with fields like "body.userId".
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
			malformed("drink", "is not a string")
		}
	}
	if modifiers := fields.Get("modifiers"); !modifiers.Absent() {
		elements, isList := modifiers.List()
		if !isList {
			malformed("modifiers", "is not a list")
		}
		// One more than allowed is enough to report that there are too many.
		for i, element := range elements[:min(len(elements), ordermanager.MaxModifiers+1)] {
			modifier, ok := element.Text()
			if !ok {
				malformed("modifiers["+strconv.Itoa(i)+"]", "is not a string")
			}
			// A malformed modifier keeps its place, so that the paths of the others stay right.
			order.Modifiers = append(order.Modifiers, modifier)
		}
	}
	if quantity := fields.Get("quantity"); !quantity.Absent() && !isOne(quantity) {
		raw := quantity.Raw()
		order.Violations = append(order.Violations, ordermanager.Violation{
			Code:   ordermanager.ViolationQuantity,
			Value:  strings.ToValidUTF8(raw[:min(len(raw), 20)], ""),
			Detail: "an order is one drink: place an order for each",
		})
	}
	return order
}

// isOne reports whether a number is one, however it is written: some languages write 1.0.
func isOne(v strictjson.Value) bool {
	number, ok := v.Number()
	one, err := number.Float64()
	return ok && err == nil && one == 1
}
