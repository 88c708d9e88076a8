package httpapi

import (
	"context"
	_ "embed" // for the document
	"errors"
	"net/http"
	"time"

	"github.com/brewline/ordermanager"
)

//go:embed openapi.json
var document []byte

// getDocument serves the OpenAPI document.
func (h *Handler) getDocument(w http.ResponseWriter, r *http.Request) error {
	writeBytes(w, r, "application/json", http.StatusOK, document)
	return nil
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

// live says that the process answers.
func (h *Handler) live(w http.ResponseWriter, r *http.Request) error {
	writeJSON(w, r, health{"live"})
	return nil
}

// probeTimeout is how long the store has to answer a probe: a probe that waits tells nobody anything.
const probeTimeout = 2 * time.Second

// ready says that the store answers too: it reads an order that need not exist.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), probeTimeout)
	defer cancel()
	if _, err := h.manager.Order(ctx, "health"); err != nil && !errors.Is(err, ordermanager.ErrOrderNotFound) {
		return err
	}
	writeJSON(w, r, health{"ready"})
	return nil
}
