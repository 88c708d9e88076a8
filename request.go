package ordermanager

import (
	"strings"
	"time"
)

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
	// Drink is what is asked for, where the action accepts a drink. No other action looks at it, and an action that
	// accepts none is not refused for one: the Serverlesspresso sample's clients send their whole body with every action.
	Drink DrinkOrder
	// Reason is what the actor says about the action. It is kept in the history and published with the event; when the
	// action cancels the order, it is the order's reason. It is put on one line, and shortened to [MaxReasonBytes].
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

// WorkflowStarted says that a workflow began and waits for a drink.
type WorkflowStarted struct {
	// OrderID and Customer are required; the venue where there is more than one. An execution that begins with the
	// identifier of an order of the same customer is taken for that order's, redriven, and gets its answers: give each
	// order an identifier of its own.
	OrderID, Customer, Venue string
	// Robot marks an order that a program placed.
	Robot bool
	// Token resumes the first wait. Required.
	Token TaskToken
	// At is the time of the notification itself, not of its delivery; zero means now. Of two tokens for one wait the later
	// is kept, and of two of the same time the one that arrives last: pass on the time of the event, as finely as it is
	// known, or a delivery that was overtaken can put a dead token in the place of a live one. A time that is more than
	// five minutes ahead of the Manager's clock counts as the oldest. The token that lost is kept, and answered if nothing
	// waits on the one that won.
	At time.Time
}

// WaitingCompletion says that the workflow has taken an order number and waits for completion.
type WaitingCompletion struct {
	// OrderID is required. Customer, if given, must be the order's.
	OrderID, Customer string
	// Number is the order number.
	Number string
	// Token resumes the second wait. Required.
	Token TaskToken
	// At is as in [WorkflowStarted].
	At time.Time
}

// TimedOut says that the workflow stopped waiting.
type TimedOut struct {
	// OrderID is required.
	OrderID string
	// Cause becomes the reason of the cancellation: on one line, and shortened to [MaxReasonBytes].
	Cause string
	// RequestID identifies the notification; it may be empty.
	RequestID string
}
