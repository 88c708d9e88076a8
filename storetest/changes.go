package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/watch"
)

// patience is how long a case waits for a change. Only a case that fails waits that long.
const patience = 30 * time.Second

// follower follows the changes of a store from a position.
type follower struct {
	c        *checker
	store    watch.Watcher
	position string
	// latest holds the latest version of each order that it was told of.
	latest map[string]*ordermanager.Order
}

// follow begins to follow the changes at one of the clients.
func (c *checker) follow(store ordermanager.Store) *follower {
	f := &follower{c: c, store: store.(watch.Watcher), latest: map[string]*ordermanager.Order{}}
	orders, err := f.read(0)
	c.check(err)
	if len(orders) > 0 {
		c.fail("the empty position, which is that of the moment, came with %s", plural(len(orders), "orders"))
	}
	return f
}

// at returns another follower that continues from the same position at one of the clients.
func (f *follower) at(store ordermanager.Store) *follower {
	latest := map[string]*ordermanager.Order{}
	return &follower{c: f.c, store: store.(watch.Watcher), position: f.position, latest: latest}
}

// read asks for changes once.
func (f *follower) read(wait time.Duration) ([]*ordermanager.Order, error) {
	ctx, cancel := context.WithTimeout(f.c.ctx, patience)
	defer cancel()
	changes, err := f.store.Changes(ctx, f.position, wait)
	if err != nil {
		return nil, fmt.Errorf("asking for changes failed: %w", err)
	}
	position := changes.Position
	if position == "" || strings.ContainsFunc(position, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("the position %q is empty, or is not printable ASCII without spaces", position)
	}
	f.position = position
	for _, o := range changes.Orders {
		if o == nil {
			return nil, errors.New("among the changes is an order that is nil")
		}
		if known := f.latest[o.ID]; known == nil || known.Version <= o.Version {
			f.latest[o.ID] = o
		}
	}
	return changes.Orders, nil
}

// until reads until it has been told of these orders at these versions or later.
func (f *follower) until(versions map[string]int) error {
	deadline := time.Now().Add(patience)
	for {
		missing := ""
		for id, version := range versions {
			if o := f.latest[id]; o == nil || o.Version < version {
				missing = fmt.Sprintf("version %d of the order %q", version, id)
			}
		}
		switch {
		case missing == "":
			return nil
		case !time.Now().Before(deadline):
			return fmt.Errorf("after %v nothing was told of %s", patience, missing)
		}
		if _, err := f.read(time.Second); err != nil {
			return err
		}
	}
}

// drain reads until there are no more changes.
func (f *follower) drain() {
	for {
		orders, err := f.read(0)
		f.c.check(err)
		if len(orders) == 0 {
			return
		}
	}
}

