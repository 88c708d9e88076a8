package dynamolimits

import (
	"time"

	"github.com/brewline/ordermanager/capacity"
)

// ledger is an item: the orders of a venue, or of a customer there, that count for a limit.
type ledger struct {
	key string
	// mostOpen and mostRecent are its limits, 0 for none, and span is how long an order is recent.
	mostOpen, mostRecent int
	span                 time.Duration
	ofCustomer           bool
	// version is 0 of an item that is not there.
	version int64
	orders  map[string]entry
	// looked is when it was last looked up which of them had ended.
	looked time.Time
}

// entry is an order in a ledger. One that is not known to have ended may have.
type entry struct {
	began time.Time
	ended bool
}

// add lets go of what does not count any more, and adds the order unless it is there.
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
	// notYet is an order of which nobody has heard, and may still.
	notYet   known = "not yet"
	neverWas known = "never was"
)

// hear takes in what is known of an order. What was given up does not count for the customer's day.
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

// count counts the orders that are not known to have ended, and those that began lately.
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

// mayFree reports whether the ledger is over a limit below which it can be when orders have ended.
func (l *ledger) mayFree(now time.Time) bool {
	open, recent := l.count(now)
	return l.mostOpen > 0 && open > l.mostOpen || l.ofCustomer && l.mostRecent > 0 && recent > l.mostRecent
}

// taken counts what is in the ledgers.
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
	// Grace is how long a place is kept for an order of which nobody has heard: neither the Manager nor, where it can be
	// asked, what begins workflows. Where it cannot, give up the events of your workflow sooner than that
	// (MaximumEventAgeInSeconds of the rule): a limit can be exceeded by what comes later.
	Grace = 15 * time.Minute
	// MaxLimit is how large each limit can be: an item of DynamoDB has to hold as many orders.
	MaxLimit = 1000
	// lookEvery is how soon a ledger that was full is looked through again.
	lookEvery = time.Second
)
