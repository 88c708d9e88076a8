package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/brewline/ordermanager"
)

func (s *site) addDisplay(routes *http.ServeMux) {
	routes.HandleFunc("GET /display", s.behind(displayDoor, s.display))
}

// displayPage is the screen above the counter.
type displayPage struct {
	// Open says whether the bar takes orders.
	Open    bool
	Columns []displayColumn
}

// displayColumn is the orders in one state. The column of ready orders comes first.
type displayColumn struct {
	State ordermanager.State
	// Class is the column's class in the style sheet.
	Class        string
	Title, Empty string
	Orders       []ordermanager.Order
}

func (s *site) display(r *http.Request, _ visitor) (page, error) {
	shop, err := s.workflow.Shop(r.Context(), venue)
	if err != nil {
		return page{}, err
	}
	data := displayPage{Open: shop.Open}
	if len(s.table.shelf()) == 0 {
		ready := ordermanager.StateCompleted
		data.Columns = append(data.Columns, displayColumn{
			State: ready, Class: "ready", Title: s.table.station(ready), Empty: "Nothing yet", Orders: s.justReady(),
		})
	}
	for _, state := range slices.Backward(s.table.open()) {
		orders, err := s.inState(r.Context(), state)
		if err != nil {
			return page{}, err
		}
		column := displayColumn{
			State: state, Class: "making", Title: s.table.station(state), Empty: "Nothing yet", Orders: orders,
		}
		switch {
		case s.table.done(state):
			column.Class = "ready"
		case state == s.table.Initial():
			column.Class, column.Empty = "queue", "Nobody is waiting"
			column.Orders = slices.DeleteFunc(orders, func(o ordermanager.Order) bool { return o.Number == "" })
		}
		data.Columns = append(data.Columns, column)
	}
	return page{title: "Display", content: "display", data: data}, nil
}

// justReady returns the latest orders that are made and have ended, for a table without a shelf.
func (s *site) justReady() []ordermanager.Order {
	return slices.DeleteFunc(s.board.latest(s.table.done, shownReady), func(o ordermanager.Order) bool {
		return time.Since(o.UpdatedAt) > s.shelfTimeout
	})
}
