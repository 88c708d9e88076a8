package storetest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

// shop has orders of two customers at two venues in every state. No other case uses these customers and venues.
type shop struct {
	customers, venues [2]string
	orders            []*order
}

func newShop(c *checker) shop {
	s := shop{
		customers: [2]string{"customer-" + rand.Text(), "customer-" + rand.Text()},
		venues:    [2]string{"venue-" + rand.Text(), "venue-" + rand.Text()},
	}
	for _, customer := range s.customers {
		for _, venue := range s.venues {
			for _, state := range ordermanager.States() {
				o := c.order()
				o.must(o.create(customer, venue))
				o.lead(state)
				s.orders = append(s.orders, o)
			}
		}
	}
	return s
}

// lead takes a new order to a state.
func (o *order) lead(to ordermanager.State) {
	if to == ordermanager.StateCancelled {
		o.must(o.cancel("no time"))
		return
	}
	o.must(o.put())
	if to == ordermanager.StatePending {
		return
	}
	o.must(o.claim(anna))
	if to == ordermanager.StateCompleted {
		o.must(o.complete(anna))
	}
}

// want lists the shop's orders that match.
func (s shop) want(q ordermanager.Query) []string {
	var want []string
	for _, o := range s.orders {
		if belongs(o.model, q) {
			want = append(want, o.id)
		}
	}
	return want
}

