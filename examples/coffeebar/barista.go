package main

import (
	"net/http"

	"github.com/brewline/ordermanager"
)

func (s *site) addBarista(routes *http.ServeMux) {
	routes.HandleFunc("GET /barista", s.behind(baristaDoor, s.baristaHome))
	for _, action := range s.table.Actions() {
		path := "POST /barista/orders/{id}/" + string(action)
		routes.HandleFunc(path, s.behind(baristaDoor, func(r *http.Request, v visitor) (page, error) {
			receipt, err := s.act(r, v, action)
			p, errPage := s.baristaHome(r, v)
			return s.afterwards(p, s.table.outcome(action, receipt.Order), err), errPage
		}))
	}
}

// outcome describes the result of an action to a barista.
func (t table) outcome(action ordermanager.Action, o ordermanager.Order) string {
	done := t.standing(o)
	switch action {
	case ordermanager.ActionMake:
		done = "is yours"
	case ordermanager.ActionUnmake:
		done = "is back in the queue"
	}
	return sentence(called(o)) + " " + done + "."
}

// column has the orders in one state, as a barista sees them.
type column struct {
	State ordermanager.State
	Title string
	// Empty is the text if no order in it concerns the barista.
	Empty string
	// Held says that baristas hold the orders in this state: the reader or others.
	Held bool
	// Mine are orders that the reader holds, Others those that somebody else holds, Free those that nobody holds.
	Mine, Free, Others []ordermanager.Order
}

// Count is how many orders of the column concern the reader.
func (c column) Count() int { return len(c.Mine) + len(c.Free) }

func (s *site) baristaHome(r *http.Request, v visitor) (page, error) {
	var columns []column
	for _, state := range s.table.open() {
		orders, err := s.inState(r.Context(), state)
		if err != nil {
			return page{}, err
		}
		columns = append(columns, s.table.column(state, orders, v.actor.ID))
	}
	if len(s.table.shelf()) == 0 {
		columns = append(columns, column{
			State: ordermanager.StateCompleted, Title: "Pick-up", Empty: "Nothing is ready yet.", Free: s.justReady(),
		})
	}
	return page{title: "Barista", content: "barista", data: columns}, nil
}

// column sorts the orders in a state by who holds them.
func (t table) column(state ordermanager.State, orders []ordermanager.Order, barista string) column {
	c := column{State: state, Title: sentence(spoken(state)), Empty: "Nothing is " + spoken(state) + "."}
	switch {
	case state == ordermanager.StatePending:
		c.Title, c.Empty = "Queue", "Nobody is waiting. Time to clean the grinder."
	case state == ordermanager.StateMaking:
		c.Title, c.Empty, c.Held = "Mine", "You hold no order. Take one from the queue.", true
	case t.done(state) && len(t.shelf()) == 1:
		c.Title, c.Empty = "Pick-up", "Nothing is ready yet."
	}
	for _, o := range orders {
		switch o.Barista {
		case "":
			c.Free = append(c.Free, o)
		case barista:
			c.Mine = append(c.Mine, o)
		default:
			c.Others = append(c.Others, o)
		}
	}
	c.Held = c.Held || len(c.Mine) > 0
	return c
}
