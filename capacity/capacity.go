// Package capacity says how many orders a shop takes. The package that starts orders counts them and asks
// [Limits.Refuse], so a refusal is the same whoever counts.
package capacity

import (
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
)

// Limits is how many orders a shop takes; zero means no limit. The workflows of this module enforce them, and package
// dynamolimits does for workflows on AWS.
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
	// Window is how long an order counts for MaxInWindow. Default: 5 minutes, the time for which a code of the
	// Serverlesspresso sample is valid.
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

// Taken is how many orders count for each of the [Limits], including the one that is about to begin. Where there is no
// limit, there is no need to count.
type Taken struct{ InQueue, OfCustomer, InDay, InWindow int }

// Refuse says why the order that is about to begin is refused: [ordermanager.ErrQueueFull],
// [ordermanager.ErrTooManyOrders], or nil if it is not.
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
