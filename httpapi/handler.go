// Package httpapi serves a [ordermanager.Manager] over HTTP: the REST interface of the Serverlesspresso sample, with the outcome as the
// answer, and what the sample lacks (history, explanations, a stream of changes, health).
//
//	feed := httpapi.NewFeed()
//	manager, err := ordermanager.New(feed.Store(store), menu, resumer, nil)
//	…
//	handler, err := httpapi.New(manager, menu, &httpapi.Options{Identify: identify, Feed: feed})
//
// Every route is described in the OpenAPI document at GET /openapi.json and, with a command and its answer, in docs/http.md. A refusal is
// an RFC 9457 problem with the stable code of [ordermanager.CodeOf]. Who acts is decided by [Options.Identify] alone: nothing in a
// request's address or body can make the caller somebody else.
package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// Options is everything about a Handler that has a default. The zero Options, and nil, are fine.
type Options struct {
	// Identify says who is calling. Any error is answered with 401 and is not shown to the caller, but for one with a code of
	// package ordermanager, which is answered like that code everywhere: [ordermanager.ErrForbidden] is 403. It must be safe for concurrent
	// use. Default: [CognitoIdentity], which knows nobody unless something in front put verified claims into the context.
	Identify func(*http.Request) (ordermanager.Actor, error)
	// Venues says to which venues a caller who is no customer is bound: such a caller sees and changes no order of another one. It is asked
	// once per request, and must be safe for concurrent use. Nil is every venue, and an empty list none. Default: nobody is bound.
	Venues func(*http.Request) []string
	// Feed is what GET /events streams. Default: none, and the route does not exist.
	Feed *Feed
	// Starter begins the orders of POST /orders. Default: none, and the route does not exist.
	Starter Starter
	// Shop says how a venue stands, for GET /shop. Default: none, and the route does not exist.
	Shop func(ctx context.Context, venue string) (Shop, error)
	// AllowedOrigins are the origins, like "https://shop.example", whose pages may call from a browser; "*" is every origin. Cookies
	// are never allowed across origins. Default: none.
	AllowedOrigins []string
	// Logger gets what the caller does not see: the error behind every answer of 500 and above, and why a caller was not identified.
	// Default: silence.
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

// New returns the handler of a manager. The menu is what GET /menu shows: give it the source that the manager has. Both are required.
// It does no I/O. Its error is [ordermanager.ErrInvalidOptions].
func New(manager *ordermanager.Manager, menu ordermanager.MenuSource, options *Options) (*Handler, error) {
	if menu == nil {
		return nil, fmt.Errorf("%w: the menu is nil", ordermanager.ErrInvalidOptions)
	}
	h, err := newHandler(manager, options)
	if err != nil {
		return nil, err
	}
	h.menu = menu
	h.serve(h.resources())
	return h, nil
}

func newHandler(manager *ordermanager.Manager, options *Options) (*Handler, error) {
	if manager == nil {
		return nil, fmt.Errorf("%w: the manager is nil", ordermanager.ErrInvalidOptions)
	}
	if options == nil {
		options = &Options{}
	}
	h := &Handler{
		manager:  manager,
		identify: options.Identify,
		venues:   options.Venues,
		feed:     options.Feed,
		starter:  options.Starter,
		shop:     options.Shop,
		streams:  streams{open: map[ordermanager.Actor]int{}},
		origins:  slices.Clone(options.AllowedOrigins),
		log:      options.Logger,
		mux:      http.NewServeMux(),
	}
	if h.identify == nil {
		h.identify = CognitoIdentity
	}
	if h.venues == nil {
		h.venues = func(*http.Request) []string { return nil }
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	return h, nil
}

func (h *Handler) serve(resources map[string]methods) {
	for path, methods := range resources {
		h.mux.Handle(path, h.resource(methods))
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		h.allowOrigin(w, r, "")
		h.Fail(w, r, &refusal{code: codeNotFound})
	})
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// endpoint answers a request, or returns the error to answer it with; then it has written nothing.
type endpoint func(http.ResponseWriter, *http.Request) error

// methods are the endpoints of one path.
type methods map[string]endpoint

// resources is the whole interface of [New].
func (h *Handler) resources() map[string]methods {
	resources := map[string]methods{
		"/orders":              {http.MethodGet: h.identified(h.listOrders)},
		"/orders/count":        {http.MethodGet: h.identified(h.countOrders)},
		"/orders/{id}":         {http.MethodGet: h.identified(h.getOrder), http.MethodPut: h.identified(h.act)},
		"/orders/{id}/history": {http.MethodGet: h.identified(h.getHistory)},
		"/orders/{id}/actions": {http.MethodGet: h.identified(h.getActions)},
		"/orders/{id}/resend":  {http.MethodPost: h.identified(h.repair(h.manager.Resend))},
		"/orders/{id}/abandon": {http.MethodPost: h.identified(h.repair(h.manager.Abandon))},
		"/myOrders":            {http.MethodGet: h.identified(h.listMyOrders)},
		"/menu":                {http.MethodGet: h.identified(h.getMenu)},
		"/lifecycle":           {http.MethodGet: h.identified(h.getLifecycle)},
		"/health":              {http.MethodGet: h.ready},
		"/health/live":         {http.MethodGet: h.live},
		"/openapi.json":        {http.MethodGet: h.getDocument},
	}
	if h.starter != nil {
		resources["/orders"][http.MethodPost] = h.identified(h.startOrder)
	}
	if h.shop != nil {
		resources["/shop"] = methods{http.MethodGet: h.identified(h.getShop)}
	}
	if h.feed != nil {
		resources["/events"] = methods{http.MethodGet: h.identified(h.stream)}
	}
	return resources
}

// resource serves one path: it finds the method, and answers OPTIONS itself.
func (h *Handler) resource(methods methods) http.HandlerFunc {
	offered := append(slices.Collect(maps.Keys(methods)), http.MethodHead, http.MethodOptions)
	slices.Sort(offered)
	allow := strings.Join(offered, ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		h.allowOrigin(w, r, allow)
		method := r.Method
		switch method {
		case http.MethodOptions:
			w.Header().Set("Allow", allow)
			w.WriteHeader(http.StatusNoContent)
			return
		case http.MethodHead:
			method = http.MethodGet
		}
		answer, found := methods[method]
		if !found {
			w.Header().Set("Allow", allow)
			h.Fail(w, r, &refusal{code: codeMethodNotAllowed, detail: "this resource has " + allow})
			return
		}
		if err := answer(w, r); err != nil {
			h.Fail(w, r, err)
		}
	}
}

// allowOrigin lets pages of the allowed origins read the answer, and ask beforehand whether they may send the request.
func (h *Handler) allowOrigin(w http.ResponseWriter, r *http.Request, allow string) {
	if len(h.origins) == 0 {
		return
	}
	header := w.Header()
	header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	switch {
	case origin == "":
		return
	case slices.Contains(h.origins, "*"):
		origin = "*"
	case !slices.Contains(h.origins, origin):
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "Allow, Retry-After")
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		header.Set("Access-Control-Allow-Methods", allow)
		// Which header carries the identity is up to Identify, so an allowed origin may send any.
		if asked := r.Header.Values("Access-Control-Request-Headers"); len(asked) > 0 {
			header.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
		}
		header.Set("Access-Control-Max-Age", "600")
	}
}
