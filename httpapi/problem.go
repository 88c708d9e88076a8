package httpapi

import (
	"errors"
	"net/http"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

// The codes of refusals that never reach a Manager. Every other code is one of package ordermanager.
const (
	codeUnauthenticated      ordermanager.Code = "unauthenticated"
	codeNotFound             ordermanager.Code = "not_found"
	codeMethodNotAllowed     ordermanager.Code = "method_not_allowed"
	codeTooLarge             ordermanager.Code = "request_too_large"
	codeUnsupportedMediaType ordermanager.Code = "unsupported_media_type"
	codeNoStreaming          ordermanager.Code = "streaming_unsupported"
	codeTooManyStreams       ordermanager.Code = "too_many_streams"
)

// answers defines how each code is answered.
var answers = map[ordermanager.Code]struct {
	status int
	title  string
}{
	"invalid_request":         {http.StatusBadRequest, "The request is not valid."},
	"unknown_action":          {http.StatusBadRequest, "There is no such action."},
	codeUnauthenticated:       {http.StatusUnauthorized, "Nobody is signed in."},
	"forbidden":               {http.StatusForbidden, "The caller may not do this."},
	"not_owner":               {http.StatusForbidden, "The order belongs to another customer."},
	codeNotFound:              {http.StatusNotFound, "There is no such resource."},
	"order_not_found":         {http.StatusNotFound, "There is no such order."},
	"unknown_venue":           {http.StatusNotFound, "There is no such venue."},
	codeMethodNotAllowed:      {http.StatusMethodNotAllowed, "The resource does not have this method."},
	"illegal_transition":      {http.StatusConflict, "The state of the order does not allow this."},
	"unknown_state":           {http.StatusConflict, "The order is in a state of another life cycle."},
	"drink_accepted":          {http.StatusConflict, "The order already has its drink."},
	"claimed":                 {http.StatusConflict, "Another barista holds the order."},
	"not_ready":               {http.StatusConflict, "The order has no drink yet."},
	"wrong_venue":             {http.StatusConflict, "The order belongs to another venue."},
	"too_many_transitions":    {http.StatusConflict, "The history of the order is full."},
	"request_reused":          {http.StatusConflict, "The idempotency key was used for a different request."},
	"order_exists":            {http.StatusConflict, "The order already exists."},
	"shop_closed":             {http.StatusConflict, "The shop is closed."},
	"queue_full":              {http.StatusConflict, "The shop takes no more orders at the moment."},
	"too_many_orders":         {http.StatusConflict, "The customer may begin no more orders at the moment."},
	codeTooLarge:              {http.StatusRequestEntityTooLarge, "The request is too large."},
	codeUnsupportedMediaType:  {http.StatusUnsupportedMediaType, "The body is not JSON."},
	"invalid_order":           {http.StatusUnprocessableEntity, "The menu does not have this."},
	codeTooManyStreams:        {http.StatusTooManyRequests, "The caller has too many open streams. Close one."},
	ordermanager.CodeInternal: {http.StatusInternalServerError, "Something went wrong."},
	"store_contract":          {http.StatusInternalServerError, "The store broke its contract; the outcome is unknown."},
	"invalid_options":         {http.StatusInternalServerError, "The service is misconfigured."},
	"invalid_lifecycle":       {http.StatusInternalServerError, "The service is misconfigured."},
	codeNoStreaming:           {http.StatusNotImplemented, "This server cannot stream."},
	"store_failed": {
		http.StatusServiceUnavailable,
		"The store failed; the outcome is unknown. Repeat the request with the same idempotency key.",
	},
	"menu_unavailable": {http.StatusServiceUnavailable, "The menu is not available. Repeat the request."},
	"context_done":     {http.StatusServiceUnavailable, "The request was stopped before anything was written. Repeat it."},
}

// retryAfter is how many seconds a caller should wait after a 429 or 503.
const retryAfter = "1"

// refusal is an error of this package.
type refusal struct {
	code   ordermanager.Code
	detail string
	field  string
}

func (e *refusal) Error() string { return e.detail }

// problem is the body of every error answer: RFC 9457, with the fields of a Problem at every door.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
	view.Problem
	// Order replaces the Problem's.
	Order *order `json:"order"`
}

// Fail answers a request to your own route with a problem, as this handler does for its routes.
func (h *Handler) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p := describe(err)
	p.Instance = r.URL.EscapedPath()
	if p.Status >= http.StatusInternalServerError {
		h.log.ErrorContext(
			r.Context(), "request failed", "method", r.Method, "path", p.Instance, "code", p.Code, "error", err,
		)
	}
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", retryAfter)
	}
	write(w, r, "application/problem+json", p.Status, p)
}

// describe turns an error into a problem.
func describe(err error) problem {
	p := problem{Problem: view.ProblemOf(err)}
	if own, ok := errors.AsType[*refusal](err); ok {
		p.Code, p.Field = own.code, own.field
	}
	if refused, ok := errors.AsType[*ordermanager.TransitionError](err); ok {
		p.Order = orderOrNil(refused.Order)
	} else if menu, ok := errors.AsType[*ordermanager.MenuError](err); ok {
		p.Order = orderOrNil(menu.Order)
	}
	answer, known := answers[p.Code]
	if !known {
		answer = answers[ordermanager.CodeInternal]
	}
	p.Type, p.Title, p.Status = "urn:ordermanager:problem:"+string(p.Code), answer.title, answer.status
	// The message of a store or menu source is only logged: it may name tables, hosts and accounts.
	if p.Message == "" || p.Status >= http.StatusInternalServerError {
		p.Message = p.Title
	}
	p.Detail = p.Message
	return p
}
