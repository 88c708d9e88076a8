package storetest

import (
	"maps"
	"slices"

	"github.com/brewline/ordermanager"
)

// leavingCases have orders that leave a listing while somebody pages through it: those that stay must all be listed.
func leavingCases() []promise {
	claim := func(o *order) { o.must(o.claim(anna)) }
	settle := func(o *order) { o.settleAll() }
	pending := ordermanager.StatePending
	var cases []promise
	for _, row := range []struct {
		name  string
		query func(o *order) ordermanager.Query
		leave func(o *order)
	}{
		{"a state", func(*order) ordermanager.Query { return ordermanager.Query{State: pending} }, claim},
		{"a customer and a state", func(o *order) ordermanager.Query {
			return ordermanager.Query{Customer: o.model.Customer, State: pending}
		}, claim},
		{"a venue and a state", func(o *order) ordermanager.Query {
			return ordermanager.Query{Venue: o.model.Venue, State: pending}
		}, claim},
		{"a customer, a venue and a state", func(o *order) ordermanager.Query {
			return ordermanager.Query{Customer: o.model.Customer, Venue: o.model.Venue, State: pending}
		}, claim},
		{"what is owed", func(*order) ordermanager.Query { return ordermanager.Query{Owing: true} }, settle},
		{"what is owed to a customer", func(o *order) ordermanager.Query {
			return ordermanager.Query{Owing: true, Customer: o.model.Customer}
		}, settle},
		{"what is owed in a venue", func(o *order) ordermanager.Query {
			return ordermanager.Query{Owing: true, Venue: o.model.Venue}
		}, settle},
		{
			"what is owed in a state",
			func(*order) ordermanager.Query { return ordermanager.Query{Owing: true, State: pending} }, claimAndSettle,
		},
	} {
		cases = append(cases, promise{name: "orders that leave a listing of " + row.name +
			" between its pages hide no others", run: func(c *checker) {
			leaveWhilePaging(c, row.query, row.leave)
		}})
	}
	return cases
}

func claimAndSettle(o *order) {
	o.must(o.claim(anna))
	o.settleAll()
}

func leaveWhilePaging(c *checker, query func(o *order) ordermanager.Query, leave func(o *order)) {
	customer, venue := unique("customer"), unique("venue")
	orders := map[string]*order{}
	var q ordermanager.Query
	for range 9 {
		o := c.order()
		o.must(o.create(customer, venue))
		o.must(o.put())
		orders[o.id] = o
		q = query(o)
	}
	q.Limit = ordermanager.MaxPageSize
	c.containsAll(q, slices.Collect(maps.Keys(orders)), nil)
	q.Limit = 3
	for range mostPages {
		page, err := c.Store.List(c.ctx, q)
		c.check(err)
		for _, id := range ids(page.Orders) {
			if o := orders[id]; o != nil {
				leave(o)
				delete(orders, id)
			}
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			break
		}
	}
	if len(orders) > 0 {
		var missed []string
		for id := range orders {
			missed = append(missed, id)
		}
		slices.Sort(missed)
		c.fail(
			"the listing of %s did not show %s that never left it: %q", describeQuery(q), plural(len(missed), "orders"), missed,
		)
	}
}
