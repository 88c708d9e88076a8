// Package dynamolimits keeps the limits of a shop whose orders begin on AWS: it stands before what begins a workflow,
// and counts in a table of DynamoDB.
//
//	starter, err := dynamolimits.New(client, "limits", manager, sfnresumer.NewStarter(steps, stateMachine),
//		capacity.Limits{MaxPerCustomer: 1, MaxInQueue: 20})
//	api, err := httpapi.New(manager, menu, &httpapi.Options{Starter: starter})
//
// An item of a venue and one of a customer there have the identifiers of the orders that count. An order has its
// place in both before it begins, by one transaction on the condition that neither has changed since it was read, so
// no limit is exceeded however many begin at once. Nothing has to happen when an order ends: who finds a limit
// reached looks which of the orders that were counted have ended, and takes their places; when none has, once a
// second at most, so that a full shop costs no more the more people ask. No crash can lose a place for good: that of
// an order of which the Manager has not heard [Grace] later is free.
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

// Orders is where orders are looked up; [*ordermanager.Manager] has it.
type Orders interface {
	Order(ctx context.Context, orderID string) (ordermanager.Order, error)
	Lifecycle() ordermanager.Lifecycle
}

// Next is what begins the workflow of an order: it is httpapi.Starter, as those of packages sfnresumer and
// durableresumer.
type Next interface {
	Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error)
}

// Workflows is what Next can have beside it, as that of package sfnresumer does: how the workflow of an order stands.
// Then an order counts for as long as its workflow runs, however late the Manager hears of it; and one that its
// workflow did not take, for instance because the shop is closed, counts no longer than that.
type Workflows interface {
	Standing(ctx context.Context, orderID string) (begun, running bool, err error)
}

// Starter begins orders within limits. It is an httpapi.Starter itself, and safe for concurrent use if what it is
// made of is.
type Starter struct {
	table  table
	orders Orders
	next   Next
	limits capacity.Limits
}

// New returns a Starter that counts in the table of this name, as [Schema] describes it. It does no I/O. Several shops
// can share a table if their venues have different names. Its error is [ordermanager.ErrInvalidOptions].
func New(client API, name string, orders Orders, next Next, limits capacity.Limits) (*Starter, error) {
	limits, err := limits.Check()
	switch {
	case err != nil:
		return nil, err
	case client == nil || name == "" || orders == nil || next == nil:
		return nil, fmt.Errorf("%w: a client, a table, the orders and what begins them are required",
			ordermanager.ErrInvalidOptions)
	case max(limits.MaxInQueue, limits.MaxPerCustomer, limits.MaxPerDay, limits.MaxInWindow) > MaxLimit:
		return nil, fmt.Errorf("%w: a limit of orders is more than %d", ordermanager.ErrInvalidOptions, MaxLimit)
	}
	return &Starter{table: table{client, name}, orders: orders, next: next, limits: limits}, nil
}

// Start begins an order if the limits allow it. Errors: [ordermanager.ErrQueueFull] and
// [ordermanager.ErrTooManyOrders], after which nothing was begun; [ordermanager.ErrStore] when the table could not be
// read or written, or kept changing, and nothing was begun either; and those of what begins the order, whose place is
// given back if it certainly was not. Starting an order again that has its place takes no other.
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

// notBegun reports whether an error says for certain that the order did not begin. That there is such an order already
// does not: its place may be this one.
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

// giveBackTime is how long giving a place back may take, also when the caller has gone.
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

// ledgers are those that the limits need.
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

// look finds out which of the orders in full ledgers have ended, or never began. It returns those that it went
// through.
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

// unheard is what is known of an order that the Manager does not know.
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
