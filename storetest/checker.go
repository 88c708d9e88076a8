package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/watch"
)

// Harness is what a case works on.
type Harness struct {
	// Store is the store under test.
	Store ordermanager.Store
	// Second is another client of the same data, for a store that several processes share. Default: Store itself.
	Second ordermanager.Store
	// Lag is how far a listing may lag behind writes. A case that does not find what it expects in a listing looks
	// again until the lag is over. Default: not at all.
	Lag time.Duration
}

// Case is one promise of the contract.
type Case struct {
	// Topic is the part of the contract that the promise belongs to.
	Topic string
	// Name is the promise.
	Name string
	// Invariant is the number of the invariant in docs/guarantees.md that depends on the promise; empty if none depends
	// on it alone.
	Invariant string
	// Needs is the life cycle that the promise is about; the zero one for the standard life cycle.
	Needs ordermanager.Lifecycle
	// Watcher says that the promise belongs to [watch.Watcher], which not every store implements.
	Watcher bool
	// Run returns nil if the store keeps the promise, and otherwise an error that says how it broke it. The error wraps
	// [ErrNotAsked] if the store refuses the life cycle or is not a Watcher. Run does not clean up.
	Run func(ctx context.Context, h Harness) error
}

// ErrNotAsked is returned by a case whose life cycle the store refuses (see [ordermanager.LifecycleChecker]), and by a
// case for a [watch.Watcher] if the store is not one. It hides no failure: nobody can build a Manager with that life
// cycle on the store, or ask it for changes.
var ErrNotAsked = errors.New("the store does not do what this case is about, and says so")

// refuses asks a store whether it can keep a life cycle.
func refuses(store ordermanager.Store, lifecycle ordermanager.Lifecycle) error {
	checker, ok := store.(ordermanager.LifecycleChecker)
	if !ok {
		return nil
	}
	return checker.CheckLifecycle(lifecycle)
}

// promise is a case as this package's files define it.
type promise struct {
	name      string
	invariant string
	run       func(c *checker)
	// needs returns the life cycle that it is about; nil for the standard one.
	needs func() ordermanager.Lifecycle
	// watcher says that it is about a [watch.Watcher].
	watcher bool
}

// check runs a promise against a store.
func (p promise) check(ctx context.Context, h Harness) (err error) {
	if h.Second == nil {
		h.Second = h.Store
	}
	if _, tells := h.Store.(watch.Watcher); p.watcher && !tells {
		return fmt.Errorf("%w: it is no Watcher", ErrNotAsked)
	}
	if p.needs != nil {
		if err := refuses(h.Store, p.needs()); err != nil {
			return fmt.Errorf("%w: %w", ErrNotAsked, err)
		}
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.err
		default:
			panic(r)
		}
	}()
	p.run(&checker{Harness: h, ctx: ctx})
	return nil
}

// checker is a running case. Its methods end the case when the store does something else than they require: they panic
// with a failure, which check turns into the error of the case. So a case reads like a story.
type checker struct {
	Harness
	ctx context.Context
}

// fail ends the case. It must be called from the goroutine of the case.
func (c *checker) fail(format string, args ...any) {
	panic(failure{fmt.Errorf(format, args...)})
}

func (c *checker) check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// apply carries a transition out.
func (c *checker) apply(t ordermanager.Transition) ordermanager.Result {
	result, err := c.Store.Apply(c.ctx, t)
	if err != nil {
		c.fail("Apply failed: %w (%s)", err, describe(t))
	}
	return result
}

// get reads an order.
func (c *checker) get(orderID string) *ordermanager.Order {
	o, err := c.Store.Get(c.ctx, orderID)
	if err != nil {
		c.fail("Get failed: %w", err)
	}
	return o
}

// settle settles.
func (c *checker) settle(s ordermanager.Settlement) {
	if err := c.Store.Settle(c.ctx, s); err != nil {
		c.fail("Settle failed: %w", err)
	}
}

