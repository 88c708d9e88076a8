package main

import "github.com/brewline/ordermanager"

// step is a station on an order's way.
type step struct {
	Name string
	// Done and Now say where the order stands; Failed that it ended here without a drink.
	Done, Now, Failed bool
}

// steps shows how far an order has come.
func steps(o *ordermanager.Order) []step {
	names := [...]string{"Choose a drink", "In the queue", "Being made", "Ready"}
	at := 0
	switch {
	case o.State == ordermanager.StateCompleted:
		at = len(names) - 1
	case o.State == ordermanager.StateMaking, o.State == ordermanager.StateCancelled && o.Barista != "":
		at = 2
	case o.Drink != nil:
		at = 1
	}
	cancelled := o.State == ordermanager.StateCancelled
	all := make([]step, 0, len(names))
	for i, name := range names {
		all = append(all, step{Name: name, Done: i < at, Now: i == at && !cancelled, Failed: i == at && cancelled})
	}
	return all
}
