package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/watch"
)

// board counts the orders in each state, and keeps those that ended last. It must see every change, in any sequence and
// any number of times: it sees those of this program when they are written, and those of other programs when the pages
// are told.
type board struct {
	table  table
	mu     sync.Mutex
	counts map[ordermanager.State]int
	ended  []ordermanager.Order // the latest first
	// known are the orders that are open, and those that have ended lately.
	known  map[string]counted
	lately []string
	// since tells whether an ended order that is not known is counted already: only those created later are not.
	since time.Time
	// position is how far the store's changes have been seen.
	position string
}

// counted is an order as it is in the counts.
type counted struct {
	version int
	state   ordermanager.State
	created time.Time
}

const (
	// remembered is how many ended orders are kept, and recalled how many are known.
	remembered = 40
	recalled   = 4096
)

func newBoard(t table) *board {
	return &board{table: t, counts: map[ordermanager.State]int{}, known: map[string]counted{}}
}

// see records a changed order.
func (b *board) see(o ordermanager.Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, found := b.known[o.ID]
	if found && before.version >= o.Version {
		return
	}
	ended := b.table.Terminal(o.State)
	if found {
		b.counts[before.state]--
	}
	if found || !ended || o.CreatedAt.After(b.since) {
		b.counts[o.State]++
	}
	b.known[o.ID] = counted{o.Version, o.State, o.CreatedAt}
	if ended && (!found || !b.table.Terminal(before.state)) {
		b.recall(o.ID)
	}
	b.remember(o)
}

// recall keeps an ended order among the known ones for a while.
func (b *board) recall(id string) {
	b.lately = append(b.lately, id)
	if len(b.lately) > recalled {
		oldest := b.lately[0]
		if created := b.known[oldest].created; created.After(b.since) {
			b.since = created
		}
		delete(b.known, oldest)
		b.lately = b.lately[1:]
	}
}

// sees reports whether it has seen an order in this version.
func (b *board) sees(o *ordermanager.Order) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known[o.ID].version >= o.Version
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

// latest returns up to n orders that ended in such a state, latest first.
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

// store wraps a store so that the board sees every change.
func (b *board) store(store *sqlitestore.Store) ordermanager.Store { return watchedStore{store, b} }

type watchedStore struct {
	*sqlitestore.Store
	board *board
}

// Apply implements [ordermanager.Store].
func (s watchedStore) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	result, err := s.Store.Apply(ctx, t)
	if err == nil && result.Applied {
		s.board.see(tokenless(result.Order))
	}
	return result, err
}

// Changes implements [watch.Watcher]. The board sees every change before anybody is told of it.
func (s watchedStore) Changes(ctx context.Context, after string, wait time.Duration) (watch.Changes, error) {
	if after == "" { // somebody begins to listen: other programs may have changed something while nobody listened
		if err := s.catchUp(ctx); err != nil {
			return watch.Changes{}, err
		}
	}
	changes, err := s.Store.Changes(ctx, after, wait)
	if err != nil {
		return changes, err
	}
	return changes, s.show(ctx, changes.Orders)
}

func (s watchedStore) catchUp(ctx context.Context) error {
	for {
		changes, err := s.Store.Changes(ctx, s.board.seen(), 0)
		if errors.Is(err, watch.ErrPositionUnknown) {
			changes, err = s.Store.Changes(ctx, "", 0)
		}
		if err == nil {
			err = s.show(ctx, changes.Orders)
		}
		if err != nil {
			return err
		}
		if s.board.seenUpTo(changes.Position); len(changes.Orders) == 0 {
			return nil
		}
	}
}

// show shows the board the orders that it has not seen, with their history, which is not part of a change.
func (s watchedStore) show(ctx context.Context, orders []*ordermanager.Order) error {
	for _, o := range orders {
		if s.board.sees(o) {
			continue
		}
		whole, err := s.Get(ctx, o.ID)
		switch {
		case err == nil && whole != nil:
			s.board.see(tokenless(whole))
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	return nil
}

func (b *board) seen() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.position
}

func (b *board) seenUpTo(position string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.position = position
}

// tokenless is a copy of an order for pages: no token leaves the store for them.
func tokenless(o *ordermanager.Order) ordermanager.Order {
	copied := *o.Clone()
	copied.FirstWait, copied.SecondWait = ordermanager.WaitSlot{}, ordermanager.WaitSlot{}
	return copied
}
