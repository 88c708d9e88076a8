package main

import (
	"net/http"
	"time"

	"github.com/brewline/ordermanager"
)

func (s *site) addDisplay(routes *http.ServeMux) {
	routes.HandleFunc("GET /display", s.behind(displayDoor, s.display))
}

// displayPage is the screen above the counter.
type displayPage struct {
	Queue, Making, Ready []ordermanager.Order
	Shop                 bool
}

// shownFor is how long the screen says that an order is ready.
const shownFor = 10 * time.Minute

func (s *site) display(r *http.Request, _ visitor) (page, error) {
	shop, err := s.workflow.Shop(r.Context(), venue)
	if err != nil {
		return page{}, err
	}
	data := displayPage{Shop: shop.Open}
	queue, err := s.queue(r.Context())
	if err != nil {
		return page{}, err
	}
	for _, o := range queue {
		if o.Number != "" {
			data.Queue = append(data.Queue, o)
		}
	}
	if data.Making, err = s.making(r.Context()); err != nil {
		return page{}, err
	}
	for _, o := range s.board.latest(ordermanager.StateCompleted, shownReady) {
		if time.Since(o.UpdatedAt) < shownFor {
			data.Ready = append(data.Ready, o)
		}
	}
	return page{title: "Display", content: "display", data: data}, nil
}
