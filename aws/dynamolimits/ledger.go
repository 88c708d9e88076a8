package dynamolimits

import (
	"time"

	"github.com/brewline/ordermanager/capacity"
)

// ledger is an item: the orders of a venue, or of a customer of a venue, that count for a limit.
type ledger struct {
	key string
	// mostOpen and mostRecent are its limits, 0 for none, and span is how long an order is recent.
	mostOpen, mostRecent int
	span                 time.Duration
	ofCustomer           bool
	// version is 0 if the item does not exist.
	version int64
	orders  map[string]entry
	// looked is when the orders were last looked up.
	looked time.Time
}

// entry is an order in a ledger. ended is false until a lookup finds out.
type entry struct {
	began time.Time
	ended bool
}

// add drops the orders that no longer count, and adds this one unless it is there.
func (l *ledger) add(orderID string, now time.Time) (added bool) {
	for id, o := range l.orders {
		if (o.ended || l.mostOpen == 0) && (l.mostRecent == 0 || !l.isRecent(o, now)) {
			delete(l.orders, id)
		}
	}
	if _, there := l.orders[orderID]; there {
		return false
	}
	l.orders[orderID] = entry{began: now}
	return true
}

func (l *ledger) isRecent(o entry, now time.Time) bool { return now.Sub(o.began) < l.span }

// known is what is known of an order in a ledger.
type known string

const (
	isOpen     known = "open"
	wasDone    known = "done"
	wasGivenUp known = "given up"
	// notYet is an order that nobody has heard of, and that may still begin.
	notYet   known = "not yet"
	neverWas known = "never was"
)

// hear records what is known of an order. A cancelled order does not count for the customer's day.
func (l *ledger) hear(orderID string, what known, now time.Time) {
	o, there := l.orders[orderID]
	switch {
	case !there, what == isOpen, what == notYet && now.Sub(o.began) < Grace:
	case what == wasDone, what == wasGivenUp && !l.ofCustomer:
		o.ended = true
		l.orders[orderID] = o
	default:
		delete(l.orders, orderID)
	}
}

// count counts the orders that are not known to have ended, and those that began within the span.
func (l *ledger) count(now time.Time) (open, recent int) {
	for _, o := range l.orders {
		if !o.ended {
			open++
		}
		if l.isRecent(o, now) {
			recent++
		}
	}
	return open, recent
}

// mayFree reports whether the ledger is over a limit, and could be within it if orders have ended.
func (l *ledger) mayFree(now time.Time) bool {
	open, recent := l.count(now)
	return l.mostOpen > 0 && open > l.mostOpen || l.ofCustomer && l.mostRecent > 0 && recent > l.mostRecent
}

// taken counts the orders in the ledgers.
func taken(ledgers []*ledger, now time.Time) (t capacity.Taken) {
	for _, l := range ledgers {
		if l.ofCustomer {
			t.OfCustomer, t.InDay = l.count(now)
		} else {
			t.InQueue, t.InWindow = l.count(now)
		}
	}
	return t
}

const (
	// Grace is how long a place is kept for an order that neither the Manager nor [Workflows] has heard of. Without
	// [Workflows], let the events of your workflow expire sooner (MaximumEventAgeInSeconds of the rule): an order that
	// arrives later can exceed a limit.
	Grace = 15 * time.Minute
	// MaxLimit is how large each limit can be: one DynamoDB item has to hold that many orders.
	MaxLimit = 1000
	// lookEvery is how long to wait after a lookup that did not help before the next one.
	lookEvery = time.Second
)