// list reads a listing to its end.
func (c *checker) list(q ordermanager.Query) []*ordermanager.Order {
	all, err := c.walk(q)
	c.check(err)
	return all
}

// mostPages is how many pages a listing may have before it counts as endless.
const mostPages = 100_000

func (c *checker) walk(q ordermanager.Query) ([]*ordermanager.Order, error) {
	var all []*ordermanager.Order
	for range mostPages {
		page, err := c.Store.List(c.ctx, q)
		if err != nil {
			return nil, fmt.Errorf("a listing failed: %w", err)
		}
		if len(page.Orders) > q.Limit {
			return nil, fmt.Errorf("a page has %d orders, and its limit is %d", len(page.Orders), q.Limit)
		}
		if slices.Contains(page.Orders, nil) {
			return nil, errors.New("a page has an order that is nil")
		}
		for _, skipped := range page.Skipped { // orders of others; a case would miss its own
			if skipped.OrderID == "" || skipped.Err == nil {
				return nil, fmt.Errorf("a page passed over the order %q and does not say why or which", skipped.OrderID)
			}
		}
		all = append(all, page.Orders...)
		if page.Cursor == "" {
			return all, nil
		}
		q.Cursor = page.Cursor
	}
	return nil, errors.New("a listing does not end: its cursor is never empty")
}

// pause is the time between two looks at a listing that lags.
const pause = 20 * time.Millisecond

// eventually looks until nothing is wrong or the lag is over.
func (c *checker) eventually(look func() error) {
	deadline := time.Now().Add(c.Lag)
	for {
		err := look()
		if err == nil {
			return
		}
		if !time.Now().Before(deadline) {
			c.check(err)
		}
		select {
		case <-c.ctx.Done():
			c.check(c.ctx.Err())
		case <-time.After(pause):
		}
	}
}

// listed waits until the listing has exactly these orders. It is for listings by a customer or venue that only this
// case uses.
func (c *checker) listed(q ordermanager.Query, want ...string) {
	c.eventually(func() error {
		all, err := c.walk(q)
		if err != nil {
			return err
		}
		return sameIDs(ids(all), want)
	})
}

// contains waits until the listing contains the order once, or does not contain it. It may contain other orders: the
// table may be shared.
func (c *checker) contains(q ordermanager.Query, orderID string, want bool) {
	c.eventually(func() error {
		all, err := c.walk(q)
		if err != nil {
			return err
		}
		times := len(slices.DeleteFunc(ids(all), func(id string) bool { return id != orderID }))
		switch {
		case want && times == 0:
			return fmt.Errorf("the listing of %s lacks the order %q", describeQuery(q), orderID)
		case want && times > 1:
			return fmt.Errorf("the listing of %s has the order %q %d times", describeQuery(q), orderID, times)
		case !want && times > 0:
			return fmt.Errorf("the listing of %s has the order %q, which does not belong to it", describeQuery(q), orderID)
		}
		return nil
	})
}

// containsAll waits until the listing contains each of these orders once and none of the others.
func (c *checker) containsAll(q ordermanager.Query, want, others []string) {
	c.eventually(func() error {
		all, err := c.walk(q)
		if err != nil {
			return err
		}
		times := map[string]int{}
		for _, id := range ids(all) {
			times[id]++
		}
		for _, id := range want {
			if times[id] != 1 {
				return fmt.Errorf("the listing of %s has the order %q %d times", describeQuery(q), id, times[id])
			}
		}
		for _, id := range others {
			if times[id] > 0 {
				return fmt.Errorf("the listing of %s has the order %q, which does not belong to it", describeQuery(q), id)
			}
		}
		return nil
	})
}

type failure struct{ err error }

func ids(orders []*ordermanager.Order) []string {
	all := make([]string, len(orders))
	for i, o := range orders {
		all[i] = o.ID
	}
	return all
}

// sameIDs compares identifiers in any order.
func sameIDs(got, want []string) error {
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("the listing has the orders %q, it must have %q", got, want)
	}
	return nil
}
