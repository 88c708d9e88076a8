package httpapi

import (
	"context"
	_ "embed" // for the document
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

//go:embed openapi.json
var document string

// getDocument serves the OpenAPI document, with the states and actions of the Manager's life cycle in its descriptions.
// They are no enum, because clients must accept orders in a state of an earlier life cycle.
func (h *Handler) getDocument(w http.ResponseWriter, r *http.Request) error {
	table := h.manager.Lifecycle()
	named := strings.NewReplacer(
		"States of the standard one: pending, making, completed, cancelled.", "States: "+list(stateNames(table))+".",
		"Actions of the standard one: put, make, unmake, complete, cancel.", "Actions: "+list(table.Actions())+".",
	)
	writeBytes(w, r, "application/json", http.StatusOK, []byte(named.Replace(document)))
	return nil
}

func stateNames(table ordermanager.Lifecycle) (names []ordermanager.State) {
	for _, state := range table.States() {
		names = append(names, state.State)
	}
	return names
}

func list[T ~string](names []T) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = string(name)
	}
	return strings.Join(texts, ", ")
}

func (h *Handler) getMenu(w http.ResponseWriter, r *http.Request, _ ordermanager.Actor) error {
	params, err := parseParameters(r)
	if err != nil {
		return err
	}
	venue, err := params.venue()
	if err != nil {
		return err
	}
	found, err := h.findMenu(r.Context(), venue)
	if err != nil {
		return err
	}
	writeJSON(w, r, menuView(found))
	return nil
}

func (h *Handler) getLifecycle(w http.ResponseWriter, r *http.Request, _ ordermanager.Actor) error {
	table := h.manager.Lifecycle()
	writeJSON(w, r, lifecycle{table, table.Actions(), table.Mermaid(), table.DOT()})
	return nil
}

type health struct {
	Status string `json:"status"`
}

// live reports that the process answers.
func (h *Handler) live(w http.ResponseWriter, r *http.Request) error {
	writeJSON(w, r, health{"live"})
	return nil
}

// probeTimeout limits a probe of the store: a probe that hangs is useless.
const probeTimeout = 2 * time.Second

// ready reports that the store answers too: it reads an order, which need not exist.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	if _, err := h.manager.Order(ctx, "health"); err != nil && !errors.Is(err, ordermanager.ErrOrderNotFound) {
		return err
	}
	writeJSON(w, r, health{"ready"})
	return nil
}
