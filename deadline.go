package ordermanager

import (
	"context"
	"sync"
	"time"
)

// limitedContext ends a call after some time, and costs a timer only if somebody waits for it: a store in memory never does.
type limitedContext struct {
	context.Context
	until time.Time

	mu     sync.Mutex
	timed  context.Context
	cancel context.CancelFunc
}

// limit returns a context that ends after d at the latest. It must be released.
func limit(ctx context.Context, d time.Duration) *limitedContext {
	return &limitedContext{Context: ctx, until: time.Now().Add(d)}
}

func (c *limitedContext) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		c.cancel()
	}
}

// Deadline implements [context.Context].
func (c *limitedContext) Deadline() (time.Time, bool) {
	if deadline, ok := c.Context.Deadline(); ok && deadline.Before(c.until) {
		return deadline, true
	}
	return c.until, true
}

// inner is the context with the timer; nil as long as nobody waited.
func (c *limitedContext) inner(wait bool) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil && wait {
		c.timed, c.cancel = context.WithDeadline(c.Context, c.until)
	}
	return c.timed
}

// Done implements [context.Context].
func (c *limitedContext) Done() <-chan struct{} { return c.inner(true).Done() }

// Err implements [context.Context].
func (c *limitedContext) Err() error {
	if inner := c.inner(false); inner != nil {
		return inner.Err()
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	if !time.Now().Before(c.until) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements [context.Context]. Asking the inner context lets contexts that are derived from this one end with it without
// a goroutine.
func (c *limitedContext) Value(key any) any {
	if inner := c.inner(false); inner != nil {
		return inner.Value(key)
	}
	return c.Context.Value(key)
}
