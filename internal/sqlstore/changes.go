package sqlstore

import (
	"context"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/watch"
)

// Change returns the number of the current change, for the column "changed".
func (d *Dialect) Change() string { return d.change }

// Changed returns the statement for the changed orders that meet a condition. It has the columns of a listing, and the
// number of the change as an integer.
func (d *Dialect) Changed(condition string, args ...any) Statement {
	return d.statement("SELECT "+listed+", "+d.changed+" FROM ordermanager_orders WHERE "+condition, args)
}

// ReadChanged reads the result of [Dialect.Changed]: the readable orders, the number of all, and the last change
// number.
func ReadChanged(rows Rows) (orders []*ordermanager.Order, n int, last int64, err error) {
	for rows.Next() {
		found := new(Row)
		if err := rows.Scan(append(found.listing(), &last)...); err != nil {
			return nil, 0, 0, err
		}
		n++
		if o, err := found.decode(); err == nil {
			orders = append(orders, o)
		}
	}
	return orders, n, last, rows.Err()
}

// Await implements the waiting of [watch.Watcher]: it looks until there is something, after news at once, and
// otherwise periodically.
func Await(
	ctx context.Context, wait, every time.Duration, news func() <-chan struct{}, look func() (watch.Changes, error),
) (watch.Changes, error) {
	end := time.NewTimer(wait)
	defer end.Stop()
	again := time.NewTicker(every)
	defer again.Stop()
	for {
		more := news() // before looking, so that nothing is missed
		changes, err := look()
		if err != nil || len(changes.Orders) > 0 || wait <= 0 {
			return changes, err
		}
		select {
		case <-more:
		case <-again.C:
		case <-end.C:
			wait = 0
		case <-ctx.Done():
			return watch.Changes{}, ctx.Err()
		}
	}
}
