package dynamostore

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// spot is a place in a listing: after the order with this sort key (empty if the identifier is the sort key) and
// identifier. The zero spot is the beginning.
type spot struct {
	Sort string `json:"s,omitempty"`
	// Text says that the sort key is a text.
	Text bool   `json:"t,omitempty"`
	ID   string `json:"i,omitempty"`
}

// value is the sort key as DynamoDB has it.
func (s spot) value() types.AttributeValue {
	if s.Text {
		return str(s.Sort)
	}
	return &types.AttributeValueMemberN{Value: s.Sort}
}

// compare sorts spots as DynamoDB sorts the items before them.
func (s spot) compare(other spot) int {
	if s.Text {
		return cmp.Or(strings.Compare(s.Sort, other.Sort), strings.Compare(s.ID, other.ID))
	}
	// These numbers have no leading zeros, so a longer one is greater.
	return cmp.Or(
		cmp.Compare(len(s.Sort), len(other.Sort)), strings.Compare(s.Sort, other.Sort), strings.Compare(s.ID, other.ID),
	)
}

// cursor is where a listing continues. It is the same place in every stream, so that an order that moves from one
// stream to another in the meantime is neither listed twice nor missed.
type cursor struct {
	// Query is what the listing asks for, so that a cursor cannot continue another one.
	Query string `json:"q"`
	After spot   `json:"a"`
}

// most is how many rounds of requests one page may take. Where a filter drops most orders, a page is short rather than
// slow.
const most = 16

// List implements [ordermanager.Store] with queries on indexes, never a scan. In [Native] it reads the partitions over
// which an index is spread at the same time, merges them, and fetches the orders with BatchGetItem. These are sorted by
// age, oldest or newest first; a listing by state, or of what is owed, without a venue is sorted by venue first. In the
// layouts of the sample, orders are sorted by identifier; newest first, a listing by state or venue is sorted by TS, if
// the table has the index LSI-timestamp.
//
// An item that cannot be read is passed over: see [ordermanager.Page.Skipped].
//
// Besides an [*Error] it returns [ErrUnlistable] for what no index of the core dialect can list: orders of every venue
// and customer. Listing what is owed from a table of the sample without the index for it is [ErrNoIndex], and so are
// listings from a table in the layout [Native] of an earlier version to which [Migrate] has not been applied.
func (s *Store) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	if err := ctx.Err(); err != nil {
		return ordermanager.Page{}, err
	}
	ways, err := s.layout.plan(q)
	if err != nil {
		return ordermanager.Page{}, err
	}
	after, err := decodeCursor(q)
	if err != nil {
		return ordermanager.Page{}, err
	}
	for ; ; ways = ways[1:] {
		index := ways[0][0].index
		if _, lacked := s.lacked.Load(index); lacked && len(ways) > 1 {
			continue
		}
		page, err := newListing(s, q, ways[0], after).page(ctx)
		if errors.Is(err, ErrNoIndex) && len(ways) > 1 {
			s.lacked.Store(index, true)
			continue
		}
		return page, err
	}
}

// listing is a listing in progress.
type listing struct {
	store   *Store
	query   ordermanager.Query
	sources []source
	// after is the place after the last order that was put into the page or passed over.
	after spot
}

func newListing(s *Store, q ordermanager.Query, streams []stream, after spot) *listing {
	l := &listing{store: s, query: q, sources: make([]source, len(streams)), after: after}
	for i := range streams {
		l.sources[i] = source{stream: streams[i], from: after}
	}
	return l
}

// source is a stream that is being read.
type source struct {
	stream
	// from is where the reading begins.
	from spot
	// ahead holds items that have been read and not yet used, and next is where to read on.
	ahead       []listed
	next        item
	begun, done bool
}

// listed is an item of a listing, as the index has it, and the spot after it.
type listed struct {
	item item
	spot spot
}

func (l *listing) page(ctx context.Context) (ordermanager.Page, error) {
	var page ordermanager.Page
	full := func() bool { return len(page.Orders)+len(page.Skipped) == l.query.Limit }
	wanted := l.query.Limit
	for round := 0; round < most && !full() && !l.exhausted(); round++ {
		if err := l.fill(ctx, wanted); err != nil {
			return ordermanager.Page{}, err
		}
		var picked []listed
		for first := l.first(); first != nil && len(picked) < wanted; first = l.first() {
			picked = append(picked, first.ahead[0])
			first.ahead = first.ahead[1:]
		}
		rest, err := l.add(ctx, &page, picked, full)
		if err != nil {
			return ordermanager.Page{}, err
		}
		if len(rest) > 0 { // the page is full
			page.Cursor = l.cursor()
			return page, nil
		}
		if len(picked) > 0 { // the last ones may be gone from the table
			l.after = picked[len(picked)-1].spot
		}
		wanted = min(2*wanted, mostKeys) // few of those items belong to the listing
	}
	if !l.exhausted() {
		page.Cursor = l.cursor()
	}
	return page, nil
}

