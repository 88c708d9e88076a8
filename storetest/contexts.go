package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/brewline/ordermanager"
)

// contextCases has a case for each method and each way in which its context can be done.
func contextCases() []promise {
	ways := []struct {
		name string
		done func(ctx context.Context) (context.Context, context.CancelFunc)
		err  error
	}{
		{"was cancelled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, context.Canceled},
		{"has expired", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithDeadline(ctx, time.Now().Add(-time.Second))
		}, context.DeadlineExceeded},
	}
	var cases []promise
	for _, way := range ways {
		calls := []struct {
			name string
			call func(ctx context.Context, c *checker, o *order) error
		}{
			{"Apply writes nothing when its context ", func(ctx context.Context, c *checker, o *order) error {
				_, err := c.Store.Apply(ctx, withEvent(o.claim(anna)))
				return err
			}},
			{"Apply creates nothing when its context ", func(ctx context.Context, c *checker, _ *order) error {
				created := c.order()
				_, err := c.Store.Apply(ctx, created.create("customer", "venue"))
				c.same(created.id, nil)
				return err
			}},
			{"Settle writes nothing when its context ", func(ctx context.Context, c *checker, o *order) error {
				return c.Store.Settle(ctx, settlement{
					OrderID: o.id, Version: o.model.Version, First: o.model.FirstWait.Token, Everything: true,
				})
			}},
			{"Get fails when its context ", func(ctx context.Context, c *checker, o *order) error {
				_, err := c.Store.Get(ctx, o.id)
				return err
			}},
			{"List fails when its context ", func(ctx context.Context, c *checker, o *order) error {
				_, err := c.Store.List(ctx, ordermanager.Query{Customer: o.model.Customer, Limit: 10})
				return err
			}},
		}
		for _, call := range calls {
			cases = append(cases, promise{name: call.name + way.name, invariant: "9", run: func(c *checker) {
				o := c.withDrink()
				ctx, cancel := way.done(c.ctx)
				defer cancel()
				if err := call.call(ctx, c, o); !errors.Is(err, way.err) {
					c.fail("the error is %v, it must wrap %w", err, way.err)
				}
				c.same(o.id, o.model)
				c.contains(allOwing, o.id, true)
			}})
		}
	}
	return cases
}
