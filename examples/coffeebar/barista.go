package main

import (
	"context"
	"net/http"

	"github.com/brewline/ordermanager"
)

func (s *site) addBarista(routes *http.ServeMux) {
	routes.HandleFunc("GET /barista", s.behind(baristaDoor, s.baristaHome))
	for action, done := range map[ordermanager.Action]string{
		ordermanager.ActionMake:     "is yours",
		ordermanager.ActionUnmake:   "is back in the queue",
		ordermanager.ActionComplete: "is ready",
		ordermanager.ActionCancel:   "is cancelled",
	} {
		routes.HandleFunc("POST /barista/orders/{id}/"+string(action), s.behind(baristaDoor, func(r *http.Request, v visitor) (page, error) {
			receipt, err := s.act(r, v, action)
			p, errPage := s.baristaHome(r, v)
			return p.afterwards(sentence(called(receipt.Order)+" "+done+"."), err), errPage
		}))
	}
}

// baristaPage is the workplace of a barista.
type baristaPage struct {
	Queue, Mine, Others, Ready []ordermanager.Order
	// Reasons are what a barista can say about a cancellation.
	Reasons []string
}

const (
	// shownQueue is how much of the queue is shown.
	shownQueue = 60
	// shownReady is how many of the latest ready orders are shown.
	shownReady = 8
)

var reasons = []string{"Out of an ingredient", "The machine is broken", "Nobody came for it", "The customer asked for it"}

func (s *site) baristaHome(r *http.Request, v visitor) (page, error) {
	data := baristaPage{Reasons: reasons, Ready: s.board.latest(ordermanager.StateCompleted, shownReady)}
	var err error
	if data.Queue, err = s.queue(r.Context()); err != nil {
		return page{}, err
	}
	making, err := s.making(r.Context())
	if err != nil {
		return page{}, err
	}
	for _, o := range making {
		if o.Barista == v.actor.ID {
			data.Mine = append(data.Mine, o)
		} else {
			data.Others = append(data.Others, o)
		}
	}
	return page{title: "Barista", content: "barista", data: data}, nil
}

// queue lists the orders that wait to be made, the oldest first.
func (s *site) queue(ctx context.Context) ([]ordermanager.Order, error) {
	var queue []ordermanager.Order
	for o, err := range s.manager.Orders(ctx, ordermanager.Query{State: ordermanager.StatePending}) {
		if err != nil {
			return nil, err
		}
		if o.Drink != nil { // an order without one cannot be made yet
			queue = append(queue, o)
		}
		if len(queue) == shownQueue {
			break
		}
	}
	return queue, nil
}

// making lists the orders that are being made, the oldest first.
func (s *site) making(ctx context.Context) ([]ordermanager.Order, error) {
	page, err := s.manager.Page(ctx, ordermanager.Query{State: ordermanager.StateMaking})
	return page.Orders, err
}