// add puts the items whose orders belong to the listing into the page, and returns those left when it is full.
func (l *listing) add(
	ctx context.Context, page *ordermanager.Page, picked []listed, full func() bool,
) (rest []listed, err error) {
	if l.store.layout.listed() == "" { // the index has keys only
		if picked, err = l.store.fetch(ctx, picked); err != nil {
			return nil, err
		}
	}
	for i, one := range picked {
		if full() {
			return picked[i:], nil
		}
		if one.spot == l.after {
			continue // it is moving from one stream to another, and is in both
		}
		l.after = one.spot
		o, err := l.store.decode(one.item, true)
		switch {
		case err != nil:
			page.Skipped = append(page.Skipped, ordermanager.Skipped{OrderID: orderIDOf(one.item), Err: err})
		case o != nil && l.wants(o, one.item):
			page.Orders = append(page.Orders, o)
		}
	}
	return nil, nil
}

// wants reports whether an order belongs to the listing. A listed order does not tell whether it owes something: its
// place in the index does, or the mark of a fetched item.
func (l *listing) wants(o *ordermanager.Order, found item) bool {
	q := l.query
	if q.Owing && l.store.layout.listed() == "" && found[l.store.layout.record().owing] == nil {
		return false
	}
	return (ordermanager.Query{State: q.State, Customer: q.Customer, Venue: q.Venue}).Matches(o)
}

// dry reports whether more must be read to know the stream's next item.
func (s *source) dry() bool { return len(s.ahead) == 0 && !s.done }

// first is the source with the item that comes first; nil while some source is dry, or when nothing is left.
func (l *listing) first() *source {
	var first *source
	for i := range l.sources {
		s := &l.sources[i]
		switch {
		case s.dry():
			return nil
		case len(s.ahead) > 0 && (first == nil || l.before(s.ahead[0].spot, first.ahead[0].spot)):
			first = s
		}
	}
	return first
}

// before reports whether one place comes before another in the direction of the listing.
func (l *listing) before(a, b spot) bool {
	if l.query.Newest {
		a, b = b, a
	}
	return a.compare(b) < 0
}

func (l *listing) exhausted() bool {
	return !slices.ContainsFunc(l.sources, func(s source) bool { return len(s.ahead) > 0 || !s.done })
}

