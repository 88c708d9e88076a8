package main

import (
	"slices"

	"github.com/brewline/ordermanager"
)

// step is a stage of an order.
type step struct {
	Name string
	// Done and Now say where the order stands; Failed that it ended here, off the way.
	Done, Now, Failed bool
}

// steps shows how far an order has come on the usual way, or where it left that way.
func (t table) steps(o *ordermanager.Order) []step {
	way := t.way()
	names := []string{"Choose a drink"}
	for _, state := range way {
		names = append(names, t.station(state))
	}
	last := o.State
	for _, e := range slices.Backward(o.History) {
		if slices.Contains(way, last) {
			break
		}
		last = e.From
	}
	at := 0
	if o.Drink != nil {
		at = max(0, slices.Index(way, last)) + 1
	}
	failed := t.Terminal(o.State) && o.State != last
	all := make([]step, 0, len(names))
	for i, name := range names {
		all = append(all, step{Name: name, Done: i < at, Now: i == at && !failed, Failed: i == at && failed})
	}
	return all
}
