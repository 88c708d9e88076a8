package ordermanager

import (
	"errors"
	"fmt"
	"strings"
)

// TransitionError says why an existing order refused a transition. [errors.Is] answers yes for each of its reasons; its
// code is that of the first.
type TransitionError struct {
	// Action is what was asked for.
	Action Action
	// OrderID is the order that refused.
	OrderID string
	// State is the order's state; empty for somebody who may not know it.
	State State
	// Ended is true when nothing leaves that state: waiting and retrying is useless.
	Ended bool
	// Allowed are the actions that the caller could do to the order now; nil where Order is.
	Allowed []Action
	// Reasons is every reason, the most telling one first.
	Reasons []Reason
	// Order is the order as it is; nil for somebody who may not see it.
	Order *Order
}

func (e *TransitionError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot %s order %s", phrase(e.Action), e.OrderID)
	if e.State != "" {
		fmt.Fprintf(&b, ", which is %s", e.State)
	}
	for i, reason := range e.Reasons {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(reason.Message)
		if errors.Is(reason.Err, ErrClaimed) && e.Order != nil {
			fmt.Fprintf(&b, " (%s)", e.Order.Barista)
		}
	}
	return b.String()
}

// Unwrap returns the sentinels of all reasons.
func (e *TransitionError) Unwrap() []error {
	errs := make([]error, len(e.Reasons))
	for i, reason := range e.Reasons {
		errs[i] = reason.Err
	}
	return errs
}

// Reason is one reason why something is refused.
type Reason struct {
	// Code is that of Err.
	Code Code `json:"code"`
	// Message explains it to people.
	Message string `json:"message"`
	// Err is the sentinel that stands for it.
	Err error `json:"-"`
}

func reason(err error) Reason { return Reason{Code: CodeOf(err), Message: err.Error(), Err: err} }

// forbidden says who may not do what.
func forbidden(r *Request) error {
	article := "a"
	if r.Actor.Role == RoleAdmin {
		article = "an"
	}
	return fmt.Errorf("%w: %s by %s %s", ErrForbidden, r.Action, article, r.Actor.Role)
}

// phrase describes what an action does to an order.
func phrase(action Action) string {
	switch action {
	case ActionPut:
		return "put a drink on"
	case ActionWorkflowStarted:
		return "register the first wait of"
	case ActionWaitingCompletion:
		return "register the second wait of"
	case ActionTimedOut:
		return "time out"
	case ActionResent:
		return "resend what is owed by"
	case ActionAbandoned:
		return "abandon what is owed by"
	}
	return string(action)
}
