package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/workflow"
)

func (s *site) addCustomer(routes *http.ServeMux) {
	routes.HandleFunc("GET /customer", s.behind(customerDoor, s.customerHome))
	routes.HandleFunc("POST /customer/orders", s.behind(customerDoor, s.startOrder))
	routes.HandleFunc("GET /customer/orders/{id}", s.behind(customerDoor, s.customerOrder))
	routes.HandleFunc("POST /customer/orders/{id}/put", s.behind(customerDoor, s.chooseDrink))
	routes.HandleFunc("POST /customer/orders/{id}/cancel", s.behind(customerDoor, s.cancelOwn))
}

// customerPage is what a customer finds.
type customerPage struct {
	Name string
	Shop workflow.Shop
	// NewID is the order that the button begins; pressed twice, it begins one.
	NewID  string
	Open   []ordermanager.Order
	Closed []ordermanager.Order
	// Others is how many open orders are not the visitor's.
	Others int
}

// shownOrders is how many of a customer's ended orders are shown.
const shownOrders = 10

func (s *site) customerHome(r *http.Request, v visitor) (page, error) {
	shop, err := s.workflow.Shop(r.Context(), venue)
	if err != nil {
		return page{}, err
	}
	data := customerPage{Name: v.actor.ID, Shop: shop, NewID: rand.Text()}
	for o, err := range s.manager.Orders(r.Context(), ordermanager.Query{Customer: v.actor.ID}) {
		switch {
		case err != nil:
			return page{}, err
		case ordermanager.StandardLifecycle.Terminal(o.State):
			data.Closed = append(data.Closed, o)
		default:
			data.Open = append(data.Open, o)
		}
	}
	data.Others = max(0, shop.InQueue-len(data.Open))
	slices.Reverse(data.Open)
	slices.Reverse(data.Closed)
	data.Closed = data.Closed[:min(len(data.Closed), shownOrders)]
	return page{title: "Your orders", content: "customer", data: data}, nil
}

// startOrder begins the workflow of an order.
func (s *site) startOrder(r *http.Request, v visitor) (page, error) {
	id := r.FormValue("order")
	_, err := s.workflow.Start(r.Context(), id, v.actor.ID, venue)
	if errors.Is(err, ordermanager.ErrOrderExists) {
		// The button was pressed before. If the server died then, the workflow has begun and the order is not there yet.
		err = s.workflow.Advance(r.Context())
	}
	if err == nil {
		return page{redirect: orderPath(id)}, nil
	}
	p, errPage := s.customerHome(r, v)
	return p.afterwards("", err), errPage
}

// orderPage is one order as its customer sees it.
type orderPage struct {
	Order ordermanager.Order
	// Menu is what can be chosen, as long as nothing was.
	Menu []ordermanager.MenuItem
	// Deadline is when the order is given up if nothing happens; zero when it has ended.
	Deadline time.Time
	// Before is how many orders are made first.
	Before int
	// Steps are the stations of the order.
	Steps []step
}

// own returns an order of the visitor.
func (s *site) own(r *http.Request, v visitor) (ordermanager.Order, error) {
	o, err := s.manager.Order(r.Context(), r.PathValue("id"))
	if err == nil && o.Customer != v.actor.ID {
		err = fmt.Errorf("%w: %s", ordermanager.ErrNotOwner, o.ID)
	}
	return o, err
}

func (s *site) customerOrder(r *http.Request, v visitor) (page, error) {
	o, err := s.own(r, v)
	if err != nil {
		return page{}, err
	}
	status, err := s.workflow.Status(r.Context(), o.ID)
	if err != nil {
		return page{}, err
	}
	data := orderPage{Order: o, Deadline: status.Deadline, Steps: steps(&o)}
	if o.Drink == nil && !ordermanager.StandardLifecycle.Terminal(o.State) {
		menu, err := s.menu.Menu(r.Context(), venue)
		if err != nil {
			return page{}, err
		}
		data.Menu = menu.Items
	}
	if o.State == ordermanager.StatePending && o.Drink != nil {
		queue, err := s.queue(r.Context())
		if err != nil {
			return page{}, err
		}
		data.Before = max(0, slices.IndexFunc(queue, func(q ordermanager.Order) bool { return q.ID == o.ID }))
	}
	return page{title: "Your order", content: "order", data: data}, nil
}

// orderPath is where a customer follows an order. It leads past the header, to where the keyboard and a screen reader
// go on.
func orderPath(id string) string { return "/customer/orders/" + id + "#live" }

func (s *site) chooseDrink(r *http.Request, v visitor) (page, error) {
	receipt, err := s.act(r, v, ordermanager.ActionPut)
	if err == nil && !scripted(r) {
		return page{redirect: orderPath(r.PathValue("id"))}, nil
	}
	p, errPage := s.customerOrder(r, v)
	done := ""
	if err == nil {
		done = receipt.Order.Drink.Name + " it is. Follow your order here."
	}
	return p.afterwards(done, err), errPage
}

func (s *site) cancelOwn(r *http.Request, v visitor) (page, error) {
	_, err := s.act(r, v, ordermanager.ActionCancel)
	p, errPage := s.customerOrder(r, v)
	return p.afterwards("Your order is cancelled.", err), errPage
}
