package memory

import (
	"cmp"
	"sync"

	"github.com/google/btree"

	"github.com/brewline/ordermanager"
)

// index finds the orders of a listing, in either direction of their age.
type index struct {
	mu    sync.Mutex
	known map[string]keys
	trees map[key]*btree.BTreeG[place]
}

// place is an order's place in every listing: by age, then by identifier.
type place struct {
	created int64
	id      string
}

func (p place) before(other place) bool {
	return cmp.Or(cmp.Compare(p.created, other.created), cmp.Compare(p.id, other.id)) < 0
}

// key is the query of a listing.
type key struct {
	state           ordermanager.State
	customer, venue string
	owing           bool
}

// keys are the listings that an order is in.
type keys [5]key

func keysOf(o *ordermanager.Order) keys {
	all := keys{{state: o.State}, {customer: o.Customer}}
	if o.Venue != "" {
		all[2], all[3] = key{venue: o.Venue}, key{venue: o.Venue, state: o.State}
	}
	if o.Owes() {
		all[4] = key{owing: true}
	}
	return all
}

// update adds an order to its listings, and removes it from those that it has left.
func (x *index) update(o *ordermanager.Order) {
	if x.known == nil {
		x.known, x.trees = map[string]keys{}, map[key]*btree.BTreeG[place]{}
	}
	at := place{o.CreatedAt.UnixMilli(), o.ID}
	before, now := x.known[o.ID], keysOf(o)
	for i := range now {
		if before[i] == now[i] {
			continue
		}
		if tree := x.trees[before[i]]; tree != nil {
			tree.Delete(at)
		}
		if now[i] == (key{}) {
			continue
		}
		tree := x.trees[now[i]]
		if tree == nil {
			tree = btree.NewG(32, place.before)
			x.trees[now[i]] = tree
		}
		tree.ReplaceOrInsert(at)
	}
	x.known[o.ID] = now
}

// walk visits the orders after a place, in the shortest listing that has them all.
func (x *index) walk(q ordermanager.Query, after place, visit func(place) bool) {
	k := key{state: q.State}
	switch {
	case q.Owing:
		k = key{owing: true}
	case q.Customer != "":
		k = key{customer: q.Customer}
	case q.Venue != "":
		k = key{venue: q.Venue, state: q.State}
	}
	tree := x.trees[k]
	if tree == nil {
		return
	}
	through := tree.AscendGreaterOrEqual
	if q.Newest {
		through = tree.DescendLessOrEqual
	}
	through(after, func(at place) bool { return at == after || visit(at) })
}
