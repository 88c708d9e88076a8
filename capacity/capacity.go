// Package capacity says how many orders a shop takes. Whatever starts orders counts them and asks [Limits.Refuse]; who
// counts makes no difference to the refusal.
package capacity

import (
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
)

// Limits is how many orders a shop takes. Whatever starts orders enforces them: the workflows of this module, and
// package dynamolimits for workflows on AWS. Zero means no limit.
type Limits struct {
	// MaxInQueue is how many orders of one venue can be open at once.
	MaxInQueue int
	// MaxPerCustomer is how many orders of one customer can be open at one venue at once.
	MaxPerCustomer int
	// MaxPerDay is how many orders a customer can begin at one venue within [Day]; those that were cancelled or
	// timed out are not counted.
	MaxPerDay int
	// MaxInWindow is how many orders can begin at one venue within Window.
	MaxInWindow int
	// Window is how long an order counts for MaxInWindow. Default: 5 minutes, as long as a code of the Serverlesspresso
	// sample is valid.
	Window time.Duration
}

// Day is how long an order counts for [Limits.MaxPerDay].
const Day = 24 * time.Hour

// Limited reports whether there is any limit.
func (l Limits) Limited() bool {
	return l.MaxInQueue > 0 || l.MaxPerCustomer > 0 || l.MaxPerDay > 0 || l.MaxInWindow > 0
}

// Check returns the Limits with their default, or [ordermanager.ErrInvalidOptions] if one is negative.
func (l Limits) Check() (Limits, error) {
	if min(l.MaxInQueue, l.MaxPerCustomer, l.MaxPerDay, l.MaxInWindow) < 0 || l.Window < 0 {
		return Limits{}, fmt.Errorf("%w: a limit of orders, or its window, is negative", ordermanager.ErrInvalidOptions)
	}
	if l.Window == 0 {
		l.Window = 5 * time.Minute
	}
	return l, nil
}

// Taken is how many orders count for each of the [Limits], with the one that is about to begin. What has no limit
// need not be counted.
type Taken struct{ InQueue, OfCustomer, InDay, InWindow int }

// Refuse says why the last order is not taken: [ordermanager.ErrQueueFull], [ordermanager.ErrTooManyOrders], or nil if
// it is.
func (l Limits) Refuse(taken Taken) error {
	for _, limit := range [...]struct {
		most, taken int
		reason      error
	}{
		{l.MaxInQueue, taken.InQueue, ordermanager.ErrQueueFull},
		{l.MaxPerCustomer, taken.OfCustomer, ordermanager.ErrTooManyOrders},
		{l.MaxPerDay, taken.InDay, ordermanager.ErrTooManyOrders},
		{l.MaxInWindow, taken.InWindow, ordermanager.ErrQueueFull},
	} {
		if limit.most > 0 && limit.taken > limit.most {
			return limit.reason
		}
	}
	return nil
}