func (l *listing) cursor() string {
	data, err := json.Marshal(cursor{Query: describe(l.query), After: l.after})
	if err != nil {
		panic(err) // strings and booleans always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// fill reads on in every dry stream, in all of them at once.
func (l *listing) fill(ctx context.Context, wanted int) error {
	var wait sync.WaitGroup
	errs := make([]error, len(l.sources))
	// A hash spreads the orders of a listing over its streams almost evenly.
	limit := int32(wanted/len(l.sources) + 10) //nolint:gosec // at most mostKeys and MaxPageSize
	for i := range l.sources {
		if s := &l.sources[i]; s.dry() {
			wait.Go(func() { errs[i] = l.read(ctx, s, limit) })
		}
	}
	wait.Wait()
	return cmp.Or(errs...)
}

// read reads on in one stream.
func (l *listing) read(ctx context.Context, s *source, limit int32) error {
	fromCursor := !s.begun && s.from != spot{}
	output, err := l.store.client.Query(ctx, l.store.queryInput(s, limit, l.query.Newest), repeatConflicts)
	if fromCursor && isInvalid(err) && !errors.Is(kindOf(err), ErrNoIndex) {
		return invalidCursor()
	}
	if err != nil {
		return l.store.wrapQuery(s.index, err)
	}
	s.begun, s.next = true, nil
	if len(output.LastEvaluatedKey) > 0 { // some emulators end with an empty key
		s.next = output.LastEvaluatedKey
	}
	s.done = s.next == nil
	for _, found := range output.Items {
		s.ahead = append(s.ahead, listed{found, s.spotOf(found)})
	}
	return nil
}

// spotOf is the spot after an item of the stream.
func (s *source) spotOf(of item) spot {
	after := spot{ID: orderIDOf(of)}
	if s.sort == sampleID {
		return after
	}
	switch v := of[s.sort].(type) {
	case *types.AttributeValueMemberN:
		after.Sort = v.Value
	case *types.AttributeValueMemberS:
		after.Sort, after.Text = v.Value, true
	}
	return after
}

func (s *Store) queryInput(from *source, limit int32, newest bool) *dynamodb.QueryInput {
	condition := from.hash + " = :h"
	values := item{":h": from.value}
	if from.prefix != "" {
		condition += " AND begins_with(" + from.sort + ", :p)"
		values[":p"] = str(from.prefix)
	}
	forward := !newest
	input := &dynamodb.QueryInput{
		TableName: &s.table, IndexName: &from.index, ScanIndexForward: &forward, Limit: &limit,
		KeyConditionExpression: &condition, ExpressionAttributeValues: values, ExclusiveStartKey: from.next,
	}
	if !from.begun && from.from.ID != "" {
		input.ExclusiveStartKey = s.layout.key(from.from.ID)
		input.ExclusiveStartKey[from.hash] = from.value
		if from.from.Sort != "" {
			input.ExclusiveStartKey[from.sort] = from.from.value()
		}
	}
	if wanted := s.layout.listed(); wanted != "" {
		input.ProjectionExpression = &wanted
	}
	return input
}

// mostKeys is how many items one BatchGetItem may ask for.
const mostKeys = 100

// fetch reads what a listing needs of each item, in the same order. An item that is gone is left out.
func (s *Store) fetch(ctx context.Context, found []listed) ([]listed, error) {
	whole := make(map[string]item, len(found))
	for part := range slices.Chunk(found, mostKeys) {
		keys := make([]item, len(part))
		for i, one := range part {
			keys[i] = s.layout.key(one.spot.ID)
		}
		if err := s.fetchPart(ctx, keys, whole); err != nil {
			return nil, err
		}
	}
	var all []listed
	for _, one := range found {
		if got, there := whole[one.spot.ID]; there {
			all = append(all, listed{got, one.spot})
		}
	}
	return all, nil
}

// fetchPart asks until every key is answered: DynamoDB may answer some of them, and wants a pause before it is asked
// for the rest.
func (s *Store) fetchPart(ctx context.Context, keys []item, whole map[string]item) error {
	wanted := fetched
	for pause := 50 * time.Millisecond; ; pause *= 2 {
		output, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{s.table: {Keys: keys, ProjectionExpression: &wanted}},
		}, repeatConflicts)
		if err != nil {
			return s.wrap("BatchGetItem", "", err)
		}
		for _, answers := range output.Responses {
			for _, got := range answers {
				whole[orderIDOf(got)] = got
			}
		}
		keys = nil
		for _, rest := range output.UnprocessedKeys {
			keys = append(keys, rest.Keys...)
		}
		switch {
		case len(keys) == 0:
			return nil
		case pause > time.Second:
			return &Error{
				Op: "BatchGetItem", Table: s.table, Kind: ErrThrottled,
				Err: fmt.Errorf("%d items stayed unread after repeated attempts", len(keys)),
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// wrapQuery adds to the error about a missing index how to get it.
func (s *Store) wrapQuery(index string, err error) error {
	wrapped := &Error{Op: "Query", Table: s.table, Kind: kindOf(err), Err: err}
	if wrapped.Kind == ErrNoIndex { //nolint:errorlint // kindOf returns the sentinel itself
		wrapped.Hint = fmt.Sprintf("it has no index %s; compare it with Schema, and add what it lacks with AddOwingIndex "+
			"(what only a redrive needs) or Migrate, from the command line with: ordermanager table add-index, or migrate",
			index)
	}
	return wrapped
}

// describe identifies a query.
func describe(q ordermanager.Query) string {
	flags := strconv.FormatBool(q.Owing) + strconv.FormatBool(q.Newest)
	return strings.Join([]string{string(q.State), q.Customer, q.Venue, flags}, "\x00")
}

func decodeCursor(q ordermanager.Query) (spot, error) {
	if q.Cursor == "" {
		return spot{}, nil
	}
	var c cursor
	data, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || json.Unmarshal(data, &c) != nil || c.Query != describe(q) || c.After.ID == "" {
		return spot{}, invalidCursor()
	}
	_, err = strconv.ParseInt(c.After.Sort, 10, 64)
	badSort := c.After.Text && c.After.Sort == "" || !c.After.Text && c.After.Sort != "" && err != nil
	if badSort || len(c.After.ID) > ordermanager.MaxIDBytes {
		return spot{}, invalidCursor()
	}
	return c.After, nil
}
