package dynamostore

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// stream is a part of an index that is sorted as a listing is: one partition, or what of one begins alike.
type stream struct {
	index string
	// hash is the partition key and value its value.
	hash  string
	value types.AttributeValue
	// sort is the sort key: a number, a text, or the sort key of the table too.
	sort string
	// prefix is what the sort key, a text, begins with.
	prefix string
}

// Layout is how orders are laid out in a table: [Native], or as a dialect of the Serverlesspresso sample has it. In the
// order table of [serverlesspresso.Workshop] ORDERSTATE is CREATED, Completed or Cancelled; in that of
// [serverlesspresso.Core] it begins with the venue, as in ABC-CREATED.
type Layout = serverlesspresso.Dialect

// Native spreads orders over the whole table by their identifier, has a state of its own, and indexes by state, by
// customer and by venue. The indexes by state and venue are spread too. No index has a task token. It is no dialect of
// the sample's.
const Native Layout = "native"

// Layouts lists every layout.
func Layouts() []Layout { return append([]Layout{Native}, serverlesspresso.Dialects()...) }

// layout is what the layouts do differently.
type layout interface {
	// key is the primary key of an order.
	key(orderID string) item
	// apply writes a transition as an update. It is asked first without an item. If the table refuses that update
	// although the transition's own guards hold for the item that it shows, it is asked again with the item.
	apply(t *ordermanager.Transition, seen item, ttl time.Duration) *update
	// settle writes a settlement as an update: all of it if seen is nil, otherwise what of it still applies to the
	// item, and nil if nothing does.
	settle(s *ordermanager.Settlement, seen item, ttl time.Duration) *update
	// decode reads an order; a listed one has no history and no tokens. Nil is an item that is no order.
	decode(r *reader, listed bool) *ordermanager.Order
	// plan says where to look for the orders of a query. If there are several ways, the first is taken whose indexes
	// the table has.
	plan(q ordermanager.Query) ([][]stream, error)
	// listed is the projection of a listing; empty where the indexes have keys only.
	listed() string
	// checkLifecycle names what of a life cycle the layout cannot keep, and keeps reports whether it has a state.
	checkLifecycle(l ordermanager.Lifecycle) error
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
