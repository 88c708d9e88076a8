// Package httpapi serves a [ordermanager.Manager] over HTTP: the REST interface of the Serverlesspresso sample, with
// the outcome as the answer, and what the sample lacks (history, explanations, a stream of changes, health).
//
//	feed := httpapi.NewFeed()
//	manager, err := ordermanager.New(feed.Store(store), menu, resumer, nil)
//	…
//	handler, err := httpapi.New(manager, menu, &httpapi.Options{Identify: identify, Feed: feed})
//
// Every route is described in the OpenAPI document at GET /openapi.json and, with a command and its answer, in
// docs/http.md. A refusal is an RFC 9457 problem with the stable code of [ordermanager.CodeOf]. Who acts is decided by
// [Options.Identify] alone: nothing in a request's address or body can make the caller somebody else.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/brewline/ordermanager"
)

// Options configures a Handler. Nil and the zero Options mean the defaults.
type Options struct {
	// Identify returns the caller. An error with a code of package ordermanager is answered as everywhere:
	// [ordermanager.ErrForbidden] is 403. Any other error is answered with 401 and is not shown to the caller. It must be
	// safe for concurrent use. Default: [CognitoIdentity], which knows nobody unless something in front of the handler put
	// verified claims into the context.
	Identify func(*http.Request) (ordermanager.Actor, error)
	// Venues returns the venues that staff is bound to: such a caller sees and changes no order of another one. It is
	// called once per request, never for a customer, and must be safe for concurrent use. Nil means every venue, and an
	// empty list none. Default: nobody is bound.
	Venues func(*http.Request) []string
	// Feed is what GET /events streams. Default: none, and the route does not exist.
	Feed *Feed
	// Starter starts the orders of POST /orders. Default: none, and the route does not exist.
	Starter Starter
	// Shop returns the status of a venue, for GET /shop. Default: none, and the route does not exist.
	Shop func(ctx context.Context, venue string) (Shop, error)
	// AllowedOrigins are the origins, like "https://shop.example", whose pages may call this API; "*" means every origin.
	// Credentials such as cookies are never allowed. Default: none.
	AllowedOrigins []string
	// Logger gets what the caller does not see: the error behind every answer of 500 and above, and why a caller was not
	// identified. Default: no logging.
	Logger *slog.Logger
}

// Handler is the HTTP interface. It is safe for concurrent use.
type Handler struct {
	manager  *ordermanager.Manager
	menu     ordermanager.MenuSource
	identify func(*http.Request) (ordermanager.Actor, error)
	venues   func(*http.Request) []string
	feed     *Feed
	starter  Starter
	shop     func(ctx context.Context, venue string) (Shop, error)
	streams  streams
	origins  []string
	log      *slog.Logger
	mux      *http.ServeMux
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// endpoint answers a request; if it returns an error to be answered, it has written nothing.
type endpoint func(http.ResponseWriter, *http.Request) error

// Starter starts the workflow of an order. The workflows of this module implement it, as do the Starters of packages
// sfnresumer and durableresumer. It must be safe for concurrent use.
type Starter interface {
	// Start starts the workflow of a customer's new order at a venue; empty if there is only one. The receipt's order is
	// as it will be once the workflow has notified the Manager; until then [ordermanager.Receipt.Pending] is set.
	//
	// Errors: [ordermanager.ErrOrderExists], [ordermanager.ErrInvalidRequest]; [ordermanager.ErrShopClosed],
	// [ordermanager.ErrQueueFull] and [ordermanager.ErrTooManyOrders] where there are limits; and those of the workflow.
	Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error)
}

// Shop is the status of a venue.
type Shop struct {
	// EventID is the venue.
	EventID string `json:"eventId"`
	// Open is whether new orders are accepted.
	Open bool `json:"open"`
	// InQueue is how many orders are open.
	InQueue int `json:"inQueue"`
}
