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

// Options is everything about a Handler that has a default. The zero Options, and nil, are fine.
type Options struct {
	// Identify says who is calling. Any error is answered with 401 and is not shown to the caller, but for one with a code
	// of package ordermanager, which is answered like that code everywhere: [ordermanager.ErrForbidden] is 403. It must be
	// safe for concurrent use. Default: [CognitoIdentity], which knows nobody unless something in front put verified
	// claims into the context.
	Identify func(*http.Request) (ordermanager.Actor, error)
	// Venues says to which venues a caller who is no customer is bound: such a caller sees and changes no order of another
	// one. It is asked once per request, and must be safe for concurrent use. Nil is every venue, and an empty list none.
	// Default: nobody is bound.
	Venues func(*http.Request) []string
	// Feed is what GET /events streams. Default: none, and the route does not exist.
	Feed *Feed
	// Starter begins the orders of POST /orders. Default: none, and the route does not exist.
	Starter Starter
	// Shop says how a venue stands, for GET /shop. Default: none, and the route does not exist.
	Shop func(ctx context.Context, venue string) (Shop, error)
	// AllowedOrigins are the origins, like "https://shop.example", whose pages may call from a browser; "*" is every
	// origin. Cookies are never allowed across origins. Default: none.
	AllowedOrigins []string
	// Logger gets what the caller does not see: the error behind every answer of 500 and above, and why a caller was not
	// identified. Default: silence.
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

// endpoint answers a request, or returns the error to answer it with; then it has written nothing.
type endpoint func(http.ResponseWriter, *http.Request) error

// Starter begins the workflow of an order. The workflows of this module are Starters, and so are those of packages
// sfnresumer and durableresumer. It must be safe for concurrent use.
type Starter interface {
	// Start begins the workflow of a new order of a customer at a venue, which is empty where there is only one. The
	// receipt's order is as it will be when the workflow has told the Manager of it; [ordermanager.Receipt.Pending] says
	// that it has not yet.
	//
	// Errors: [ordermanager.ErrOrderExists], [ordermanager.ErrInvalidRequest]; [ordermanager.ErrShopClosed],
	// [ordermanager.ErrQueueFull] and [ordermanager.ErrTooManyOrders] where there are limits; and those of what it starts.
	Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error)
}

// Shop is how a venue stands.
type Shop struct {
	// EventID is the venue.
	EventID string `json:"eventId"`
	// Open says whether new orders are taken.
	Open bool `json:"open"`
	// InQueue is how many orders are open.
	InQueue int `json:"inQueue"`
}
