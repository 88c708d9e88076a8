// Package faulty puts faults between a Manager and what it talks to, and opens every store of the module behind them.
//
// A [Network] is made from a seed. Each caller on it has a stream of random numbers of its own, which travels in the
// context: which call meets which fault depends on the seed and on what that caller did before, and not on who was
// faster. The same faults befall a store in process, through [Store], and Amazon DynamoDB, below the SDK, through
// [Transport].
package faulty

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Fault is what can befall one call.
type Fault string

// The faults. The first ones leave it certain, to somebody who knows of them, whether the call was carried out.
const (
	// None is none.
	None Fault = ""
	// Lost is a request that never arrives.
	Lost Fault = "request lost"
	// Unanswered is a request that is carried out, and whose answer is lost.
	Unanswered Fault = "answer lost"
	// Late is a request that takes its time.
	Late Fault = "late"
	// Twice is a request that arrives twice; the later answer comes back.
	Twice Fault = "sent twice"
	// Throttled and Broken are requests that the service refuses to carry out, now or because of itself.
	Throttled Fault = "throttled"
	Broken    Fault = "server error"
	// Straggling is a request that is carried out after its caller was told that it failed. Do not combine it with a
	// client that repeats by itself: a repetition could be refused for good before the straggler arrives.
	Straggling Fault = "arrived after the caller gave up"
	// Crash is the end of the caller's process, before or after this call: nothing that it does until [Caller.Revive]
	// arrives.
	Crash Fault = "crash"
)

// Network is what lies between callers and services. Make one with [NewNetwork]. It is safe for concurrent use.
type Network struct {
	// Pace, if set, makes every call wait for a random time below it, before and after. In a bubble of testing/synctest
	// that makes the order of all calls a function of the seed. Set it before the first call.
	Pace time.Duration

	seed   uint64
	rate   float64
	faults []Fault
	calm   atomic.Bool

	mu         sync.Mutex
	met        map[Fault]int
	stragglers sync.WaitGroup
}

// NewNetwork returns a network on which a call meets one of the faults with the probability rate.
func NewNetwork(seed uint64, rate float64, faults ...Fault) *Network {
	return &Network{seed: seed, rate: rate, faults: faults, met: map[Fault]int{}}
}

// Calm waits for what is still on its way, and ends all faults.
func (n *Network) Calm() {
	n.calm.Store(true)
	n.stragglers.Wait()
}

// Met returns how many calls met which fault.
func (n *Network) Met() map[Fault]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.met)
}

// Caller is somebody on a network: one goroutine, and what it starts.
type Caller struct {
	network *Network

	mu   sync.Mutex
	rand *rand.Rand
	dead bool
}

// Caller returns the caller with this number. What befalls it depends on the seed and the number.
func (n *Network) Caller(number uint64) *Caller {
	source := rand.New(rand.NewPCG(n.seed, number)) //nolint:gosec // it must be possible to repeat the sequence
	return &Caller{network: n, rand: source}
}

type callerKey struct{}

// Context returns a context whose calls are this caller's.
func (c *Caller) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Revive begins a new life after a crash, and reports whether there was one.
func (c *Caller) Revive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.dead
	c.dead = false
	return was
}

// IntN returns a random number below n.
func (c *Caller) IntN(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(n)
}

// Wait lets a random time below the limit pass, or less if the context ends.
func (c *Caller) Wait(ctx context.Context, limit time.Duration) {
	if limit <= 0 {
		return
	}
	pause(ctx, time.Duration(c.IntN(int(limit)))+1)
}

func pause(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// next decides what befalls the next call.
func (c *Caller) next() Fault {
	n := c.network
	if n.calm.Load() {
		return None
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return Crash
	}
	if len(n.faults) == 0 || c.rand.Float64() >= n.rate {
		return None
	}
	fault := n.faults[c.rand.IntN(len(n.faults))]
	n.mu.Lock()
	n.met[fault]++
	n.mu.Unlock()
	return fault
}

// die ends the caller, and reports whether it lived.
func (c *Caller) die() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	lived := !c.dead
	c.dead = true
	return lived
}

// failure is what a caller is told about a fault.
type failure struct{ fault Fault }

func (f *failure) Error() string { return "fault: " + string(f.fault) }

// CanceledError keeps the AWS SDK from repeating what a dead process cannot repeat.
func (f *failure) CanceledError() bool { return f.fault == Crash }

// Is reports whether the error is from a fault of this package.
func Is(err error) bool {
	_, ok := errors.AsType[*failure](err)
	return ok
}

// lateness is how late a late call, and a straggler, is at most.
const lateness = 2 * time.Millisecond

// through carries a call to the service, or not, as the next fault of the context's caller wants it. Fail makes the
// error of a fault.
func through[T any](ctx context.Context, do func(context.Context) (T, error), fail func(Fault) (T, error)) (T, error) {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	if c == nil {
		return do(ctx)
	}
	c.Wait(ctx, c.network.Pace)
	defer c.Wait(ctx, c.network.Pace)
	fault := c.next()
	switch fault {
	case Lost, Throttled, Broken:
		return fail(fault)
	case Unanswered:
		_, _ = do(ctx)
		return fail(fault)
	case Late:
		c.Wait(ctx, lateness)
		defer c.Wait(ctx, lateness)
	case Twice:
		if answer, err := do(ctx); err != nil {
			return answer, err
		}
	case Straggling:
		// Drawn here, because the caller goes on drawing meanwhile.
		delay := time.Duration(c.IntN(int(max(lateness, 2*c.network.Pace)))) + 1
		c.network.stragglers.Go(func() {
			ctx := context.WithoutCancel(ctx)
			pause(ctx, delay)
			_, _ = do(ctx)
		})
		return fail(fault)
	case Crash:
		if c.die() && c.IntN(2) == 0 {
			_, _ = do(ctx)
		}
		return fail(fault)
	}
	return do(ctx)
}
