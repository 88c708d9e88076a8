package view

import (
	"errors"

	"github.com/brewline/ordermanager"
)

// Problem is the JSON form of an error. The HTTP API wraps it in the members of RFC 9457.
type Problem struct {
	// Code is the error's stable code.
	Code ordermanager.Code `json:"code"`
	// Message explains it to people.
	Message string `json:"message"`
	// Field is the field of an [ordermanager.ErrInvalidRequest].
	Field string `json:"field,omitempty"`
	// Violations are those of an [ordermanager.ErrInvalidOrder].
	Violations []ordermanager.Violation `json:"violations,omitempty"`
	// Reasons are those of a [*ordermanager.TransitionError].
	Reasons []ordermanager.Reason `json:"reasons,omitempty"`
	// Allowed are the actions that the caller could do to the order now; absent if the error is not about an order.
	Allowed []ordermanager.Action `json:"allowed,omitzero"`
	// Order is the order as it is; null when there is none or the caller may not see it.
	Order *Order `json:"order"`
}

// ProblemOf describes an error.
func ProblemOf(err error) Problem {
	problem := Problem{Code: ordermanager.CodeOf(err), Message: err.Error()}
	var order *ordermanager.Order
	if e, ok := errors.AsType[*ordermanager.RequestError](err); ok {
		problem.Field = e.Field
	}
	if e, ok := errors.AsType[*ordermanager.MenuError](err); ok {
		problem.Violations, problem.Allowed, order = e.Violations, e.Allowed, e.Order
	}
	if e, ok := errors.AsType[*ordermanager.TransitionError](err); ok {
		problem.Reasons, problem.Allowed, order = e.Reasons, e.Allowed, e.Order
	}
	if order != nil {
		view := OrderOf(order)
		problem.Order = &view
	}
	return problem
}
