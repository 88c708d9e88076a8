package ordermanager

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// trouble remembers which orders could not be delivered recently, so that a redrive does not try each of them every
// time. It belongs to one Manager: others try for themselves.
type trouble struct {
	mu     sync.Mutex
	orders map[string]troubled
	// some is set as long as there are orders in trouble: nobody else asks for successes.
	some atomic.Bool
	// successes are when each destination last accepted something.
	successes map[destination]time.Time
}

// destination is who is owed something: the resumer, or a publisher by its name.
type destination string

const resumerDestination destination = " resumer" // no publisher has a space in its name

// failure is one destination that did not accept everything, and whether repeating may help.
type failure struct {
	to      destination
	curable bool
}

type troubled struct {
	since, next time.Time
	failures    []failure
	// outage is set as long as the destinations accepted nothing else either: then it is not the order's own trouble.
	outage bool
}

const (
	// mostTroubled bounds the memory. Orders beyond it are tried each time.
	mostTroubled = 100_000
	longestPause = 6 * time.Hour
)

// due reports whether an order should be tried now: when its pause is over, or when the outage is.
func (t *trouble) due(orderID string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.orders[orderID]
	return !time.Now().Before(one.next) || one.outage && t.over(&one)
}

// succeeded remembers that a destination accepts something.
func (t *trouble) succeeded(to destination) {
	if !t.some.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.successes == nil {
		t.successes = map[destination]time.Time{}
	}
	t.successes[to] = time.Now()
}

// over reports whether one of the destinations that failed has accepted something since the trouble of an order began.
func (t *trouble) over(one *troubled) bool {
	return slices.ContainsFunc(one.failures, func(f failure) bool {
		return f.curable && t.successes[f.to].After(one.since)
	})
}

// widens reports whether something fails that did not fail before.
func (one *troubled) widens(failures []failure) bool {
	return slices.ContainsFunc(failures, func(f failure) bool {
		return !slices.ContainsFunc(one.failures, func(known failure) bool { return known.to == f.to })
	})
}

// acted looks at what the delivery after an action ended with. An order that has waited for long for one destination
// must not make another one wait with it, which fails for the first time.
func (t *trouble) acted(orderID string, failures []failure) {
	if !t.some.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if one, known := t.orders[orderID]; known && (len(failures) == 0 || one.widens(failures)) {
		t.forget(orderID)
	}
}

func (t *trouble) forget(orderID string) {
	delete(t.orders, orderID)
	t.some.Store(len(t.orders) > 0)
}

// redriven records the result of redriving an order.
func (t *trouble) redriven(orderID string, failures []failure) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(failures) == 0 {
		t.forget(orderID)
		return
	}
	now := time.Now()
	one, known := t.orders[orderID]
	switch {
	case !known && len(t.orders) >= mostTroubled:
		return
	case !known || one.widens(failures):
		one.since = now
	}
	one.failures = failures
	one.outage = slices.ContainsFunc(failures, func(f failure) bool { return f.curable }) && !t.over(&one)
	one.next = now.Add(min(max(now.Sub(one.since), time.Second), longestPause))
	if t.orders == nil {
		t.orders = map[string]troubled{}
	}
	t.orders[orderID] = one
	t.some.Store(true)
}
