package ordermanager

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Request asks for one action on one order. Its JSON form is the input of the Serverlesspresso sample's OrderManager workflow,
// with two optional fields more (requestId and reason):
//
//	{"action":"","orderId":"1","baristaUserId":"3","eventId":"ABC",
//	 "body":{"userId":"1","drink":"Cappuccino","modifiers":[]}}
//
// The JSON says who acts only by where an identifier stands: a put is the customer's in body.userId, a cancel is that customer's too if
// there is one, and everything else is the barista's in baristaUserId. A door that knows the caller sets Actor itself.
type Request struct {
	// Action is one of [Actions]; empty means [ActionPut].
	Action Action
	// OrderID is required.
	OrderID string
	// Actor is required.
	Actor Actor
	// Venue is the order's venue; a put needs it where there is more than one, because each has its own menu.
	Venue string
	// Venues are the venues to which the caller is bound, as a door knows from their claims. Empty: any.
	Venues []string
	// Drink is what a put asks for.
	Drink DrinkOrder
	// Reason explains a cancel, at most [MaxReasonBytes].
	Reason string
	// RequestID makes the request repeatable: an order applies it once, and answers a repetition with the same success. Without one,
	// a random one is made up, which only protects against repetitions below the Manager.
	RequestID string
}

// ParseRequest reads a request from JSON of at most [MaxRequestBytes]. Errors are [*RequestError]s; what could be read all the same is
// returned beside them, to say what was refused.
func ParseRequest(data []byte) (Request, error) {
	var request Request
	if len(data) > MaxRequestBytes {
		return request, invalid("request", fmt.Sprintf("is longer than %d bytes", MaxRequestBytes))
	}
	if err := json.Unmarshal(data, &request); err != nil {
		if errors.Is(err, ErrInvalidRequest) {
			return request, err
		}
		return request, invalid("request", "is not valid JSON: "+err.Error())
	}
	return request, nil
}

// UnmarshalJSON reads the JSON form. A field of the wrong type is a [*RequestError], but for the drink: see [DrinkOrder].
func (r *Request) UnmarshalJSON(data []byte) error {
	*r = Request{}
	var fields struct {
		Action    json.RawMessage `json:"action"`
		OrderID   json.RawMessage `json:"orderId"`
		Barista   json.RawMessage `json:"baristaUserId"`
		Venue     json.RawMessage `json:"eventId"`
		Reason    json.RawMessage `json:"reason"`
		RequestID json.RawMessage `json:"requestId"`
		Body      json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(data, &fields); err != nil || string(data) == "null" {
		return invalid("request", "is not a JSON object")
	}
	var body struct {
		UserID json.RawMessage `json:"userId"`
		Reason json.RawMessage `json:"reason"`
	}
	var wrong error
	if isSet(fields.Body) {
		if json.Unmarshal(fields.Body, &body) != nil {
			wrong = invalid("body", "is not an object")
		} else if err := json.Unmarshal(fields.Body, &r.Drink); err != nil {
			wrong = invalid("body", err.Error())
		}
	}
	var customer, barista, bodyReason string
	for _, field := range []struct {
		name string
		raw  json.RawMessage
		into *string
	}{
		{"action", fields.Action, (*string)(&r.Action)},
		{"orderId", fields.OrderID, &r.OrderID},
		{"baristaUserId", fields.Barista, &barista},
		{"eventId", fields.Venue, &r.Venue},
		{"reason", fields.Reason, &r.Reason},
		{"requestId", fields.RequestID, &r.RequestID},
		{"body.userId", body.UserID, &customer},
		{"body.reason", body.Reason, &bodyReason},
	} {
		if isSet(field.raw) && json.Unmarshal(field.raw, field.into) != nil && wrong == nil {
			wrong = invalid(field.name, "is not a text")
		}
	}
	if r.Reason == "" {
		r.Reason = bodyReason
	}
	switch {
	case r.Action == "" || r.Action == ActionPut, r.Action == ActionCancel && customer != "":
		r.Actor = Customer(customer)
	default:
		r.Actor = Barista(barista)
	}
	return wrong
}

// validate checks what can be checked without looking anything up. Its fields are named as in the JSON.
func (r *Request) validate() error {
	who := "actor"
	switch r.Actor.Role {
	case RoleCustomer:
		who = "body.userId"
	case RoleBarista:
		who = "baristaUserId"
	case RoleAdmin, RoleSystem:
	default:
		return invalid("actor", "has no role")
	}
	if err := checkID("orderId", r.OrderID); err != nil {
		return err
	}
	if err := checkID(who, r.Actor.ID); err != nil {
		return err
	}
	if err := checkText("eventId", r.Venue, MaxIDBytes); err != nil {
		return err
	}
	if err := checkText("reason", r.Reason, MaxReasonBytes); err != nil {
		return err
	}
	return checkRequestID(r.RequestID)
}

func checkRequestID(id string) error {
	for _, prefix := range [...]string{fingerprintPrefix, scopePrefix} {
		if strings.HasPrefix(id, prefix) {
			return invalid("requestId", "must not begin with "+prefix)
		}
	}
	return checkText("requestId", id, MaxRequestIDBytes)
}
