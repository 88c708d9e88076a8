// Package faulty injects faults between a Manager and its collaborators, and opens every store of this module behind
// them.
//
// A [Network] is created from a seed. Each of its callers has its own stream of random numbers, which travels in the
// context: which call meets which fault depends on the seed and on that caller's earlier calls, not on timing. The same
// faults occur in stores in process, through [Store], and in Amazon DynamoDB, below the SDK, through [Transport].
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

// Fault is a fault of one call.
type Fault string

// The faults. After those up to Broken, an observer of the network knows whether the call was carried out.
const (
	// None is no fault.
	None Fault = ""
	// Lost: the request never arrives.
	Lost Fault = "request lost"
	// Unanswered: the request is carried out, and its answer is lost.
	Unanswered Fault = "answer lost"
	// Late: the request is delayed.
	Late Fault = "late"
	// Twice: the request arrives twice, and the later answer is returned.
	Twice Fault = "sent twice"
	// Throttled and Broken: the service refuses the request, for now or because of a failure of its own.
	Throttled Fault = "throttled"
	Broken    Fault = "server error"
	// Straggling: the request is carried out after its caller was told that it failed. Do not combine it with a client
	// that retries: a retry could be refused for good before the straggler arrives.
	Straggling Fault = "arrived after the caller gave up"
	// Crash: the caller's process dies before or after this call; nothing that it does arrives until [Caller.Revive].
	Crash Fault = "crash"
)

// Network lies between callers and services. Create one with [NewNetwork]. It is safe for concurrent use.
type Network struct {
	// Pace, if set, delays every call by a random time below it, before and after. In a bubble of testing/synctest this
	// makes the order of all calls a function of the seed. Set it before the first call.
	Pace time.Duration

	seed   uint64
	rate   float64
	faults []Fault
	calm   atomic.Bool

	mu         sync.Mutex
	met        map[Fault]int
	stragglers sync.WaitGroup
}

// NewNetwork returns a network on which each call meets one of the faults with the probability rate.
func NewNetwork(seed uint64, rate float64, faults ...Fault) *Network {
	return &Network{seed: seed, rate: rate, faults: faults, met: map[Fault]int{}}
}

// Calm ends all faults, and waits for requests that are still on their way.
func (n *Network) Calm() {
	n.calm.Store(true)
	n.stragglers.Wait()
}

// Met returns how many calls met each fault.
func (n *Network) Met() map[Fault]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.met)
}

// Caller is a user of a network: one goroutine, and those that it starts.
type Caller struct {
	network *Network

	mu   sync.Mutex
	rand *rand.Rand
	dead bool
}

// Caller returns the caller with this number. Its faults depend on the seed and the number.
func (n *Network) Caller(number uint64) *Caller {
	source := rand.New(rand.NewPCG(n.seed, number)) //nolint:gosec // it must be possible to repeat the sequence
	return &Caller{network: n, rand: source}
}

type callerKey struct{}

// Context returns a context whose calls are made by this caller.
func (c *Caller) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Revive brings the caller back after a crash, and reports whether there was one.
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

// Wait waits for a random time below the limit, or until the context ends.
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

// next draws the fault of the next call.
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

// die ends the caller, and reports whether it was alive.
func (c *Caller) die() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	lived := !c.dead
	c.dead = true
	return lived
}

// failure is the error that a caller gets for a fault.
type failure struct{ fault Fault }

func (f *failure) Error() string { return "fault: " + string(f.fault) }

// CanceledError keeps the AWS SDK from retrying, which a dead process cannot do.
func (f *failure) CanceledError() bool { return f.fault == Crash }

// Is reports whether the error is from a fault of this package.
func Is(err error) bool {
	_, ok := errors.AsType[*failure](err)
	return ok
}

// lateness is the maximum delay of a late call or a straggler.
const lateness = 2 * time.Millisecond

// through carries a call to the service, or not, as the caller's next fault says. Fail returns the error of a fault.
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
		// Drawn here, because the caller continues to draw meanwhile.
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
