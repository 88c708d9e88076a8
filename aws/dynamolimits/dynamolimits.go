// Package dynamolimits enforces the limits of a shop whose workflows start on AWS. It wraps what starts a workflow, and
// counts orders in a DynamoDB table.
//
//	starter, err := dynamolimits.New(client, "limits", manager, sfnresumer.NewStarter(steps, stateMachine),
//		capacity.Limits{MaxPerCustomer: 1, MaxInQueue: 20})
//	api, err := httpapi.New(manager, menu, &httpapi.Options{Starter: starter})
//
// The table has an item (a ledger) for each venue, and one for each customer of a venue, with the identifiers of the
// orders that count. Before an order begins, one transaction adds it to both, provided that neither has changed since
// it was read, so no limit is exceeded however many orders begin at once.
//
// Nothing has to happen when an order ends. A caller who finds a limit reached looks up which of the counted orders
// have ended, and frees their places. If that does not help, they are not looked up again for a second, so a full shop
// costs no more the more people ask. A crash cannot lose a place for good: if the Manager has not heard of an order
// within [Grace], its place is free.
package dynamolimits

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
)

// Orders looks orders up; [*ordermanager.Manager] implements it.
type Orders interface {
	Order(ctx context.Context, orderID string) (ordermanager.Order, error)
	Lifecycle() ordermanager.Lifecycle
}

// Next starts the workflow of an order. It is the interface httpapi.Starter, which the Starters of packages sfnresumer
// and durableresumer implement.
type Next interface {
	Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error)
}

// Workflows tells how the workflow of an order stands. A [Next] may implement it, as that of package sfnresumer does.
// Then an order counts for as long as its workflow runs, however late the Manager hears of it, and stops counting if
// its workflow ended without creating it, for instance because the shop is closed.
type Workflows interface {
	Standing(ctx context.Context, orderID string) (begun, running bool, err error)
}

// Starter starts orders within limits. It is an httpapi.Starter itself, and safe for concurrent use if its parts are.
type Starter struct {
	table  table
	orders Orders
	next   Next
	limits capacity.Limits
}

// New returns a Starter that counts in the named table, which must be as [Schema] describes. It does no I/O. Several
// shops can share a table if their venues have different names. Its error is [ordermanager.ErrInvalidOptions].
func New(client API, name string, orders Orders, next Next, limits capacity.Limits) (*Starter, error) {
	limits, err := limits.Check()
	switch {
	case err != nil:
		return nil, err
	case client == nil || name == "" || orders == nil || next == nil:
		return nil, fmt.Errorf("%w: the client, the table, the orders and the starter are required",
			ordermanager.ErrInvalidOptions)
	case max(limits.MaxInQueue, limits.MaxPerCustomer, limits.MaxPerDay, limits.MaxInWindow) > MaxLimit:
		return nil, fmt.Errorf("%w: a limit of orders is more than %d", ordermanager.ErrInvalidOptions, MaxLimit)
	}
	return &Starter{table: table{client, name}, orders: orders, next: next, limits: limits}, nil
}

// Start starts an order if the limits allow it. Starting an order that has its place again takes no second place.
//
// Errors: [ordermanager.ErrQueueFull] and [ordermanager.ErrTooManyOrders]; [ordermanager.ErrStore] when the table could
// not be read or written, or kept changing; the errors of a lookup of orders or workflows. After each of these nothing
// was started. Then there are the errors of [Next]: if one says for certain that the order did not start, its place is
// given back.
func (s *Starter) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	placed, err := s.place(ctx, orderID, customer, venue)
	if err != nil {
		return ordermanager.Receipt{}, err
	}
	receipt, err := s.next.Start(ctx, orderID, customer, venue)
	if notBegun(err) {
		s.giveBack(ctx, placed, orderID)
	}
	return receipt, err
}

// notBegun reports whether an error says for certain that the order did not begin. ErrOrderExists does not: the place
// may be that order's.
func notBegun(err error) bool {
	return slices.ContainsFunc([]error{
		ordermanager.ErrInvalidRequest, ordermanager.ErrShopClosed, ordermanager.ErrQueueFull, ordermanager.ErrTooManyOrders,
	}, func(kind error) bool { return errors.Is(err, kind) })
}

