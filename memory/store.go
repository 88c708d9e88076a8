// Package memory keeps everything in memory: a [Store], a [Resumer], a [Publisher] and a [Workflow] with the full
// contracts of package ordermanager. They are fakes for unit tests, and enough for a program that may forget.
//
// The store, the resumer and the publisher take a hook, with which a test makes them fail before or after they do their
// work. The resumer and the publisher also record what they were given.
package memory

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"hash/maphash"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/watch"
)

// Hook is called before an operation, with done false, and after it, with done true. An error is returned to the
// caller: the first prevents the operation, the second loses its answer. The key is the order's identifier, or "" if
// there is no single one. It may be called concurrently.
type Hook func(op string, key string, done bool) error

// around runs do between the two calls of the hook.
func around[T any](ctx context.Context, hook Hook, op, key string, do func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if hook == nil {
		return do()
	}
	if err := hook(op, key, false); err != nil {
		return none, err
	}
	answer, err := do()
	if err != nil {
		return none, err
	}
	if err := hook(op, key, true); err != nil {
		return none, err
	}
	return answer, nil
}

// shards is the number of locks that the orders are spread over, to reduce contention.
const shards = 64

// Store is an [ordermanager.Store] in memory. The zero Store is empty and ready to use.
type Store struct {
	// Hook is called around every operation: "apply", "settle", "get", "list" and "changes". Set it before the store is
	// used.
	Hook Hook

	shards [shards]shard
	// listed is set by the first listing: from then on changes are recorded for the index.
	listed atomic.Bool
	index  index
	// watched is set by the first call of [Store.Changes]: from then on changes are recorded.
	watched  atomic.Bool
	watching sync.Once
	changes  changes
}

type shard struct {
	mu      sync.Mutex
	orders  map[string]*ordermanager.Order
	changed map[string]struct{}
	_       [64]byte // keeps the locks of two shards off one cache line
}

var (
	_ ordermanager.Store = (*Store)(nil)
	_ watch.Watcher      = (*Store)(nil)
)

// NewStore returns an empty store.
func NewStore() *Store { return new(Store) }

var seed = maphash.MakeSeed()

func (s *Store) shard(orderID string) *shard {
	return &s.shards[maphash.String(seed, orderID)%shards]
}

// note records a changed order for the index. The caller holds the lock of its shard.
func (s *Store) note(shard *shard, orderID string) {
	if !s.listed.Load() {
		return
	}
	if shard.changed == nil {
		shard.changed = map[string]struct{}{}
	}
	shard.changed[orderID] = struct{}{}
}

// Apply implements [ordermanager.Store].
func (s *Store) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	return around(ctx, s.Hook, "apply", t.OrderID, func() (ordermanager.Result, error) {
		shard := s.shard(t.OrderID)
		shard.mu.Lock()
		defer shard.mu.Unlock()
		o := shard.orders[t.OrderID]
		if !t.Permits(o) {
			return ordermanager.Result{Order: clone(o)}, nil
		}
		before := o
		if o = t.Apply(o); o != before {
			if shard.orders == nil {
				shard.orders = map[string]*ordermanager.Order{}
			}
			shard.orders[t.OrderID] = o
		}
		s.note(shard, t.OrderID)
		if s.watched.Load() {
			s.changes.add(t.OrderID)
		}
		return ordermanager.Result{Applied: true, Order: o.Clone()}, nil
	})
}

// Settle implements [ordermanager.Store].
func (s *Store) Settle(ctx context.Context, settlement ordermanager.Settlement) error {
	_, err := around(ctx, s.Hook, "settle", settlement.OrderID, func() (struct{}, error) {
		shard := s.shard(settlement.OrderID)
		shard.mu.Lock()
		defer shard.mu.Unlock()
		if o := shard.orders[settlement.OrderID]; o != nil {
			settlement.Apply(o)
			s.note(shard, o.ID)
		}
		return struct{}{}, nil
	})
	return err
}

