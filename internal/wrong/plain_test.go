package wrong_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/brewline/ordermanager"
)

type (
	order      = ordermanager.Order
	transition = ordermanager.Transition
	settlement = ordermanager.Settlement
	query      = ordermanager.Query
	page       = ordermanager.Page
	result     = ordermanager.Result
)

// plain is a right store in the simplest form. Its parts are fields, so that a mistake can replace one of them.
type plain struct {
	mu     sync.Mutex
	orders map[string]*order

	key     func(orderID string) string
	permits func(t *transition, o *order) bool
	change  func(t *transition, o *order) *order
	refused func(t *transition, o *order) *order
	settled func(s settlement, o *order)
	found   func(o *order) *order
	matches func(q query, o *order) bool
	// next is where the page after this one begins.
	next func(from, limit int) int
}

func newPlain() *plain {
	return &plain{
		orders:  map[string]*order{},
		key:     func(orderID string) string { return orderID },
		permits: (*transition).Permits,
		change:  (*transition).Apply,
		refused: func(_ *transition, o *order) *order { return clone(o) },
		settled: settlement.Apply,
		found:   clone,
		matches: query.Matches,
		next:    func(from, limit int) int { return from + limit },
	}
}

func clone(o *order) *order {
	if o == nil {
		return nil
	}
	return o.Clone()
}

func (p *plain) Apply(ctx context.Context, t transition) (result, error) {
	if err := ctx.Err(); err != nil {
		return result{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.orders[p.key(t.OrderID)]
	if !p.permits(&t, o) {
		return result{Order: p.refused(&t, o)}, nil
	}
	o = p.change(&t, clone(o))
	p.orders[p.key(t.OrderID)] = o
	return result{Applied: true, Order: p.found(o)}, nil
}

func (p *plain) Settle(ctx context.Context, s settlement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if o := p.orders[p.key(s.OrderID)]; o != nil {
		p.settled(s, o)
	}
	return nil
}

func (p *plain) Get(ctx context.Context, orderID string) (*order, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found(p.orders[p.key(orderID)]), nil
}

const cursorPrefix = "plain-page-"

func (p *plain) List(ctx context.Context, q query) (page, error) {
	if err := ctx.Err(); err != nil {
		return page{}, err
	}
	from := 0
	if q.Cursor != "" {
		number, ours := strings.CutPrefix(q.Cursor, cursorPrefix)
		n, err := strconv.Atoi(number)
		if err != nil || !ours {
			return page{}, fmt.Errorf("%w: the cursor is not from this listing", ordermanager.ErrInvalidRequest)
		}
		from = n
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*order
	for _, o := range p.orders {
		if p.matches(q, o) {
			all = append(all, p.found(o))
		}
	}
	slices.SortFunc(all, func(a, b *order) int { return strings.Compare(a.ID, b.ID) })
	var listed page
	if to := p.next(from, q.Limit); to < len(all) {
		listed.Cursor = cursorPrefix + strconv.Itoa(to)
	}
	listed.Orders = all[min(from, len(all)):min(from+q.Limit, len(all))]
	return listed, nil
}

// outside is a store whose methods can be replaced as a whole.
type outside struct {
	ordermanager.Store
	apply  func(ctx context.Context, t transition) (result, error)
	settle func(ctx context.Context, s settlement) error
	get    func(ctx context.Context, orderID string) (*order, error)
	list   func(ctx context.Context, q query) (page, error)
}

func (w *outside) Apply(ctx context.Context, t transition) (result, error) {
	if w.apply != nil {
		return w.apply(ctx, t)
	}
	return w.Store.Apply(ctx, t)
}

func (w *outside) Settle(ctx context.Context, s settlement) error {
	if w.settle != nil {
		return w.settle(ctx, s)
	}
	return w.Store.Settle(ctx, s)
}

func (w *outside) Get(ctx context.Context, orderID string) (*order, error) {
	if w.get != nil {
		return w.get(ctx, orderID)
	}
	return w.Store.Get(ctx, orderID)
}

func (w *outside) List(ctx context.Context, q query) (page, error) {
	if w.list != nil {
		return w.list(ctx, q)
	}
	return w.Store.List(ctx, q)
}
