package dynamostore

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// stream is a part of an index that is sorted as a listing is: one partition, or a range of one.
type stream struct {
	index string
	// hash is the partition key and value its value.
	hash  string
	value types.AttributeValue
	// sort is the sort key. It is a number of which the range from..to is read, or, if it is part of the table's key, a text.
	sort     string
	from, to int64
}

// spot is where a stream is to be continued: after the order with this sort key (empty if that is the order's identifier) and
// identifier. The zero spot is the beginning.
type spot struct {
	Sort string `json:"s,omitempty"`
	ID   string `json:"i,omitempty"`
	// Done says that nothing follows.
	Done bool `json:"d,omitempty"`
}

// cursor is the position in every stream of a listing.
type cursor struct {
	// Query is what the listing asks for, so that a cursor cannot continue another one.
	Query string `json:"q"`
	Spots []spot `json:"p"`
}

// most is how many rounds of requests one page may take. Where a filter leaves few orders of many, a page is shorter than its limit
// rather than slow.
const most = 16

// List implements [ordermanager.Store] with queries on indexes, never a scan. In [Native] it is oldest first, and merged from the partitions
// over which an index is spread, which are read at the same time. In the layouts of the sample it is in the order of the identifiers.
//
// A broken item ends a listing with an [*ItemError], but for a listing of what is owed: there it is listed by its identifier alone, so
// that a redrive can name it and go on.
//
// Besides an [*Error] it returns [ErrUnlistable] for what no index of [Core] can list: orders of a state, whatever their venue and
// customer. Listing what is owed from a table without the index for it is [ErrNoIndex].
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
	// spot is after the last order that went into the page.
	spot spot
	// ahead are orders that have been read and not yet used, and next is where to read on.
	ahead []*ordermanager.Order
	spots []spot
	next  item
	begun bool
}

func (l *listing) page(ctx context.Context) (ordermanager.Page, error) {
	var orders []*ordermanager.Order
	for range most {
		if err := l.fill(ctx, len(orders)); err != nil {
			return ordermanager.Page{}, err
		}
		for len(orders) < l.query.Limit {
			first := l.first()
			if first == nil {
				break
			}
			orders = append(orders, first.ahead[0])
			first.spot = first.spots[0]
			first.ahead, first.spots = first.ahead[1:], first.spots[1:]
		}
		if len(orders) == l.query.Limit || l.exhausted() {
			break
		}
	}
	return ordermanager.Page{Orders: orders, Cursor: l.cursor()}, nil
}

// dry reports whether more has to be read before the stream's next order is known.
func (s *source) dry() bool { return len(s.ahead) == 0 && !s.spot.Done }

// first is the source with the oldest order; nil while some source is dry, or when nothing is left.
func (l *listing) first() *source {
	var first *source
	for i := range l.sources {
		s := &l.sources[i]
		switch {
		case s.dry():
			return nil
		case len(s.ahead) > 0 && (first == nil || s.before(first)):
			first = s
		}
	}
	return first
}

func (s *source) before(other *source) bool {
	if s.spots[0].Sort == "" {
		return s.ahead[0].ID < other.ahead[0].ID
	}
	a, b := s.ahead[0], other.ahead[0]
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID)) < 0
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
func (l *listing) fill(ctx context.Context, got int) error {
	var wait sync.WaitGroup
	errs := make([]error, len(l.sources))
	// The orders of a listing are spread evenly over its streams, by a hash; some of them a little less so.
	limit := int32((l.query.Limit-got)/len(l.sources) + 10) //nolint:gosec // at most MaxPageSize
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
		o, err := l.store.decode(found, true)
		if err != nil && l.query.Owing {
			// Whoever redrives reads the order itself, and passes over the one that is broken; the others must not wait behind it.
			o, err = &ordermanager.Order{ID: orderIDOf(found)}, nil
		}
		if err != nil {
			return err
		}
		if q := l.query; (ordermanager.Query{State: q.State, Customer: q.Customer, Venue: q.Venue}).Matches(o) {
			s.ahead, s.spots = append(s.ahead, o), append(s.spots, s.spotOf(found, o.ID))
		}
	}
	end := spot{Done: true}
	if s.next != nil {
		end = s.spotOf(s.next, orderIDOf(s.next))
	}
	if n := len(s.spots); n > 0 && s.next == nil {
		s.spots[n-1].Done = true
	} else if n == 0 {
		s.spot = end
	}
	return nil
}

// spotOf is the spot after an item of the stream.
func (s *source) spotOf(of item, id string) spot {
	if n, ok := of[s.sort].(*types.AttributeValueMemberN); ok {
		return spot{Sort: n.Value, ID: id}
	}
	return spot{ID: id}
}

func orderIDOf(key item) string {
	r := &reader{item: key}
	return cmp.Or(r.text(nativeID), r.text(sampleID))
}

func (s *Store) queryInput(from *source, limit int32) *dynamodb.QueryInput {
	condition := from.hash + " = :h"
	values := item{":h": from.value}
	if from.to > 0 {
		condition += " AND " + from.sort + " BETWEEN :f AND :t"
		values[":f"], values[":t"] = num(from.from), num(from.to)
	}
	input := &dynamodb.QueryInput{
		TableName: &s.table, IndexName: &from.index, KeyConditionExpression: &condition, ExpressionAttributeValues: values, Limit: &limit,
		ExclusiveStartKey: from.next,
	}
	if !from.begun && from.spot.ID != "" {
		input.ExclusiveStartKey = s.layout.key(from.spot.ID)
		input.ExclusiveStartKey[from.hash] = from.value
		if from.spot.Sort != "" {
			input.ExclusiveStartKey[from.sort] = &types.AttributeValueMemberN{Value: from.spot.Sort}
		}
	}
	if wanted := s.layout.listed(); wanted != "" {
		input.ProjectionExpression = &wanted
	}
	return input
}

// wrapQuery adds to a missing index how to get it.
func (s *Store) wrapQuery(index string, err error) error {
	wrapped := &Error{Op: "Query", Table: s.table, Kind: kindOf(err), Err: err}
	if wrapped.Kind == ErrNoIndex { //nolint:errorlint // kindOf returns the sentinel itself
		wrapped.Hint = fmt.Sprintf("it has no index %s; compare it with Schema, or add what only a redrive needs with AddOwingIndex, "+
			"from the command line with: ordermanager table add-index", index)
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
		if _, err := strconv.ParseInt(spot.Sort, 10, 64); spot.Sort != "" && err != nil || len(spot.ID) > ordermanager.MaxIDBytes {
			return nil, invalidCursor()
		}
	}
	return c.Spots, nil
}
