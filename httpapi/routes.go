package httpapi

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// New returns a handler for a manager. The menu is what GET /menu shows: pass the manager's source. Both are required.
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

// methods are the endpoints of a path.
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

// resource serves a path: it finds the method's endpoint, and answers OPTIONS itself.
func (h *Handler) resource(methods methods) http.HandlerFunc {
	offered := append(slices.Collect(maps.Keys(methods)), http.MethodOptions)
	if methods[http.MethodGet] != nil {
		offered = append(offered, http.MethodHead)
	}
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

// allowOrigin implements CORS for the allowed origins.
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
	case !slices.ContainsFunc(h.origins, func(allowed string) bool { return strings.EqualFold(allowed, origin) }):
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "Allow, Retry-After")
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		header.Set("Access-Control-Allow-Methods", allow)
		// Identify decides which header has the identity, so an allowed origin may send any header.
		if asked := r.Header.Values("Access-Control-Request-Headers"); len(asked) > 0 {
			header.Set("Access-Control-Allow-Headers", strings.Join(asked, ", "))
		}
		header.Set("Access-Control-Max-Age", "600")
	}
}
