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

// spot is where a stream is to be continued: after the order with this sort key (empty if that is the order's
// identifier) and identifier. The zero spot is the beginning.
type spot struct {
	Sort string `json:"s,omitempty"`
	// Text says that the sort key is a text.
	Text bool   `json:"t,omitempty"`
	ID   string `json:"i,omitempty"`
	// Done says that nothing follows.
	Done bool `json:"d,omitempty"`
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
	// These numbers have as many digits as they need.
	return cmp.Or(
		cmp.Compare(len(s.Sort), len(other.Sort)), strings.Compare(s.Sort, other.Sort), strings.Compare(s.ID, other.ID),
	)
}

// cursor is the position in every stream of a listing.
type cursor struct {
	// Query is what the listing asks for, so that a cursor cannot continue another one.
	Query string `json:"q"`
	Spots []spot `json:"p"`
}

// most is how many rounds of requests one page may take. Where a filter leaves few orders of many, a page is shorter
// than its limit rather than slow.
const most = 16

// List implements [ordermanager.Store] with queries on indexes, never a scan. In [Native] it is merged from the
// partitions over which an index is spread, which are read at the same time, and the orders that the indexes name are
// then fetched with BatchGetItem; it is oldest first, and one of a state alone is so venue by venue. In the layouts
// of the sample it is in the order of the identifiers.
//
// An item that is broken where it matters is passed over: see [ordermanager.Page.Skipped].
//
// Besides an [*Error] it returns [ErrUnlistable] for what no index of [Core] can list: orders of a state, whatever
// their venue and customer. Listing what is owed from a table without the index for it is [ErrNoIndex], and so is
// another listing from a table in the layout [Native] that [Migrate] has not been applied to.
func (s *Store) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	if err := ctx.Err(); err != nil {
		return ordermanager.Page{}, err
	}
	streams, err := s.layout.plan(q)
	if err != nil {
		return ordermanager.Page{}, err
	}
	listing := &listing{store: s, query: q, sources: make([]source, len(streams))}
	spots, err := decodeCursor(q, len(streams))
	if err != nil {
		return ordermanager.Page{}, err
	}
	for i := range streams {
		listing.sources[i] = source{stream: streams[i], spot: spots[i]}
	}
	return listing.page(ctx)
}

// listing is a listing on its way.
type listing struct {
	store   *Store
	query   ordermanager.Query
	sources []source
}

// source is a stream that is being read.
type source struct {
	stream
	// spot is after the last item that went into the page.
	spot spot
	// ahead are items that have been read and not yet used, and next is where to read on.
	ahead []listed
	next  item
	begun bool
}

// listed is an item of a listing: what the index has of it, and the spot after it.
type listed struct {
	item item
	spot spot
}

func (l *listing) page(ctx context.Context) (ordermanager.Page, error) {
	var page ordermanager.Page
	for range most {
		missing := l.query.Limit - len(page.Orders) - len(page.Skipped)
		if missing == 0 || l.exhausted() {
			break
		}
		if err := l.fill(ctx, missing); err != nil {
			return ordermanager.Page{}, err
		}
		var picked []item
		for len(picked) < missing {
			first := l.first()
			if first == nil {
				break
			}
			picked = append(picked, first.ahead[0].item)
			first.spot, first.ahead = first.ahead[0].spot, first.ahead[1:]
		}
		if err := l.add(ctx, &page, picked); err != nil {
			return ordermanager.Page{}, err
		}
	}
	page.Cursor = l.cursor()
	return page, nil
}

// add puts the orders of items into the page, if they belong there.
func (l *listing) add(ctx context.Context, page *ordermanager.Page, picked []item) error {
	if l.store.layout.listed() == "" { // the index has keys only
		var err error
		if picked, err = l.store.fetch(ctx, picked); err != nil {
			return err
		}
	}
	for _, found := range picked {
		o, err := l.store.decode(found, true)
		switch {
		case err != nil:
			page.Skipped = append(page.Skipped, ordermanager.Skipped{OrderID: orderIDOf(found), Err: err})
		case l.wants(o):
			page.Orders = append(page.Orders, o)
		}
	}
	return nil
}

// wants reports whether an order belongs to the listing. What is owed is known to the index alone.
func (l *listing) wants(o *ordermanager.Order) bool {
	q := l.query
	return (ordermanager.Query{State: q.State, Customer: q.Customer, Venue: q.Venue}).Matches(o)
}

// dry reports whether more has to be read before the stream's next item is known.
func (s *source) dry() bool { return len(s.ahead) == 0 && !s.spot.Done }

// first is the source with the oldest item; nil while some source is dry, or when nothing is left.
func (l *listing) first() *source {
	var first *source
	for i := range l.sources {
		s := &l.sources[i]
		switch {
		case s.dry():
			return nil
		case len(s.ahead) > 0 && (first == nil || s.ahead[0].spot.compare(first.ahead[0].spot) < 0):
			first = s
		}
	}
	return first
}

func (l *listing) exhausted() bool {
	for i := range l.sources {
		if s := &l.sources[i]; len(s.ahead) > 0 || !s.spot.Done {
			return false
		}
	}
	return true
}

