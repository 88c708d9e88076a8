package main

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/brewline/ordermanager"
)

// board keeps what no listing gives: how many orders are in each state, and the orders that ended last. It sees every order that the
// store hands out after a transition, and is filled from the listings when the bar opens.
type board struct {
	mu     sync.Mutex
	last   map[string]glimpse
	counts map[ordermanager.State]int
	ended  []ordermanager.Order // the latest first
}

// glimpse is an order as it was last seen.
type glimpse struct {
	state   ordermanager.State
	version int
}

// remembered is how many ended orders are kept.
const remembered = 40

func newBoard() *board {
	return &board{last: map[string]glimpse{}, counts: map[ordermanager.State]int{}}
}

// fill reads what is there already.
func (b *board) fill(ctx context.Context, manager *ordermanager.Manager) error {
	for _, state := range ordermanager.States() {
		for o, err := range manager.Orders(ctx, ordermanager.Query{State: state, Limit: ordermanager.MaxPageSize}) {
			if err != nil {
				return err
			}
			b.see(o)
		}
	}
	// Listed orders have no history.
	for i := range b.ended {
		o, err := manager.Order(ctx, b.ended[i].ID)
		if err != nil {
			return err
		}
		b.ended[i] = o
	}
	return nil
}

func (b *board) see(o ordermanager.Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, known := b.last[o.ID]
	if known && before.version >= o.Version {
		return
	}
	if known {
		b.counts[before.state]--
	}
	b.counts[o.State]++
	b.last[o.ID] = glimpse{o.State, o.Version}
	if !ordermanager.StandardLifecycle.Terminal(o.State) {
		return
	}
	b.ended = slices.DeleteFunc(b.ended, func(e ordermanager.Order) bool { return e.ID == o.ID })
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

// latest returns up to n orders that ended in the state, or in any if it is empty, the latest first.
func (b *board) latest(state ordermanager.State, n int) []ordermanager.Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []ordermanager.Order
	for _, o := range b.ended {
		if (state == "" || o.State == state) && len(found) < n {
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
	if err == nil && result.Order != nil {
		o := *result.Order.Clone()
		o.FirstWait, o.SecondWait = ordermanager.WaitSlot{}, ordermanager.WaitSlot{} // no token leaves the store for a page
		s.board.see(o)
	}
	return result, err
}
