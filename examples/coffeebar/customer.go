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
	for _, action := range s.table.Actions() {
		if action != ordermanager.ActionPut {
			routes.HandleFunc("POST /customer/orders/{id}/"+string(action), s.behind(customerDoor, s.actOnOwn(action)))
		}
	}
}

// customerPage is a customer's home page.
type customerPage struct {
	Name string
	Shop workflow.Shop
	// NewID is the order that the button begins. Pressed twice, it begins only one.
	NewID  string
	Open   []ordermanager.Order
	Closed []ordermanager.Order
	// Others is the number of open orders of other customers.
	Others int
}

// shownEarlier is how many of a customer's ended orders are shown.
const shownEarlier = 10

func (s *site) customerHome(r *http.Request, v visitor) (page, error) {
	shop, err := s.workflow.Shop(r.Context(), venue)
	if err != nil {
		return page{}, err
	}
	data := customerPage{Name: v.actor.ID, Shop: shop, NewID: rand.Text()}
	orders, err := s.newest(r.Context(), ordermanager.Query{Customer: v.actor.ID}, 2*shownEarlier)
	if err != nil {
		return page{}, err
	}
	own := 0
	for _, o := range orders {
		switch {
		case !s.table.Terminal(o.State):
			data.Open = append(data.Open, o)
			if s.table.Answers(o.State) == ordermanager.Undecided {
				own++
			}
		case len(data.Closed) < shownEarlier:
			data.Closed = append(data.Closed, o)
		}
	}
	data.Others = max(0, shop.InQueue-own)
	return page{title: "Your orders", content: "customer", data: data}, nil
}

// startOrder starts the workflow of an order.
func (s *site) startOrder(r *http.Request, v visitor) (page, error) {
	id := r.FormValue("order")
	_, err := s.workflow.Start(r.Context(), id, v.actor.ID, venue)
	if errors.Is(err, ordermanager.ErrOrderExists) {
		// The button was pressed before. If the server died then, the workflow has started but the order does not exist yet.
		err = s.workflow.Advance(r.Context())
	}
	if err == nil {
		return page{redirect: orderPath(id)}, nil
	}
	p, errPage := s.customerHome(r, v)
	return s.afterwards(p, "", err), errPage
}

// orderPage is one order as its customer sees it.
type orderPage struct {
	Order ordermanager.Order
	// Menu is what can be chosen, until something has been.
	Menu []ordermanager.MenuItem
	// Deadline is when the order is given up if nothing happens; zero once it has ended.
	Deadline time.Time
	// Queued says that it waits to be made, and Before how many orders are made first.
	Queued bool
	Before int
	// Heading and Advice describe its state.
	Heading, Advice string
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
	data := orderPage{
		Order: o, Deadline: status.Deadline, Steps: s.table.steps(&o),
		Heading: s.table.heading(o), Advice: s.table.advice(o),
	}
	if o.Drink == nil && o.State == s.table.Initial() {
		menu, err := s.menu.Menu(r.Context(), venue)
		if err != nil {
			return page{}, err
		}
		data.Menu = menu.Items
	}
	if data.Queued = o.State == s.table.Initial() && o.Drink != nil; data.Queued {
		queue, err := s.inState(r.Context(), o.State)
		if err != nil {
			return page{}, err
		}
		data.Before = slices.IndexFunc(queue, func(q ordermanager.Order) bool { return q.ID == o.ID })
		if data.Before < 0 {
			data.Before = len(queue) // at least
		}
	}
	return page{title: "Your order", content: "order", data: data}, nil
}

// orderPath is where a customer follows an order. It skips the header, so that a keyboard or screen reader continues
// with the order.
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
	return s.afterwards(p, done, err), errPage
}

// actOnOwn handles what a customer does to their own order, except choosing the drink.
func (s *site) actOnOwn(action ordermanager.Action) handler {
	return func(r *http.Request, v visitor) (page, error) {
		receipt, err := s.act(r, v, action)
		p, errPage := s.customerOrder(r, v)
		return s.afterwards(p, "Your order "+s.table.standing(receipt.Order)+".", err), errPage
	}
}
