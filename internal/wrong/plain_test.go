package wrong_test

import (
	"context"
	"fmt"
	"math"
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
	// page cuts a page out of everything that matches, and says where the next one goes on; empty after the last.
	page func(all []*order, cursor string, limit int, place func(o *order) string) (listed []*order, next string)
	// place is where an order stands in a listing: by its age.
	place func(q query, o *order) string
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
		page:    afterTheLast(0),
		place: func(q query, o *order) string {
			if q.Newest {
				return byAge(math.MaxInt64-o.CreatedAt.UnixMilli(), o)
			}
			return byAge(o.CreatedAt.UnixMilli(), o)
		},
	}
}

func byAge(age int64, o *order) string { return fmt.Sprintf("%019d %s", age, o.ID) }

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
	cursor, ours := strings.CutPrefix(q.Cursor, cursorPrefix)
	if q.Cursor != "" && !ours {
		return page{}, fmt.Errorf("%w: the cursor is not from this listing", ordermanager.ErrInvalidRequest)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*order
	for _, o := range p.orders {
		if p.matches(q, o) {
			all = append(all, p.found(o))
		}
	}
	slices.SortFunc(all, func(a, b *order) int { return strings.Compare(p.place(q, a), p.place(q, b)) })
	var listed page
	place := func(o *order) string { return p.place(q, o) }
	if listed.Orders, listed.Cursor = p.page(all, cursor, q.Limit, place); listed.Cursor != "" {
		listed.Cursor = cursorPrefix + listed.Cursor
	}
	return listed, nil
}

// afterTheLast pages by the last order of a page, so that it does not matter which orders leave the listing before the
// next one. It can miss by some orders.
func afterTheLast(miss int) func([]*order, string, int, func(o *order) string) ([]*order, string) {
	return func(all []*order, cursor string, limit int, place func(o *order) string) ([]*order, string) {
		all = slices.DeleteFunc(all, func(o *order) bool { return place(o) <= cursor })
		if len(all) <= limit {
			return all, ""
		}
		return all[:limit], place(all[min(max(limit+miss, 1), len(all))-1])
	}
}

// byOffset pages by how many orders there were before.
func byOffset(all []*order, cursor string, limit int, _ func(o *order) string) ([]*order, string) {
	from, _ := strconv.Atoi(cursor)
	all = all[min(from, len(all)):]
	if len(all) <= limit {
		return all, ""
	}
	return all[:limit], strconv.Itoa(from + limit)
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