// changeCases are the promises of a store that is a Watcher.
func changeCases() []promise {
	cases := []promise{
		{name: "the empty position is that of the moment, and is told at once", run: func(c *checker) {
			o := c.begun()
			ctx, cancel := context.WithTimeout(c.ctx, patience)
			defer cancel()
			changes, err := c.Store.(watch.Watcher).Changes(ctx, "", time.Hour)
			c.check(err)
			if len(changes.Orders) > 0 {
				c.fail("it came with %s", plural(len(changes.Orders), "orders"))
			}
			f := c.follow(c.Store)
			o.must(o.put())
			c.check(f.until(map[string]int{o.id: 2}))
		}},
		{name: "an order that changed comes as it is now", run: func(c *checker) {
			f := c.follow(c.Store)
			o := c.withDrink()
			c.check(f.until(map[string]int{o.id: 2}))
			o.must(withEvent(o.claim(anna)))
			o.must(o.release(anna))
			o.must(o.claim(ben))
			c.check(f.until(map[string]int{o.id: 5}))
			c.check(sameListed(f.latest[o.id], o.model))
		}},
		{name: "no change is missed while many write", invariant: "5", run: func(c *checker) {
			const writers, orders, changes = 8, 3, 12
			f := c.follow(c.Store)
			want := map[string]int{}
			var steps []func() error
			for w := range writers {
				store := []ordermanager.Store{c.Store, c.Second}[w%2]
				var own []*order
				for range orders {
					o := c.order()
					own, want[o.id] = append(own, o), changes
				}
				steps = append(steps, func() error {
					for n := range changes {
						for _, o := range own {
							t := o.step(ordermanager.ActionMake, workflow)
							if n == 0 {
								t = o.create("customer", "venue")
							}
							if result, err := store.Apply(c.ctx, t); err != nil || !result.Applied {
								return fmt.Errorf("a transition that the case needs was not applied: %w", err)
							}
						}
					}
					return nil
				})
			}
			c.together(append(steps, func() error { return f.until(want) })...)
		}},
		{name: "any position can be gone on from, at another client too", invariant: "5", run: func(c *checker) {
			f := c.follow(c.Store)
			places := []*follower{f.at(c.Second)}
			var orders []*order
			for range 5 {
				o := c.withDrink()
				orders = append(orders, o)
				c.check(f.until(map[string]int{o.id: 2}))
				places = append(places, f.at(c.Second))
			}
			for i, place := range places {
				place.drain() // without waiting: all of it was told of before
				for _, o := range orders[i:] {
					if got := place.latest[o.id]; got == nil || got.Version != o.model.Version {
						c.fail("of %d changes after a position, that of the order %q is missing", len(orders)-i, o.id)
					}
				}
			}
		}},
		{name: "a position that is none of the store's is unknown", run: func(c *checker) {
			for _, position := range []string{"x", "0", "-1", "no position", "AAAA", strings.Repeat("9", 100)} {
				f := c.follow(c.Store)
				f.position = position
				if _, err := f.read(0); !errors.Is(err, watch.ErrPositionUnknown) {
					c.fail("after the position %q: %v, it must wrap %w", clip(position), err, watch.ErrPositionUnknown)
				}
			}
		}},
		{name: "who waits is told of a change as it comes", run: func(c *checker) {
			f := c.follow(c.Second)
			o := c.begun()
			c.check(f.until(map[string]int{o.id: 1}))
			c.together(func() error {
				deadline := time.Now().Add(patience)
				for f.latest[o.id].Version < 2 && time.Now().Before(deadline) {
					if _, err := f.read(time.Hour); err != nil {
						return err
					}
				}
				return nil
			}, func() error {
				<-time.After(pause) // it waits by now
				result, err := c.Store.Apply(c.ctx, o.put())
				o.model = result.Order
				return err
			})
			if f.latest[o.id].Version < 2 {
				c.fail("it was not")
			}
		}},
		{name: "who waits while nothing changes is told so, and not that something failed", run: func(c *checker) {
			f := c.follow(c.Store)
			for _, wait := range []time.Duration{-time.Second, 0, pause} {
				_, err := f.read(wait)
				c.check(err)
			}
			f.drain()
		}},
		{name: "what Changes returned can be changed without changing the store", run: func(c *checker) {
			f := c.follow(c.Store)
			again := f.at(c.Store)
			o := c.withDrink()
			for _, place := range []*follower{f, again} {
				c.check(place.until(map[string]int{o.id: 2}))
				got := place.latest[o.id]
				c.check(sameListed(got, o.model))
				scribble(got)
				c.same(o.id, o.model)
			}
		}},
		{name: "Changes fails when its context is done, before and while it waits", invariant: "9", run: func(c *checker) {
			f := c.follow(c.Store)
			for _, delay := range []time.Duration{0, pause} {
				ctx, cancel := context.WithCancel(c.ctx)
				stop := time.AfterFunc(delay, cancel)
				if delay == 0 {
					cancel()
				}
				deadline := time.Now().Add(patience)
				var err error
				for err == nil && time.Now().Before(deadline) { // others may change something, and it may give up waiting
					_, err = f.store.Changes(ctx, f.position, patience)
				}
				stop.Stop()
				cancel()
				if !errors.Is(err, context.Canceled) {
					c.fail("the error is %v, it must wrap %w", err, context.Canceled)
				}
			}
		}},
	}
	for i := range cases {
		cases[i].watcher = true
	}
	return cases
}
