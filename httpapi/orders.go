package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/jsonform"
)

// act is PUT /orders/{id}: it performs an action and answers with its outcome.
func (h *Handler) act(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	request, err := parseAction(w, r, actor)
	if err != nil {
		return err
	}
	if request.Venues, err = h.bound(r, actor); err != nil {
		return err
	}
	receipt, err := h.manager.Handle(r.Context(), request)
	if err != nil {
		return inOurWords(err)
	}
	answerReceipt(w, r, &receipt)
	return nil
}

func answerReceipt(w http.ResponseWriter, r *http.Request, receipt *ordermanager.Receipt) {
	f := jsonform.New(formSize)
	writeReceipt(&f, receipt)
	writeForm(w, r, &f)
}

// inOurWords renames the fields of a refused request to those of this interface.
func inOurWords(err error) error {
	if refused, ok := errors.AsType[*ordermanager.RequestError](err); ok && refused.Field == "requestId" {
		return invalid(idempotencyKey, refused.Rule)
	}
	return err
}

// visible returns an order that the actor may read: customers have only their own.
func (h *Handler) visible(r *http.Request, actor ordermanager.Actor) (ordermanager.Order, error) {
	o, err := h.manager.Order(r.Context(), r.PathValue("id"))
	if err != nil {
		return o, err
	}
	venues, err := h.bound(r, actor)
	switch {
	case err != nil:
		return o, err
	case !maySee(actor, o.Customer):
		return o, fmt.Errorf("%w: %s", ordermanager.ErrNotOwner, o.ID)
	case venues != nil && !slices.Contains(venues, o.Venue):
		return o, fmt.Errorf("%w: %s", ordermanager.ErrWrongVenue, o.ID)
	}
	return o, nil
}

// bound returns the venues that the caller is bound to; nil means all.
func (h *Handler) bound(r *http.Request, actor ordermanager.Actor) ([]string, error) {
	if actor.Role == ordermanager.RoleCustomer {
		return nil, nil
	}
	venues := h.venues(r)
	if venues != nil && len(venues) == 0 {
		return nil, fmt.Errorf("%w: this %s has no venue", ordermanager.ErrForbidden, actor.Role)
	}
	return venues, nil
}

// maySee is the only rule about who may read what.
func maySee(actor ordermanager.Actor, customer string) bool {
	return actor.Role != ordermanager.RoleCustomer || actor.ID == customer
}

func (h *Handler) getOrder(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	o, err := h.visible(r, actor)
	if err != nil {
		return err
	}
	f := jsonform.New(formSize)
	writeOrder(&f, &o)
	writeForm(w, r, &f)
	return nil
}

func (h *Handler) getHistory(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	o, err := h.visible(r, actor)
	if err != nil {
		return err
	}
	writeJSON(w, r, historyView(&o))
	return nil
}

func (h *Handler) getActions(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	id := r.PathValue("id")
	venues, err := h.bound(r, actor)
	if err != nil {
		return err
	}
	actions, err := h.manager.Actions(r.Context(), ordermanager.Request{OrderID: id, Actor: actor, Venues: venues})
	if err != nil {
		return err
	}
	o := actions[0].Order
	switch {
	case o == nil && venues != nil:
		return fmt.Errorf("%w: %s", ordermanager.ErrWrongVenue, id)
	case o == nil || !maySee(actor, o.Customer):
		return fmt.Errorf("%w: %s", ordermanager.ErrNotOwner, id)
	}
	answer := explanations{Order: orderOf(o)}
	for _, e := range actions {
		reasons := append([]ordermanager.Reason{}, e.Reasons...)
		answer.Actions = append(answer.Actions, explanation{e.Action, e.Allowed, reasons})
	}
	writeJSON(w, r, answer)
	return nil
}

func (h *Handler) listOrders(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	params, err := parseStaffParameters(r, actor)
	if err != nil {
		return err
	}
	q, err := params.query()
	if err != nil {
		return err
	}
	q.State = ordermanager.State(params.get("state"))
	if q.Venue, err = h.venue(r, actor, params.get("eventId")); err != nil {
		return err
	}
	if q.State == "" && q.Venue == "" {
		return invalid("query", "asks for nothing: name a state in state, a venue in eventId, or both")
	}
	return h.list(w, r, q)
}

// venue returns the venue that a caller asks about. One bound to several must name one of them.
func (h *Handler) venue(r *http.Request, actor ordermanager.Actor, asked string) (string, error) {
	venues, err := h.bound(r, actor)
	switch {
	case err != nil:
		return "", err
	case len(venues) == 1 && asked == "":
		return venues[0], nil
	case venues != nil && !slices.Contains(venues, asked):
		return "", &refusal{code: "forbidden", detail: "name one of your venues in eventId"}
	}
	return asked, nil
}

func (h *Handler) listMyOrders(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	params, err := parseParameters(r)
	if err != nil {
		return err
	}
	q, err := params.query()
	if err != nil {
		return err
	}
	q.Customer = actor.ID
	return h.list(w, r, q)
}

func (h *Handler) list(w http.ResponseWriter, r *http.Request, q ordermanager.Query) error {
	page, err := h.manager.Page(r.Context(), q)
	if err != nil {
		return err
	}
	answer := listing{
		Orders: make([]order, len(page.Orders)), Skipped: make([]string, len(page.Skipped)), Cursor: page.Cursor,
	}
	for i := range page.Orders {
		answer.Orders[i] = orderOf(&page.Orders[i])
	}
	for i, skipped := range page.Skipped {
		answer.Skipped[i] = skipped.OrderID
	}
	writeJSON(w, r, answer)
	return nil
}
