package workflowtest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/internal/limitstest"
	"github.com/brewline/ordermanager/workflow"
)

func countsOverTime(h *house) {
	p := h.open(workflow.Options{Limits: limitstest.Limits})
	limitstest.Counts(h.T, limitstest.Shop{
		Starter: p.flow, Manager: p.manager, Pass: h.pass,
		Complete: func(id string) error {
			return errors.Join(p.handle(id, ordermanager.ActionMake), p.handle(id, ordermanager.ActionComplete))
		},
	})
}

func countsNoTimeOut(h *house) {
	p := h.open(workflow.Options{Limits: capacity.Limits{MaxPerDay: 1}, DrinkTimeout: time.Minute})
	p.begins("1", "ada", "", nil)
	p.begins("2", "ada", "", workflow.ErrTooManyOrders)
	h.pass(2 * time.Minute)
	p.advances()
	p.begins("2", "ada", "", nil)
}

func takesNoOrder(h *house) {
	p := h.open(workflow.Options{Limits: capacity.Limits{MaxInQueue: 3, MaxPerCustomer: 2}})
	refuses := func(id, customer, venue string, want error) {
		h.Helper()
		p.begins(id, customer, venue, want)
		if _, err := p.manager.Order(h.Context(), id); id != "1" && !errors.Is(err, ordermanager.ErrOrderNotFound) {
			h.Errorf("a refused order is there (%v)", err)
		}
	}
	p.begins("1", "ada", "NYC", nil)
	refuses("1", "ada", "NYC", ordermanager.ErrOrderExists)
	p.begins("2", "ada", "NYC", nil)
	refuses("3", "ada", "NYC", workflow.ErrTooManyOrders)
	p.begins("ada elsewhere", "ada", "LON", nil)
	p.begins("4", "cy", "NYC", nil)
	refuses("5", "dee", "NYC", workflow.ErrQueueFull)

	p.puts("1")
	p.advances()
	refuses("6", "dee", "NYC", workflow.ErrQueueFull) // an order that waits for completion is open
	p.completes("1")
	p.begins("7", "dee", "NYC", nil)

	h.must(p.flow.SetOpen(h.Context(), "LON", false))
	refuses("8", "dee", "LON", workflow.ErrShopClosed)
	p.puts("ada elsewhere") // open orders continue
	for venue, want := range map[string]workflow.Shop{
		"NYC":     {Venue: "NYC", Open: true, InQueue: 3, LastNumber: 1},
		"LON":     {Venue: "LON", Open: false, InQueue: 1, LastNumber: 1},
		"unknown": {Venue: "unknown", Open: true},
	} {
		shop, err := p.flow.Shop(h.Context(), venue)
		if diff := cmp.Diff(want, shop); err != nil || diff != "" {
			h.Errorf("%v %s", err, diff)
		}
	}
	h.must(p.flow.SetOpen(h.Context(), "LON", true))
	p.begins("8", "dee", "LON", nil)
}

func keepsLimits(h *house) {
	limitstest.NeverExceeded(h.T, func(t *testing.T, limits capacity.Limits) (starters []limitstest.Starter) {
		for _, p := range newHouse(t, h.another).openMany(workflow.Options{Limits: limits}) {
			starters = append(starters, p.flow)
		}
		return starters
	})
}

func refusesOptions(h *house) {
	db := h.start().Database
	for _, options := range []workflow.Options{
		{DrinkTimeout: -1},
		{CompletionTimeout: -1},
		{Limits: capacity.Limits{MaxInQueue: -1}},
		{Retention: -1},
		{Retention: time.Hour},
		{Retention: 25 * time.Hour, Limits: capacity.Limits{MaxInWindow: 1, Window: 26 * time.Hour}},
	} {
		if _, err := workflow.New(db, &options); !errors.Is(err, ordermanager.ErrInvalidOptions) {
			h.Errorf("%+v: %v", options, err)
		}
	}
}
