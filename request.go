package ordermanager

import "strings"

// Request asks for one action on one order. Its JSON form is that of the Serverlesspresso sample, and is read by
// serverlesspresso.ParseRequest.
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
	// Drink is what is asked for, where the action accepts a drink. No other action looks at it, and an action that accepts none is
	// not refused for one: the Serverlesspresso sample's clients send their whole body with every action.
	Drink DrinkOrder
	// Reason is what the actor says about the action. It is kept in the history and published with the event; when the action cancels the
	// order, it is the order's reason. It is put on one line, and shortened to [MaxReasonBytes].
	Reason string
	// RequestID makes the request repeatable: an order applies it once, and answers a repetition with the same success.
	// Without one, a random one is made up, which only protects against repetitions below the Manager.
	RequestID string
}

// validate checks what can be checked without looking anything up. Its fields are named as in the JSON form.
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
	if err := CheckID("eventId", r.Venue); err != nil {
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
	return checkOptionalID("requestId", id, MaxRequestIDBytes)
}
