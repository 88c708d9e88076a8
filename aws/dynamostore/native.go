package dynamostore

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/brewline/ordermanager"
)

// native is the layout [Native]. Names are short because an item with a token is near the 1 KB that one write unit
// pays for ("DynamoDB on-demand capacity mode" in the Amazon DynamoDB Developer Guide).
type native struct{}

// The attributes of an order.
const (
	nativeID       = "id" // S, the partition key
	nativeCustomer = "cu" // S
	nativeVenue    = "ve" // S, absent if there is none
	nativeRobot    = "ro" // BOOL, absent if false
	nativeState    = "st" // S
	nativeDrink    = "dr" // M of n (S), i (S), m (L of S)
	nativeNumber   = "nr" // S
	nativeBarista  = "ba" // S, absent if nobody
	nativeReason   = "re" // S
	nativeCreated  = "ca" // N, milliseconds

	// nativeBoard (S) and nativeVenueShard (S) are the partition keys of the indexes by state and by venue: the place
	// on the board (see nativeMove) or the venue, and a number from the order's identifier. The number spreads an index
	// over several partitions, each of which takes 1,000 write units per second. A transition knows both parts of
	// nativeBoard, so it can assign it without reading the item.
	nativeBoard      = "sb"
	nativeVenueShard = "vs"
	// nativePlace (S) is the sort key of the index by state: the venue and the time of creation, which never change. It
	// keeps the orders of a venue together, oldest first.
	nativePlace = "vc"

	// oldShard and oldPlace are attributes that an item has from versions without decisions.
	oldShard = "sh"
	oldPlace = "pl"
)

var nativeRecord = record{
	history: "hi", requests: "rq", version: "v", owed: "oe", owing: "ow",
	first: slot{"d1", "t1", "s1", "t1at"}, second: slot{"d2", "t2", "s2", "t2at"},
	expires: "ex", ending: "en", updated: "ua", fenced: "fe", packs: true,
}

// shards is the number of partitions over which a busy index is spread. It cannot change while there are orders.
const shards = 8

func shardOf(orderID string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(orderID))
	return int64(h.Sum32() % shards)
}

// spread is the partition key of the orders of a state or a venue with this shard.
func spread(name string, shard int64) string { return name + "#" + strconv.FormatInt(shard, 10) }

// place is the value of nativePlace. No identifier contains a tab.
func place(venue string, created time.Time) string {
	return placesOf(venue) + fmt.Sprintf("%013d", created.UnixMilli())
}

// placesOf is the prefix of a venue's places.
func placesOf(venue string) string { return venue + "\t" }

func (native) record() *record { return &nativeRecord }

func (native) checkLifecycle(ordermanager.Lifecycle) error { return nil }

func (native) keeps(ordermanager.State) bool { return true }

func (native) key(orderID string) item { return item{nativeID: str(orderID)} }
