package main

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/brewline/ordermanager"
)

// board keeps how many orders are in each state, and the orders that ended last. It sees every transition that the
// store has applied.
type board struct {
	table  table
	mu     sync.Mutex
	counts map[ordermanager.State]int
	ended  []ordermanager.Order // the latest first
}

// remembered is how many ended orders are kept.
const remembered = 40

func newBoard(t table) *board {
	return &board{table: t, counts: map[ordermanager.State]int{}}
}

// see takes in a transition, whatever the order in which it hears of them.
func (b *board) see(o ordermanager.Order, e ordermanager.Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.From != e.To {
		b.counts[e.To]++
		if e.From != "" {
			b.counts[e.From]--
		}
	}
	b.remember(o)
}

// remember keeps an order if it is among those that ended last.
func (b *board) remember(o ordermanager.Order) {
	if !b.table.Terminal(o.State) {
		return
	}
	known := slices.IndexFunc(b.ended, func(e ordermanager.Order) bool { return e.ID == o.ID })
	if known >= 0 && b.ended[known].Version > o.Version {
		return
	}
	if known >= 0 {
		b.ended = slices.Delete(b.ended, known, known+1)
	}
	at, _ := slices.BinarySearchFunc(b.ended, o, func(e, o ordermanager.Order) int {
		return cmp.Compare(o.UpdatedAt.UnixMilli(), e.UpdatedAt.UnixMilli())
	})
	if at < remembered {
		b.ended = slices.Insert(b.ended, at, o)
		b.ended = b.ended[:min(len(b.ended), remembered)]
	}
}

// count returns how many orders are in the state.
func (b *board) count(state ordermanager.State) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts[state]
}

// latest returns up to n orders that ended in such a state, the latest first.
func (b *board) latest(such func(ordermanager.State) bool, n int) []ordermanager.Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []ordermanager.Order
	for _, o := range b.ended {
		if such(o.State) && len(found) < n {
			found = append(found, o)
		}
	}
	return found
}

// store returns a store that does what the given one does and shows the board what becomes of the orders.
func (b *board) store(store ordermanager.Store) ordermanager.Store { return watchedStore{store, b} }

type watchedStore struct {
	ordermanager.Store
	board *board
}

// Apply implements [ordermanager.Store].
func (s watchedStore) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	result, err := s.Store.Apply(ctx, t)
	if err != nil || !result.Applied {
		return result, err
	}
	o := *result.Order.Clone()
	o.FirstWait, o.SecondWait = ordermanager.WaitSlot{}, ordermanager.WaitSlot{} // no token leaves the store for a page
	if entry, _, found := o.Entry(t.Entry.RequestID); found {
		s.board.see(o, entry)
	}
	return result, nil
}
