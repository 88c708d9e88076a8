package dynamostore

import (
	"strings"

	"github.com/brewline/ordermanager"
)

func (l native) schema() schema {
	keysOnly := func(name string, hash, sort key) index {
		return index{name: name, keys: keys{hash, sort}, projects: []string{}}
	}
	created := numberKey(nativeCreated)
	return schema{
		key: keys{hash: textKey(nativeID)},
		indexes: []index{
			keysOnly(boardIndex, textKey(nativeBoard), textKey(nativePlace)),
			keysOnly(customerIndex, textKey(nativeCustomer), created),
			keysOnly(placeIndex, textKey(nativeVenueShard), created),
		},
		expires: nativeRecord.expires,
		stream:  "telling of changes",
	}
}

// fetched is what a listing needs of an order: neither its tokens nor its history.
var fetched = strings.Join([]string{
	nativeID, nativeCustomer, nativeVenue, nativeRobot, nativeState, nativeDrink, nativeNumber, nativeBarista,
	nativeReason, nativeCreated, nativeRecord.updated, nativeRecord.version, nativeRecord.owing,
}, ", ")

// listed is empty: the indexes have keys only, and the orders are fetched.
func (native) listed() string { return "" }

func (native) plan(q ordermanager.Query) ([][]stream, error) {
	// each returns a stream for each shard.
	each := func(index, hash, sort, name, prefix string) []stream {
		all := make([]stream, shards)
		for shard := range all {
			all[shard] = stream{index: index, hash: hash, value: str(spread(name, int64(shard))), sort: sort, prefix: prefix}
		}
		return all
	}
	board := func(name, venue string) []stream {
		if venue == "" {
			return each(boardIndex, nativeBoard, nativePlace, name, "")
		}
		return each(boardIndex, nativeBoard, nativePlace, name, placesOf(venue))
	}
	switch {
	case q.Owing:
		marked := make([]stream, shards)
		for shard := range marked {
			value := num(int64(shard))
			marked[shard] = stream{index: owingIndex, hash: nativeRecord.owing, value: value, sort: nativeCreated}
		}
		// While a table still has the old index, only that one has what earlier versions wrote.
		return [][]stream{marked, board("", q.Venue)}, nil
	case q.Customer != "":
		return [][]stream{{{index: customerIndex, hash: nativeCustomer, value: str(q.Customer), sort: nativeCreated}}}, nil
	case q.State == "":
		return [][]stream{each(placeIndex, nativeVenueShard, nativeCreated, q.Venue, "")}, nil
	}
	// Earlier versions moved an order whenever its state changed.
	return [][]stream{append(board("", q.Venue), board(string(q.State), q.Venue)...)}, nil
}
