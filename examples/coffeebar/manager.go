package main

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/workflow"
)

func (s *site) addManager(routes *http.ServeMux) {
	routes.HandleFunc("GET /manager", s.behind(managerDoor, s.managerHome))
	routes.HandleFunc("GET /manager/orders/{id}", s.behind(managerDoor, s.timeline))
	routes.HandleFunc("POST /manager/shop", s.behind(managerDoor, s.openShop))
	routes.HandleFunc("POST /manager/menu", s.behind(managerDoor, s.switchDrink))
	routes.HandleFunc("POST /manager/redrive", s.behind(managerDoor, s.redriveNow))
}

// managerPage is the office.
type managerPage struct {
	Shop    workflow.Shop
	Diagram diagram
	Chart   chart
	Owing   []ordermanager.Order
	Menu    []ordermanager.MenuItem
	// Open is how many orders are open; Active are those that are shown.
	Open   int
	Active []ordermanager.Order
	Ended  []ordermanager.Order
}

// shownEnded is how many of the latest ended orders are shown.
const shownEnded = 9

func (s *site) managerHome(r *http.Request, _ visitor) (page, error) {
	ctx := r.Context()
	shop, err := s.workflow.Shop(ctx, venue)
	if err != nil {
		return page{}, err
	}
	menu, err := s.menu.Menu(ctx, venue)
	if err != nil {
		return page{}, err
	}
	owing, err := s.manager.Page(ctx, ordermanager.Query{Owing: true})
	if err != nil {
		return page{}, err
	}
	data := managerPage{
		Shop: shop, Menu: menu.Items, Owing: owing.Orders,
		Diagram: draw(s.table.Lifecycle, s.board.count),
		Chart:   s.table.waits(s.board.latest(s.table.done, shownWaits)),
		Ended:   s.board.latest(s.table.Terminal, shownEnded),
	}
	for _, state := range slices.Backward(s.table.open()) {
		active, err := s.manager.Page(ctx, ordermanager.Query{State: state, Limit: shownOrders})
		if err != nil {
			return page{}, err
		}
		data.Active = append(data.Active, active.Orders...)
		data.Open += s.board.count(state)
	}
	return page{title: "Manager", content: "manager", data: data}, nil
}

func (s *site) openShop(r *http.Request, v visitor) (page, error) {
	open := r.FormValue("open") == "true"
	err := s.workflow.SetOpen(r.Context(), venue, open)
	p, errPage := s.managerHome(r, v)
	done := "The bar is closed for new orders. Open orders go on."
	if open {
		done = "The bar is open."
	}
	return s.afterwards(p, done, err), errPage
}

func (s *site) switchDrink(r *http.Request, v visitor) (page, error) {
	drink, available := r.FormValue("drink"), r.FormValue("available") == "true"
	err := s.menu.setAvailable(r.Context(), drink, available)
	p, errPage := s.managerHome(r, v)
	done := drink + " has run out."
	if available {
		done = drink + " is on the menu."
	}
	return s.afterwards(p, done, err), errPage
}

func (s *site) redriveNow(r *http.Request, v visitor) (page, error) {
	report, err := s.manager.Redrive(r.Context(), nil)
	p, errPage := s.managerHome(r, v)
	done := "Nothing was owed."
	if report.Orders > 0 {
		done = fmt.Sprintf("Owing orders: %d. Answered: %d. No longer waiting: %d. Still owing: %d.",
			report.Orders, report.Delivered, report.Gone, report.Pending)
	}
	return s.afterwards(p, done, err), errPage
}

// timelinePage has everything known about an order.
type timelinePage struct {
	Order    ordermanager.Order
	Workflow workflow.Status
}

func (s *site) timeline(r *http.Request, _ visitor) (page, error) {
	o, err := s.manager.Order(r.Context(), r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	status, err := s.workflow.Status(r.Context(), o.ID)
	return page{title: "Timeline", content: "timeline", data: timelinePage{o, status}}, err
}
