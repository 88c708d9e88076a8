package ordermanager

import (
	"context"
	"sync/atomic"
	"time"
)

// limitedContext ends a call after some time. The time starts when somebody waits for its end or asks for it a second
// time: a call that only asks whether it may begin, as to a store in memory, reads no clock and has no timer.
type limitedContext struct {
	context.Context
	limit time.Duration
	// ends is when it ends, as time since the program began; 0 until the time starts.
	ends  atomic.Int64
	asked atomic.Bool
	timed atomic.Pointer[timedContext]
}

type timedContext struct {
	context.Context
	cancel context.CancelFunc
}

// limit returns a context that ends after d at the latest. It must be released.
func limit(ctx context.Context, d time.Duration) *limitedContext {
	return &limitedContext{Context: ctx, limit: d}
}

func (c *limitedContext) release() {
	if timed := c.timed.Load(); timed != nil {
		timed.cancel()
	}
}

// began is the origin of times: one clock is cheaper to read than the two that [time.Now] reads.
var began = time.Now()

// left returns the time that is left.
func (c *limitedContext) left() time.Duration {
	now := time.Since(began)
	if c.ends.Load() == 0 {
		c.ends.CompareAndSwap(0, int64(now+c.limit))
	}
	return time.Duration(c.ends.Load()) - now
}

// Deadline implements [context.Context].
func (c *limitedContext) Deadline() (time.Time, bool) {
	until := time.Now().Add(c.left())
	if deadline, ok := c.Context.Deadline(); ok && deadline.Before(until) {
		return deadline, true
	}
	return until, true
}

// Done implements [context.Context].
func (c *limitedContext) Done() <-chan struct{} {
	if timed := c.timed.Load(); timed != nil {
		return timed.Done()
	}
	timed := new(timedContext)
	timed.Context, timed.cancel = context.WithTimeout(c.Context, c.left())
	if !c.timed.CompareAndSwap(nil, timed) {
		timed.cancel()
	}
	return c.timed.Load().Done()
}

// Err implements [context.Context].
func (c *limitedContext) Err() error {
	if timed := c.timed.Load(); timed != nil {
		return timed.Err()
	}
	if err := c.Context.Err(); err != nil {
		return err
	}
	if first := !c.asked.Swap(true); first && c.limit > 0 {
		return nil
	}
	if c.left() <= 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements [context.Context]. Asking the context with the timer lets contexts that are derived from this one
// end with it without a goroutine.
func (c *limitedContext) Value(key any) any {
	if timed := c.timed.Load(); timed != nil {
		return timed.Value(key)
	}
	return c.Context.Value(key)
}