// place gives the order its place in each ledger, and returns the keys of those in which it had none.
func (s *Starter) place(ctx context.Context, orderID, customer, venue string) (placed []string, err error) {
	ledgers := s.ledgers(customer, venue)
	if len(ledgers) == 0 {
		return nil, nil
	}
	var refusal error
	err = s.table.change(ctx, ledgers, func() (bool, error) {
		placed = nil
		now := time.Now()
		for _, l := range ledgers {
			if l.add(orderID, now) {
				placed = append(placed, l.key)
			}
		}
		if len(placed) == 0 {
			return false, nil
		}
		if refusal = s.limits.Refuse(taken(ledgers, now)); refusal == nil {
			return true, nil
		}
		looked, err := s.look(ctx, ledgers, orderID, now)
		if err != nil || len(looked) == 0 {
			return false, err
		}
		if refusal = s.limits.Refuse(taken(ledgers, now)); refusal == nil {
			return true, nil
		}
		for _, l := range looked {
			l.looked = now
		}
		for _, l := range ledgers {
			if slices.Contains(placed, l.key) {
				delete(l.orders, orderID)
			}
		}
		return true, nil
	})
	return placed, cmp.Or(err, refusal)
}

// giveBackTime is how long giving a place back may take. It goes on even if the caller has gone.
const giveBackTime = 5 * time.Second

// giveBack takes the order out of ledgers. If that fails, its place is free after [Grace].
func (s *Starter) giveBack(ctx context.Context, keys []string, orderID string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	for _, key := range keys {
		l := &ledger{key: key}
		_ = s.table.change(ctx, []*ledger{l}, func() (bool, error) {
			_, there := l.orders[orderID]
			delete(l.orders, orderID)
			return there, nil
		})
	}
}

// ledgers returns the ledgers that the limits need.
func (s *Starter) ledgers(customer, venue string) (all []*ledger) {
	if s.limits.MaxInQueue > 0 || s.limits.MaxInWindow > 0 {
		all = append(all, &ledger{
			key:      "venue/" + url.PathEscape(venue),
			mostOpen: s.limits.MaxInQueue, mostRecent: s.limits.MaxInWindow, span: s.limits.Window,
		})
	}
	if s.limits.MaxPerCustomer > 0 || s.limits.MaxPerDay > 0 {
		all = append(all, &ledger{
			key:      "customer/" + url.PathEscape(venue) + "/" + url.PathEscape(customer),
			mostOpen: s.limits.MaxPerCustomer, mostRecent: s.limits.MaxPerDay, span: capacity.Day, ofCustomer: true,
		})
	}
	return all
}

// atOnce is how many orders are looked up at the same time.
const atOnce = 16

// look finds out which of the orders in full ledgers have ended or never began. It returns the ledgers that it checked.
func (s *Starter) look(
	ctx context.Context, ledgers []*ledger, besides string, now time.Time,
) (looked []*ledger, err error) {
	var unknown []string
	for _, l := range ledgers {
		if !l.mayFree(now) || now.Sub(l.looked).Abs() < lookEvery {
			continue
		}
		looked = append(looked, l)
		for id, o := range l.orders {
			if !o.ended && id != besides && !slices.Contains(unknown, id) {
				unknown = append(unknown, id)
			}
		}
	}
	for some := range slices.Chunk(unknown, atOnce) {
		found, errs := make([]known, len(some)), make([]error, len(some))
		var looking sync.WaitGroup
		for i, id := range some {
			looking.Go(func() { found[i], errs[i] = s.find(ctx, id) })
		}
		looking.Wait()
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		for i, id := range some {
			for _, l := range ledgers {
				l.hear(id, found[i], now)
			}
		}
	}
	return looked, nil
}

// find looks an order up.
func (s *Starter) find(ctx context.Context, orderID string) (known, error) {
	o, err := s.orders.Order(ctx, orderID)
	switch {
	case errors.Is(err, ordermanager.ErrUnknownState):
		return isOpen, nil
	case errors.Is(err, ordermanager.ErrOrderNotFound):
		return s.unheard(ctx, orderID)
	case err != nil:
		return "", err
	}
	switch s.orders.Lifecycle().Answers(o.State) {
	case ordermanager.Undecided:
		return isOpen, nil
	case ordermanager.Cancelled:
		return wasGivenUp, nil
	default:
		return wasDone, nil
	}
}

// unheard finds out about an order that the Manager does not know.
func (s *Starter) unheard(ctx context.Context, orderID string) (known, error) {
	workflows, ok := s.next.(Workflows)
	if !ok {
		return notYet, nil
	}
	begun, running, err := workflows.Standing(ctx, orderID)
	switch {
	case err != nil:
		return "", err
	case running:
		return isOpen, nil
	case begun:
		return neverWas, nil
	}
	return notYet, nil
}
