package ordermanager

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// trouble remembers which orders could not be delivered lately, so that a redrive does not try each of them every time.
// It belongs to one Manager: another one tries for itself.
type trouble struct {
	mu     sync.Mutex
	orders map[string]troubled
	// some is set as long as there are orders in trouble: nobody else asks for successes.
	some atomic.Bool
	// success is when a delivery was last free of trouble, in nanoseconds.
	success atomic.Int64
}

type troubled struct {
	since, next time.Time
	// outage is set as long as nothing else was delivered either: then it is not the order's own trouble.
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
	return !time.Now().Before(one.next) || one.outage && t.over(one)
}

func (t *trouble) succeeded() {
	if t.some.Load() {
		t.success.Store(time.Now().UnixNano())
	}
}

// over reports whether something was delivered since the trouble of an order began.
func (t *trouble) over(one troubled) bool { return t.success.Load() > one.since.UnixNano() }

// note remembers how the redrive of an order ended.
func (t *trouble) note(orderID string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if err == nil {
		t.succeeded()
		delete(t.orders, orderID)
		t.some.Store(len(t.orders) > 0)
		return
	}
	one, known := t.orders[orderID]
	switch {
	case !known && len(t.orders) >= mostTroubled:
		return
	case !known:
		one.since = now
	}
	one.outage = !errors.Is(err, ErrUndeliverable) && !t.over(one)
	one.next = now.Add(min(max(now.Sub(one.since), time.Second), longestPause))
	if t.orders == nil {
		t.orders = map[string]troubled{}
	}
	t.orders[orderID] = one
	t.some.Store(true)
}
