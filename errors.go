package ordermanager

import (
	"errors"
	"fmt"
)

// Code is the stable, machine-readable name of an error: the same in the HTTP API, the Lambda handlers, the command and
// metrics. Go code asks with [errors.Is]; codes are for what leaves the program.
type Code string

// sentinel is an error that stands for a code. A sentinel may be a special case of another one.
type sentinel struct {
	code    Code
	message string
	general error
}

func (s *sentinel) Error() string { return s.message }
func (s *sentinel) Unwrap() error { return s.general }

// The errors of this package, for [errors.Is]. Unless it says otherwise, an error means that nothing was written and
// nothing was resumed. [CodeOf] gives the code of any error.
var (
	// ErrInvalidRequest is returned when a request breaks a rule that can be checked without looking anything up: a
	// missing or over-long field, a wrong type, malformed JSON. A [*RequestError] names the field and the rule. Code
	// invalid_request.
	ErrInvalidRequest error = &sentinel{code: "invalid_request", message: "invalid request"}
	// ErrUnknownAction is returned for an action that does not exist; only the empty action and "put" mean put. It is also
	// an [ErrInvalidRequest]. Code unknown_action.
	ErrUnknownAction error = &sentinel{code: "unknown_action", message: "unknown action", general: ErrInvalidRequest}
	// ErrForbidden is returned when the policy does not let the actor do such a thing to any order. Code forbidden.
	ErrForbidden error = &sentinel{code: "forbidden", message: "not permitted to this actor"}
	// ErrContextDone is returned when the context was done before anything was written; it wraps the context's own
	// error. Code context_done.
	ErrContextDone error = &sentinel{code: "context_done", message: "the context was done before anything was written"}

	// ErrInvalidOrder is returned by a put whose drink is not on the menu or is malformed. A [*MenuError] has every
	// violation. Code invalid_order.
	ErrInvalidOrder error = &sentinel{code: "invalid_order", message: "the order is not valid"}
	// ErrMenuUnavailable is returned by a put when the menu could not be read. Nothing was written by this call and
	// nothing is known about the drink; the put can be repeated. Code menu_unavailable.
	ErrMenuUnavailable error = &sentinel{code: "menu_unavailable", message: "the menu is not available"}

	// ErrUnknownVenue is returned for a venue that does not exist: a [MenuSource] that knows of none returns it. Code
	// unknown_venue.
	ErrUnknownVenue error = &sentinel{code: "unknown_venue", message: "no such venue"}

	// ErrOrderNotFound is returned when there is no order with this identifier. Code order_not_found.
	ErrOrderNotFound error = &sentinel{code: "order_not_found", message: "no such order"}
	// ErrOrderExists is returned when a workflow starts with the identifier of an order of another customer or venue, and
	// by workflows that never start twice with one identifier. Code order_exists.
	ErrOrderExists error = &sentinel{code: "order_exists", message: "the order exists already"}
	// ErrShopClosed is returned by a workflow that does not begin an order because the venue is closed. Code shop_closed.
	ErrShopClosed error = &sentinel{code: "shop_closed", message: "the shop is closed"}
	// ErrQueueFull is returned by a workflow that does not begin an order because the venue has as many open orders, or
	// took as many within a time, as it can. Code queue_full.
	ErrQueueFull error = &sentinel{code: "queue_full", message: "the shop takes no more orders at the moment"}
	// ErrTooManyOrders is returned by a workflow that does not begin an order because its customer has as many open orders
	// at the venue, or began as many within a day, as a customer may. Code too_many_orders.
	ErrTooManyOrders error = &sentinel{
		code: "too_many_orders", message: "the customer may begin no more orders at the moment",
	}
	// ErrNotOwner is returned when the order belongs to another customer. Code not_owner.
	ErrNotOwner error = &sentinel{code: "not_owner", message: "the order belongs to another customer"}
	// ErrWrongVenue is returned by a put that names another venue than the order's, whose menu was therefore not checked,
	// and to an actor who is bound to other venues. Code wrong_venue.
	ErrWrongVenue error = &sentinel{code: "wrong_venue", message: "the order belongs to another venue"}
	// ErrIllegalTransition is returned when the life cycle does not allow the action in the order's state. A
	// [*TransitionError] has the order as it is and the actions that are allowed now. Code illegal_transition.
	ErrIllegalTransition error = &sentinel{
		code: "illegal_transition", message: "the state of the order does not allow this",
	}
	// ErrUnknownState is returned when the state of the order is not in the life cycle of the Manager, as after the table
	// was changed while orders were open. It is also an [ErrIllegalTransition]. Code unknown_state.
	ErrUnknownState error = &sentinel{code: "unknown_state", message: "the state of the order is not in the life cycle",
		general: ErrIllegalTransition}
	// ErrDrinkAccepted is returned by a put on an order that has its drink. It is also an [ErrIllegalTransition]. Code
	// drink_accepted.
	ErrDrinkAccepted error = &sentinel{
		code: "drink_accepted", message: "a drink was accepted already", general: ErrIllegalTransition,
	}
	// ErrClaimed is returned when another barista holds the order; the [*TransitionError] has the order, which says who.
	// Code claimed.
	ErrClaimed error = &sentinel{code: "claimed", message: "another barista holds the order"}
	// ErrNotReady is returned when no drink has been accepted yet. Code not_ready.
	ErrNotReady error = &sentinel{code: "not_ready", message: "no drink has been accepted yet"}
	// ErrTooManyTransitions is returned when the order's history has reached [MaxClaimHistory] or [MaxHistory]. The order
	// can still be ended. Code too_many_transitions.
	ErrTooManyTransitions error = &sentinel{code: "too_many_transitions", message: "the history of the order is full"}
	// ErrRequestReused is returned when the order knows the request id from a different request. Code request_reused.
	ErrRequestReused error = &sentinel{code: "request_reused", message: "the request id was used for a different request"}

	// ErrStore is returned when the store failed. After an action or a notification the outcome is unknown: it may have
	// been applied. Repeat it with the same request id: it applies once. If it was applied, what follows from it is
	// recorded and [Manager.Redrive] delivers it. A [*StoreError] names the order. Code store_failed.
	ErrStore error = &sentinel{code: "store_failed", message: "the store failed"}
	// ErrStoreContract is returned when the store's answer cannot be true, for instance a refusal that no guard explains.
	// It is a bug in the store. It is also an [ErrStore]: the outcome is unknown. Code store_contract.
	ErrStoreContract error = &sentinel{code: "store_contract", message: "the store broke its contract", general: ErrStore}

	// ErrInvalidOptions is returned by [New]. Code invalid_options.
	ErrInvalidOptions error = &sentinel{code: "invalid_options", message: "invalid options"}
	// ErrInvalidLifecycle is returned by [New], [Lifecycle.Validate] and [ParseLifecycle]; a [*LifecycleError] has every
	// problem. Code invalid_lifecycle.
	ErrInvalidLifecycle error = &sentinel{code: "invalid_lifecycle", message: "invalid life cycle"}
)

