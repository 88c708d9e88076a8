package httpapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
)

// newOrder is the body of POST /orders. Every field is optional.
type newOrder struct {
	OrderID, EventID, UserID string
}

// startOrder is POST /orders: it starts the workflow of an order. A customer starts one for themselves; other callers
// name the customer.
func (h *Handler) startOrder(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	asked, err := parseNewOrder(w, r)
	if err != nil {
		return err
	}
	switch {
	case actor.Role != ordermanager.RoleCustomer && asked.UserID == "":
		return invalid("userId", "is required")
	case actor.Role == ordermanager.RoleCustomer && asked.UserID != "" && asked.UserID != actor.ID:
		return &refusal{code: "forbidden", field: "userId", detail: "userId names somebody other than the caller"}
	case actor.Role == ordermanager.RoleCustomer:
		asked.UserID = actor.ID
	}
	switch asked.OrderID {
	case "":
		asked.OrderID = rand.Text()
	case "count": // nobody could order its drink here
		return invalid("orderId", "is count, and /orders/count is something else")
	}
	for _, field := range [...]struct{ name, value string }{
		{"orderId", asked.OrderID}, {"userId", asked.UserID}, {"eventId", asked.EventID},
	} {
		if err := ordermanager.CheckID(field.name, field.value); err != nil {
			return err
		}
	}
	if actor.Role != ordermanager.RoleCustomer {
		if asked.EventID, err = h.venue(r, actor, asked.EventID); err != nil {
			return err
		}
	}
	// A venue without a menu does not exist: an order there could never get its drink.
	if _, err := h.findMenu(r.Context(), asked.EventID); err != nil {
		return err
	}
	receipt, err := h.starter.Start(r.Context(), asked.OrderID, asked.UserID, asked.EventID)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if receipt.Pending != nil {
		status = http.StatusAccepted
	}
	w.Header().Set("Location", "/orders/"+url.PathEscape(asked.OrderID))
	write(w, r, "application/json", status, orderOf(&receipt.Order))
	return nil
}

func parseNewOrder(w http.ResponseWriter, r *http.Request) (newOrder, error) {
	var asked newOrder
	body, err := readBody(w, r)
	if err != nil || len(body) == 0 {
		return asked, err
	}
	document, err := strictjson.Parse("body", body)
	if err == nil && !document.Absent() {
		var fields *strictjson.Object
		if fields, err = document.Object(); err == nil {
			err = asked.read(fields)
		}
	}
	if bad, ok := errors.AsType[*strictjson.Error](err); ok {
		err = invalid(bad.Path, bad.Rule)
	}
	return asked, err
}

func (n *newOrder) read(fields *strictjson.Object) error {
	if err := fields.Misspelt("orderId", "eventId", "userId"); err != nil {
		return err
	}
	for name, into := range map[string]*string{"orderId": &n.OrderID, "eventId": &n.EventID, "userId": &n.UserID} {
		value := fields.Get(name)
		text, ok := value.Text()
		if !ok && !value.Absent() {
			return value.Error("is not a string")
		}
		*into = text
	}
	return nil
}

// getShop is GET /shop?eventId=.
func (h *Handler) getShop(w http.ResponseWriter, r *http.Request, _ ordermanager.Actor) error {
	params, err := parseParameters(r)
	if err != nil {
		return err
	}
	venue, err := params.venue()
	if err != nil {
		return err
	}
	if _, err := h.findMenu(r.Context(), venue); err != nil {
		return err
	}
	shop, err := h.shop(r.Context(), venue)
	if err != nil {
		return err
	}
	writeJSON(w, r, shop)
	return nil
}

// findMenu returns the menu of a venue.
func (h *Handler) findMenu(ctx context.Context, venue string) (*ordermanager.Menu, error) {
	found, err := h.menu.Menu(ctx, venue)
	if err != nil && !errors.Is(err, ordermanager.ErrUnknownVenue) {
		err = fmt.Errorf("%w: %w", ordermanager.ErrMenuUnavailable, err)
	}
	return found, err
}

// counts has the number of a venue's open orders in each state in which the workflow waits.
type counts struct {
	EventID string       `json:"eventId"`
	Open    []stateCount `json:"open"`
}

type stateCount struct {
	State  ordermanager.State `json:"state"`
	Orders int                `json:"orders"`
}

// countOrders is GET /orders/count?eventId=: it reads every open order, of the venue or of all of them.
func (h *Handler) countOrders(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	params, err := parseStaffParameters(r, actor)
	if err != nil {
		return err
	}
	venue, err := h.venue(r, actor, params.get("eventId"))
	if err != nil {
		return err
	}
	answer := counts{EventID: venue}
	for _, state := range h.manager.Lifecycle().States() {
		if state.Answers != ordermanager.Undecided {
			continue
		}
		count := stateCount{State: state.State}
		q := ordermanager.Query{State: state.State, Venue: venue, Limit: ordermanager.MaxPageSize}
		for _, err := range h.manager.Orders(r.Context(), q) {
			if err != nil {
				return err
			}
			count.Orders++
		}
		answer.Open = append(answer.Open, count)
	}
	writeJSON(w, r, answer)
	return nil
}
