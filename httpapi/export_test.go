package httpapi

import (
	"maps"
	"net/http"
	"slices"
)

// What the tests outside need of the inside.
const (
	FeedSize       = feedSize
	Heartbeat      = heartbeat
	StreamLifetime = streamLifetime
)

// Document is the OpenAPI document.
var Document = []byte(document)

// SetEpoch makes the identifiers of events predictable.
func (f *Feed) SetEpoch(epoch string) { f.epoch, f.recent[0].id = epoch, epoch+"-0" }

// Pattern is the route that serves a request.
func (h *Handler) Pattern(r *http.Request) string {
	_, pattern := h.mux.Handler(r)
	return pattern
}

// Methods lists the methods of every route.
func (h *Handler) Methods() map[string][]string {
	routes := map[string][]string{}
	for path, methods := range h.resources() {
		routes[path] = slices.Sorted(maps.Keys(methods))
	}
	return routes
}