// CodeInternal is the code of an error that is not from this package.
const CodeInternal Code = "internal"

// CodeOf returns the code of an error: the first one found along its chain, "" for nil, and [CodeInternal] for an error
// that is not from this package.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if s, ok := errors.AsType[*sentinel](err); ok {
		return s.code
	}
	return CodeInternal
}

// notBegun reports whether a workflow refused to begin an order.
func notBegun(err error) bool {
	return errors.Is(err, ErrShopClosed) || errors.Is(err, ErrQueueFull) || errors.Is(err, ErrTooManyOrders) ||
		errors.Is(err, ErrOrderExists)
}

// RequestError says which field of a request breaks which rule. It is an [ErrInvalidRequest].
type RequestError struct {
	// Field is the path of the field as in the JSON of a request, for instance "body.userId".
	Field string
	// Rule completes the sentence that begins with the field: "is required".
	Rule string
}

func (e *RequestError) Error() string {
	return fmt.Sprintf("%v: %s %s", ErrInvalidRequest, e.Field, e.Rule)
}

// Unwrap returns [ErrInvalidRequest].
func (e *RequestError) Unwrap() error { return ErrInvalidRequest }

// StoreError says which operation of a store failed, for which order. It is an [ErrStore].
type StoreError struct {
	// Op is the operation: apply, settle, get or list.
	Op string
	// OrderID is the order; empty for a listing.
	OrderID string
	// Err is the store's error.
	Err error
}

func (e *StoreError) Error() string {
	if e.OrderID == "" {
		return fmt.Sprintf("%v: %s: %v", ErrStore, e.Op, e.Err)
	}
	return fmt.Sprintf("%v: %s order %s: %v", ErrStore, e.Op, e.OrderID, e.Err)
}

// Unwrap returns [ErrStore] and the store's error; for a broken contract only that, because it is an ErrStore itself.
func (e *StoreError) Unwrap() []error {
	if errors.Is(e.Err, ErrStoreContract) {
		return []error{e.Err}
	}
	return []error{ErrStore, e.Err}
}