var listingCases = []promise{
	{
		name: "a listing by state, customer, venue or any of their combinations has exactly the orders that match",
		run: func(c *checker) {
			s := newShop(c)
			for _, customer := range []string{"", s.customers[0]} {
				for _, venue := range []string{"", s.venues[1]} {
					for _, state := range append(ordermanager.States(), "") {
						q := ordermanager.Query{Customer: customer, Venue: venue, State: state, Limit: 100}
						if customer != "" || venue != "" {
							c.listed(q, s.want(q)...)
						}
					}
				}
			}
		},
	},
	{name: "a listing by state alone has the orders in that state", run: func(c *checker) {
		s := newShop(c)
		for _, state := range ordermanager.States() {
			q := ordermanager.Query{State: state, Limit: ordermanager.MaxPageSize}
			var others []string
			for _, o := range s.orders {
				if !belongs(o.model, q) {
					others = append(others, o.id)
				}
			}
			c.containsAll(q, s.want(q), others)
		}
	}},
	{name: "a listing can ask for what is owed as well", invariant: "5", run: func(c *checker) {
		s := newShop(c)
		for i, o := range s.orders {
			if i%2 == 0 {
				o.settleAll()
			}
		}
		for _, q := range []ordermanager.Query{
			{Customer: s.customers[0]}, {Venue: s.venues[0]}, {Customer: s.customers[1], State: ordermanager.StateCompleted},
			{Venue: s.venues[1], State: ordermanager.StateCancelled}, {Customer: s.customers[0], Venue: s.venues[0]},
		} {
			q.Owing, q.Limit = true, 100
			c.listed(q, s.want(q)...)
		}
	}},
	{name: "paging meets each order exactly once, whatever the limit", run: func(c *checker) {
		s := newShop(c)
		n := len(s.orders) / 2
		for limit := 1; limit <= n+1; limit++ {
			for _, q := range []ordermanager.Query{
				{Customer: s.customers[0], Limit: limit}, {Venue: s.venues[1], Limit: limit},
				{Customer: s.customers[1], State: ordermanager.StateMaking, Limit: limit},
			} {
				c.listed(q, s.want(q)...)
			}
		}
	}},
	{name: "paging through what is owed meets each order exactly once", invariant: "5", run: func(c *checker) {
		s := newShop(c)
		for _, limit := range []int{1, 2, 3, 7} {
			q := ordermanager.Query{Owing: true, Customer: s.customers[0], Limit: limit}
			c.listed(q, s.want(q)...)
			q = ordermanager.Query{Owing: true, Venue: s.venues[0], Limit: limit}
			c.listed(q, s.want(q)...)
		}
		q := ordermanager.Query{Owing: true, Limit: 20}
		var want, others []string
		for _, o := range s.orders {
			if belongs(o.model, q) {
				want = append(want, o.id)
			} else {
				others = append(others, o.id)
			}
		}
		c.containsAll(q, want, others)
	}},
	{name: "orders that were created in the same millisecond are all listed", run: func(c *checker) {
		customer, first := "customer-"+rand.Text(), c.order()
		var want []string
		for range 9 {
			o := c.order()
			o.now = first.now
			o.must(o.create(customer, "venue"))
			want = append(want, o.id)
		}
		for _, limit := range []int{1, 2, 4, 9} {
			c.listed(ordermanager.Query{Customer: customer, Limit: limit}, want...)
		}
	}},
	{name: "a listing by age begins with the newest if that is asked for", run: func(c *checker) {
		customer, venue, begun := unique("customer"), unique("venue"), time.Now().UTC().Truncate(time.Millisecond)
		var created []string
		for i := range 9 {
			o := c.order()
			o.now = begun.Add(time.Duration(i-9) * time.Second)
			o.must(o.create(customer, venue))
			created = append(created, o.id)
		}
		newest := slices.Clone(created)
		slices.Reverse(newest)
		inOrder := func(q ordermanager.Query) (got []string) {
			c.eventually(func() error {
				all, err := c.walk(q)
				if err != nil {
					return err
				}
				got = ids(all)
				return sameIDs(got, created)
			})
			return got
		}
		for _, q := range []ordermanager.Query{
			{Customer: customer}, {Venue: venue}, {Venue: venue, State: ordermanager.StatePending},
		} {
			for _, limit := range []int{1, 2, 4, 9, 10} {
				q.Limit, q.Newest = limit, false
				byAge := slices.Equal(inOrder(q), created)
				q.Newest = true
				if got := inOrder(q); byAge && !slices.Equal(got, newest) {
					c.fail("the listing of %s is %q, newest first it must be %q", describeQuery(q), got, newest)
				}
			}
		}
	}},
	{name: "nothing that matches is an empty page and not an error", run: func(c *checker) {
		o := c.begun()
		nobody := "nobody-" + rand.Text()
		for _, q := range []ordermanager.Query{
			{Customer: nobody}, {Venue: nobody}, {Customer: nobody, Venue: nobody, State: ordermanager.StatePending},
			{Customer: o.model.Customer, State: ordermanager.StateCompleted}, {Customer: nobody, Owing: true},
		} {
			q.Limit = 10
			c.listed(q)
		}
	}},
	{name: "a cursor that the store did not make is an invalid request", invariant: "9", run: func(c *checker) {
		o := c.begun()
		encode := base64.RawURLEncoding.EncodeToString
		for _, cursor := range []string{
			"no cursor of yours", "%%%", "0", "7", "null", "{}", `{"PK":"orders","SK":"x"}`, "\x00\xff", o.id,
			encode([]byte(o.id)),
			encode([]byte("{}")), encode([]byte("null")), encode([]byte(`{"a":{"S":"b"}}`)),
			encode([]byte{0}), strings.Repeat("A", 5000),
		} {
			for _, q := range []ordermanager.Query{
				{Customer: o.model.Customer}, {State: ordermanager.StatePending}, {Venue: o.model.Venue}, {Owing: true},
			} {
				q.Cursor, q.Limit = cursor, 10
				page, err := c.Store.List(c.ctx, q)
				if !errors.Is(err, ordermanager.ErrInvalidRequest) {
					c.fail("List with the cursor %q: %s and the error %v, which must wrap ErrInvalidRequest",
						clip(cursor), plural(len(page.Orders), "orders"), err)
				}
			}
		}
	}},
	{name: "a cursor works for a second client, and again", run: func(c *checker) {
		s := newShop(c)
		q := ordermanager.Query{Customer: s.customers[0], Limit: 3}
		c.listed(q, s.want(q)...)
		var all []*ordermanager.Order
		for i := 0; ; i++ {
			store := []ordermanager.Store{c.Store, c.Second}[i%2]
			page, err := store.List(c.ctx, q)
			c.check(err)
			again, err := store.List(c.ctx, q)
			c.check(err)
			c.check(sameIDs(ids(again.Orders), ids(page.Orders)))
			all = append(all, page.Orders...)
			if q.Cursor = page.Cursor; q.Cursor == "" {
				break
			}
		}
		c.check(sameIDs(ids(all), s.want(q)))
	}},
	{name: "a listed order has everything but its history, its waits and its owed events", run: func(c *checker) {
		s := newShop(c)
		for _, q := range []ordermanager.Query{{Customer: s.customers[0], Limit: 100}, {Venue: s.venues[0], Limit: 2}} {
			c.eventually(func() error {
				all, err := c.walk(q)
				if err != nil {
					return err
				}
				if err := sameIDs(ids(all), s.want(q)); err != nil {
					return err
				}
				for _, got := range all {
					for _, o := range s.orders {
						if o.id != got.ID {
							continue
						}
						if err := sameListed(got, o.model); err != nil {
							return fmt.Errorf("listed: %w", err)
						}
					}
				}
				return nil
			})
		}
	}},
	{name: "an order leaves the listing of the state that it leaves", run: func(c *checker) {
		o := c.withDrink()
		in := func(state ordermanager.State) ordermanager.Query {
			return ordermanager.Query{Customer: o.model.Customer, State: state, Limit: 10}
		}
		c.listed(in(ordermanager.StatePending), o.id)
		o.must(o.claim(anna))
		c.listed(in(ordermanager.StateMaking), o.id)
		c.listed(in(ordermanager.StatePending))
		o.must(o.release(anna))
		c.listed(in(ordermanager.StatePending), o.id)
		c.listed(in(ordermanager.StateMaking))
		o.must(o.cancel("no time"))
		c.listed(in(ordermanager.StateCancelled), o.id)
		c.listed(in(ordermanager.StatePending))
	}},
	{name: "the orders of all states together are one listing", run: func(c *checker) {
		s := newShop(c)
		var all []string
		for _, state := range ordermanager.States() {
			for _, o := range c.list(ordermanager.Query{State: state, Venue: s.venues[0], Limit: 2}) {
				all = append(all, o.ID)
			}
		}
		if c.Lag == 0 {
			c.check(sameIDs(all, s.want(ordermanager.Query{Venue: s.venues[0]})))
		}
	}},
}
