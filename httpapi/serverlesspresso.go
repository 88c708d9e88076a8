package httpapi

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// NewServerlesspresso returns a handler with the REST API of the Serverlesspresso sample in one of its dialects, so
// that the sample's web apps work unchanged. Serve it beside the handler of [New], under its own path or host:
//
//	GET /orders?state=&eventId=&maxItems=   the barista's board and the display: CREATED, COMPLETED or CANCELLED
//	GET /orders/{id}, GET /myOrders         the customer's app
//	PUT /orders/{id}?action=&eventId=       a drink, and every action by name
//	PUT /orders/claim/{id}?action=          make or unmake
//	PUT /orders/complete/{id}
//	PUT /orders/cancel/{id}
//
// Answers have the sample's form; an action is answered with an empty object. A refusal is answered with the same
// problem as by the handler of [New]; apps can show its "message". A put is always for the caller's own order, whatever
// the role: baristas drink coffee too. The workshop has one venue and ignores eventId. The core needs it for GET
// /orders; where the customer's app omits it, it is the order's.
//
// The menu, the shop's opening hours, the code that starts an order, and live updates, made from the events on the bus,
// come from other services of the sample.
//
// The manager is required; Feed is not used. The error is [ordermanager.ErrInvalidOptions].
func NewServerlesspresso(
	manager *ordermanager.Manager, dialect serverlesspresso.Dialect, options *Options,
) (*Handler, error) {
	if !dialect.Known() {
		return nil, fmt.Errorf("%w: there is no dialect %q", ordermanager.ErrInvalidOptions, dialect)
	}
	h, err := newHandler(manager, options)
	if err != nil {
		return nil, err
	}
	s := &sample{h, dialect}
	h.serve(map[string]methods{
		"/orders":      {http.MethodGet: h.identified(s.listOrders)},
		"/orders/{id}": {http.MethodGet: h.identified(s.getOrder), http.MethodPut: h.identified(s.act())},
		"/orders/claim/{id}": {http.MethodPut: h.identified(s.act(
			ordermanager.ActionMake, ordermanager.ActionUnmake,
		))},
		"/orders/complete/{id}": {http.MethodPut: h.identified(s.act(ordermanager.ActionComplete))},
		"/orders/cancel/{id}":   {http.MethodPut: h.identified(s.act(ordermanager.ActionCancel))},
		"/myOrders":             {http.MethodGet: h.identified(s.listMyOrders)},
	})
	return h, nil
}

// sample is the sample's API on top of a Handler.
type sample struct {
	*Handler
	dialect serverlesspresso.Dialect
}

// act performs an action. If the path allows only certain ones, the first is the default.
func (s *sample) act(
	actions ...ordermanager.Action,
) func(http.ResponseWriter, *http.Request, ordermanager.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
		request, err := parseAction(w, r, actor)
		if err != nil {
			return err
		}
		if len(actions) > 0 {
			if request.Action == "" {
				request.Action = actions[0]
			}
			if !slices.Contains(actions, request.Action) {
				return invalid("action", fmt.Sprintf("is not one of this path: %v", actions))
			}
		}
		if request.Action == "" || request.Action == ordermanager.ActionPut {
			request.Actor = ordermanager.Customer(actor.ID)
		}
		if s.dialect == serverlesspresso.Workshop {
			request.Venue = ""
		}
		if request.Venues, err = s.bound(r, actor); err != nil {
			return err
		}
		if _, err := s.manager.Handle(r.Context(), request); err != nil {
			return inOurWords(err)
		}
		writeJSON(w, r, struct{}{})
		return nil
	}
}

// listOrders lists the orders of all states that the sample has the same word for.
func (s *sample) listOrders(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	params, err := parseStaffParameters(r, actor)
	if err != nil {
		return err
	}
	q, err := params.query()
	if err != nil {
		return err
	}
	told, err := serverlesspresso.ParseState(params.get("state"))
	if err != nil {
		return err
	}
	if s.dialect == serverlesspresso.Core {
		q.Venue = params.get("eventId")
	}
	if q.Venue, err = s.venue(r, actor, q.Venue); err != nil {
		return err
	}
	if s.dialect == serverlesspresso.Core && q.Venue == "" {
		return invalid("eventId", "is required")
	}
	// The barista's queue begins with the oldest; of what has ended, the display shows the latest.
	q.Newest = told != ordermanager.Undecided
	var orders []ordermanager.Order
	for _, state := range s.manager.Lifecycle().States() {
		if state.Answers != told {
			continue
		}
		q.State = state.State
		page, err := s.manager.Page(r.Context(), q)
		if err != nil {
			return err
		}
		orders = append(orders, page.Orders...)
	}
	slices.SortStableFunc(orders, func(a, b ordermanager.Order) int {
		if q.Newest {
			a, b = b, a
		}
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	writeJSON(w, r, s.dialect.Orders(orders[:min(len(orders), q.Limit)]))
	return nil
}

// listMyOrders reads all of a customer's orders, because the app shows the newest, and returns at most
// [ordermanager.MaxPageSize].
func (s *sample) listMyOrders(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	var orders []ordermanager.Order
	q := ordermanager.Query{Customer: actor.ID, Limit: ordermanager.MaxPageSize}
	for o, err := range s.manager.Orders(r.Context(), q) {
		if err != nil {
			return err
		}
		orders = append(orders, o)
	}
	writeJSON(w, r, s.dialect.MyOrders(orders[max(len(orders)-ordermanager.MaxPageSize, 0):]))
	return nil
}

func (s *sample) getOrder(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	o, err := s.visible(r, actor)
	if err != nil {
		return err
	}
	writeJSON(w, r, s.dialect.Order(&o))
	return nil
}