func (l *listing) cursor() string {
	if l.exhausted() {
		return ""
	}
	c := cursor{Query: describe(l.query), Spots: make([]spot, len(l.sources))}
	for i := range l.sources {
		c.Spots[i] = l.sources[i].spot
	}
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and booleans always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// fill reads on in every dry stream, in all of them at once.
func (l *listing) fill(ctx context.Context, missing int) error {
	var wait sync.WaitGroup
	errs := make([]error, len(l.sources))
	// The orders of a listing are spread evenly over its streams, by a hash; some of them a little less so.
	limit := int32(missing/len(l.sources) + 10) //nolint:gosec // at most MaxPageSize
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
	fromCursor := !s.begun && s.spot != spot{}
	output, err := l.store.client.Query(ctx, l.store.queryInput(s, limit), repeatConflicts)
	if fromCursor && isInvalid(err) && !errors.Is(kindOf(err), ErrNoIndex) {
		return invalidCursor()
	}
	if err != nil {
		return l.store.wrapQuery(s.index, err)
	}
	s.begun, s.next = true, nil
	if len(output.LastEvaluatedKey) > 0 { // some answer the end with an empty key
		s.next = output.LastEvaluatedKey
	}
	for _, found := range output.Items {
		s.ahead = append(s.ahead, listed{found, s.spotOf(found)})
	}
	switch n := len(s.ahead); {
	case n > 0 && s.next == nil:
		s.ahead[n-1].spot.Done = true
	case n == 0 && s.next == nil:
		s.spot = spot{Done: true}
	case n == 0:
		s.spot = s.spotOf(s.next)
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

func orderIDOf(key item) string {
	r := &reader{item: key}
	return cmp.Or(r.text(nativeID), r.text(sampleID))
}

func (s *Store) queryInput(from *source, limit int32) *dynamodb.QueryInput {
	condition := from.hash + " = :h"
	values := item{":h": from.value}
	if from.prefix != "" {
		condition += " AND begins_with(" + from.sort + ", :p)"
		values[":p"] = str(from.prefix)
	}
	input := &dynamodb.QueryInput{
		TableName: &s.table, IndexName: &from.index, KeyConditionExpression: &condition, ExpressionAttributeValues: values, Limit: &limit,
		ExclusiveStartKey: from.next,
	}
	if !from.begun && from.spot.ID != "" {
		input.ExclusiveStartKey = s.layout.key(from.spot.ID)
		input.ExclusiveStartKey[from.hash] = from.value
		if from.spot.Sort != "" {
			input.ExclusiveStartKey[from.sort] = from.spot.value()
		}
	}
	if wanted := s.layout.listed(); wanted != "" {
		input.ProjectionExpression = &wanted
	}
	return input
}

// mostKeys is how many items one BatchGetItem may ask for.
const mostKeys = 100

// fetch reads what a listing needs of items, in their order. One that is no longer there is left out.
func (s *Store) fetch(ctx context.Context, found []item) ([]item, error) {
	whole := make(map[string]item, len(found))
	for part := range slices.Chunk(found, mostKeys) {
		keys := make([]item, len(part))
		for i, one := range part {
			keys[i] = s.layout.key(orderIDOf(one))
		}
		if err := s.fetchPart(ctx, keys, whole); err != nil {
			return nil, err
		}
	}
	var all []item
	for _, one := range found {
		if got, there := whole[orderIDOf(one)]; there {
			all = append(all, got)
		}
	}
	return all, nil
}

// fetchPart asks until every key has its answer: DynamoDB may answer a part, and wants time before it is asked for
// the rest.
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
				Err: fmt.Errorf("%d items were left out again and again", len(keys)),
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

// wrapQuery adds to a missing index how to get it.
func (s *Store) wrapQuery(index string, err error) error {
	wrapped := &Error{Op: "Query", Table: s.table, Kind: kindOf(err), Err: err}
	if wrapped.Kind == ErrNoIndex { //nolint:errorlint // kindOf returns the sentinel itself
		wrapped.Hint = fmt.Sprintf("it has no index %s; compare it with Schema, and add what it lacks with AddOwingIndex (what only a "+
			"redrive needs) or Migrate, from the command line with: ordermanager table add-index, or migrate", index)
	}
	return wrapped
}

// describe identifies a query.
func describe(q ordermanager.Query) string {
	return strings.Join([]string{string(q.State), q.Customer, q.Venue, strconv.FormatBool(q.Owing)}, "\x00")
}

func decodeCursor(q ordermanager.Query, streams int) ([]spot, error) {
	if q.Cursor == "" {
		return make([]spot, streams), nil
	}
	var c cursor
	data, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || json.Unmarshal(data, &c) != nil || c.Query != describe(q) || len(c.Spots) != streams {
		return nil, invalidCursor()
	}
	for _, spot := range c.Spots {
		_, err := strconv.ParseInt(spot.Sort, 10, 64)
		badSort := spot.Text && spot.Sort == "" || !spot.Text && spot.Sort != "" && err != nil
		if badSort || len(spot.ID) > ordermanager.MaxIDBytes {
			return nil, invalidCursor()
		}
	}
	return c.Spots, nil
}
