package ordermanager

import "errors"

// Problem is the JSON form of an error, the same at every door: the command, the Lambda handlers, and the HTTP API,
// which wraps it in the members of RFC 9457.
type Problem struct {
	// Code is the error's stable code.
	Code Code `json:"code"`
	// Message explains it to people.
	Message string `json:"message"`
	// Field is the field of an [ErrInvalidRequest].
	Field string `json:"field,omitempty"`
	// Violations are those of an [ErrInvalidOrder].
	Violations []Violation `json:"violations,omitempty"`
	// Reasons are those of a [*TransitionError].
	Reasons []Reason `json:"reasons,omitempty"`
	// Allowed are the actions that the caller could do to the order now; absent where there is no order to tell it of.
	Allowed []Action `json:"allowed,omitzero"`
	// Order is the order as it is; null when there is none or the caller may not see it.
	Order *View `json:"order"`
}

// ProblemOf describes an error.
func ProblemOf(err error) Problem {
	problem := Problem{Code: CodeOf(err), Message: err.Error()}
	var order *Order
	if e, ok := errors.AsType[*RequestError](err); ok {
		problem.Field = e.Field
	}
	if e, ok := errors.AsType[*MenuError](err); ok {
		problem.Violations, problem.Allowed, order = e.Violations, e.Allowed, e.Order
	}
	if e, ok := errors.AsType[*TransitionError](err); ok {
		problem.Reasons, problem.Allowed, order = e.Reasons, e.Allowed, e.Order
	}
	if order != nil {
		view := order.View()
		problem.Order = &view
	}
	return problem
}
