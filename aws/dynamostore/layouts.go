package dynamostore

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// stream is a part of an index in the order of a listing: a partition, or the items of one whose sort keys begin alike.
type stream struct {
	index string
	// hash is the partition key and value its value.
	hash  string
	value types.AttributeValue
	// sort is the sort key: a number, a text, or the table's own sort key.
	sort string
	// prefix is what the sort key begins with; empty for the whole partition.
	prefix string
}

// Layout is how orders are laid out in a table: [Native], or that of a dialect of the Serverlesspresso sample. In the
// order table of [serverlesspresso.Workshop] ORDERSTATE is CREATED, Completed or Cancelled; in that of
// [serverlesspresso.Core] it begins with the venue, as in ABC-CREATED.
type Layout = serverlesspresso.Dialect

// Native is the layout of our own, not a dialect of the sample. It spreads orders over the whole table by their
// identifier and keeps any state. It has indexes by state, by customer and by venue; those by state and by venue are
// spread too. No index contains a task token.
const Native Layout = "native"

// Layouts lists every layout.
func Layouts() []Layout { return append([]Layout{Native}, serverlesspresso.Dialects()...) }

// layout is what differs between the layouts.
type layout interface {
	// key is the primary key of an order.
	key(orderID string) item
	// apply writes a transition as an update. It is called first without an item. If the table refuses that update
	// although the transition's guards hold for the current item, it is called again with that item.
	apply(t *ordermanager.Transition, seen item, ttl time.Duration) *update
	// settle writes a settlement as an update: all of it if seen is nil, otherwise the part that still applies to the
	// item; nil if none does.
	settle(s *ordermanager.Settlement, seen item, ttl time.Duration) *update
	// decode reads an order; a listed one has no history and no tokens. It returns nil for an item that is not an
	// order.
	decode(r *reader, listed bool) *ordermanager.Order
	// plan says where to look for the orders of a query. Of several ways, the first is taken whose indexes the table
	// has.
	plan(q ordermanager.Query) ([][]stream, error)
	// listed is the projection of a listing; empty where the indexes have keys only.
	listed() string
	// checkLifecycle names everything in a life cycle that the layout cannot store.
	checkLifecycle(l ordermanager.Lifecycle) error
	// keeps reports whether the layout can store a state.
	keeps(state ordermanager.State) bool
	// record names the attributes that every layout keeps in the same form.
	record() *record
	// schema is what a table must be like.
	schema() schema
}

func layoutOf(name Layout) (layout, error) {
	switch name {
	case Native, "":
		return native{}, nil
	case serverlesspresso.Workshop:
		return sample{}, nil
	case serverlesspresso.Core:
		return sample{venues: true}, nil
	}
	return nil, fmt.Errorf("%w: unknown layout %q", ordermanager.ErrInvalidOptions, name)
}

func orderIDOf(key item) string {
	r := &reader{item: key}
	return cmp.Or(r.text(nativeID), r.text(sampleID))
}