// Get implements [ordermanager.Store].
func (s *Store) Get(ctx context.Context, orderID string) (*ordermanager.Order, error) {
	return around(ctx, s.Hook, "get", orderID, func() (*ordermanager.Order, error) {
		return s.get(orderID), nil
	})
}

func (s *Store) get(orderID string) *ordermanager.Order {
	shard := s.shard(orderID)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	return clone(shard.orders[orderID])
}

// List implements [ordermanager.Store], oldest or newest first. The first listing builds an index and later ones update
// it, so a page costs no more than its orders.
func (s *Store) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	return around(ctx, s.Hook, "list", "", func() (ordermanager.Page, error) {
		after, err := decodeCursor(q)
		if err != nil {
			return ordermanager.Page{}, err
		}
		s.index.mu.Lock()
		defer s.index.mu.Unlock()
		s.refresh()
		var page ordermanager.Page
		s.index.walk(q, after, func(at place) bool {
			o := s.get(at.id)
			if !q.Matches(o) { // it has just changed
				return true
			}
			if len(page.Orders) == q.Limit {
				page.Cursor = encodeCursor(page.Orders[q.Limit-1])
				return false
			}
			page.Orders = append(page.Orders, o)
			return true
		})
		return page, nil
	})
}

// refresh updates the index. The caller holds its lock.
func (s *Store) refresh() {
	first := !s.listed.Swap(true)
	for i := range s.shards {
		shard := &s.shards[i]
		shard.mu.Lock()
		if first {
			for _, o := range shard.orders {
				s.index.update(o)
			}
		}
		for id := range shard.changed {
			s.index.update(shard.orders[id])
		}
		clear(shard.changed)
		shard.mu.Unlock()
	}
}

// Changes implements [watch.Watcher]. A position stays valid for 4,096 changes.
func (s *Store) Changes(ctx context.Context, after string, wait time.Duration) (watch.Changes, error) {
	return around(ctx, s.Hook, "changes", "", func() (watch.Changes, error) {
		s.watch()
		timer := time.NewTimer(wait)
		defer timer.Stop()
		for {
			ids, position, news, err := s.changes.since(after)
			if err != nil || after == "" || len(ids) > 0 || wait <= 0 {
				return watch.Changes{Orders: s.all(ids), Position: position}, err
			}
			select {
			case <-news:
			case <-timer.C:
				wait = 0
			case <-ctx.Done():
				return watch.Changes{}, ctx.Err()
			}
		}
	})
}

// watch makes sure that changes are recorded from now on.
func (s *Store) watch() {
	s.watching.Do(func() {
		s.changes.epoch, s.changes.latest = rand.Text()[:8], make([]string, remembered)
		s.watched.Store(true)
		for i := range s.shards { // a write in progress may not know yet
			s.shards[i].mu.Lock()
			s.shards[i].mu.Unlock() //nolint:staticcheck // waits for the write to end
		}
	})
}

// all returns the current state of orders.
func (s *Store) all(ids []string) []*ordermanager.Order {
	var orders []*ordermanager.Order
	for _, id := range ids {
		orders = append(orders, s.get(id))
	}
	return orders
}

func clone(o *ordermanager.Order) *ordermanager.Order {
	if o == nil {
		return nil
	}
	return o.Clone()
}

const cursorPrefix = "memory:"

func encodeCursor(o *ordermanager.Order) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s%d/%s", cursorPrefix, o.CreatedAt.UnixMilli(), o.ID))
}

func decodeCursor(q ordermanager.Query) (after place, err error) {
	switch {
	case q.Cursor == "" && q.Newest:
		return place{created: math.MaxInt64}, nil
	case q.Cursor == "":
		return place{created: math.MinInt64}, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	key, ours := strings.CutPrefix(string(data), cursorPrefix)
	created, id, cut := strings.Cut(key, "/")
	millis, errNumber := strconv.ParseInt(created, 10, 64)
	if err != nil || !ours || !cut || errNumber != nil {
		return place{}, fmt.Errorf("%w: the cursor is not from this listing", ordermanager.ErrInvalidRequest)
	}
	return place{millis, id}, nil
}
