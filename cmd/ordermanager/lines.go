package main

import (
	"errors"

	"github.com/brewline/ordermanager"
)

// accepted is the output line of an input that was accepted.
type accepted struct {
	N        int                       `json:"n"`
	OK       bool                      `json:"ok"`
	Action   ordermanager.Action       `json:"action"`
	Order    ordermanager.View         `json:"order"`
	Resume   ordermanager.ResumeStatus `json:"resume"`
	Replayed bool                      `json:"replayed"`

	// Unchanged is there for a notification that brought nothing new.
	Unchanged bool `json:"unchanged,omitempty"`
	// Gone is there when the workflow does not wait any more.
	Gone ordermanager.GoneReason `json:"gone,omitempty"`
	// Pending says why an answer is still owed.
	Pending string `json:"pending,omitempty"`
}

func acceptance(n int, action ordermanager.Action, receipt ordermanager.Receipt) accepted {
	line := accepted{
		N:         n,
		OK:        true,
		Action:    action,
		Order:     receipt.Order.View(),
		Resume:    receipt.Resume,
		Replayed:  receipt.Replayed,
		Unchanged: receipt.Unchanged,
		Gone:      receipt.Gone,
	}
	if receipt.Pending != nil {
		line.Pending = receipt.Pending.Error()
	}
	return line
}

// refused is the output line of an input that was refused.
type refused struct {
	N       int                 `json:"n"`
	OK      bool                `json:"ok"`
	Action  ordermanager.Action `json:"action"`
	Code    ordermanager.Code   `json:"code"`
	Message string              `json:"message"`
	// Violations is what the menu objects to.
	Violations []ordermanager.Violation `json:"violations,omitempty"`
	// Reasons is everything that stands against it, and Allowed the actions that the order is ready for.
	Reasons []reason              `json:"reasons,omitempty"`
	Allowed []ordermanager.Action `json:"allowed,omitzero"`
	// Order is the order as it is; null when there is none or the caller may not see it.
	Order *ordermanager.View `json:"order"`
}

type reason struct {
	Code    ordermanager.Code `json:"code"`
	Message string            `json:"message"`
}

func refusal(n int, action ordermanager.Action, err error) refused {
	line := refused{N: n, Action: action, Code: ordermanager.CodeOf(err), Message: err.Error()}
	var order *ordermanager.Order
	var menuErr *ordermanager.MenuError
	var transitionErr *ordermanager.TransitionError
	switch {
	case errors.As(err, &menuErr):
		line.Violations, order = menuErr.Violations, menuErr.Order
	case errors.As(err, &transitionErr):
		line.Allowed, order = transitionErr.Allowed, transitionErr.Order
		for _, r := range transitionErr.Reasons {
			line.Reasons = append(line.Reasons, reason{r.Code, r.Message})
		}
	}
	if order != nil {
		view := order.View()
		line.Order = &view
	}
	return line
}
