// Package dynamostore keeps orders in Amazon DynamoDB, and reads menus from it.
//
// # Store
//
// A [Store] turns each transition into one UpdateItem with a condition, and reads nothing before it: the answer to a
// write that was applied is the new item, and the answer to one that was refused is the item that refused it
// (UpdateItem in the Amazon DynamoDB API Reference, ReturnValues and ReturnValuesOnConditionCheckFailure). When the SDK
// repeats a write whose answer was lost, the request id in the item refuses the repetition, and the Manager recognises
// that refusal as a success. A repeated write that is refused for another reason is fenced before the refusal is
// reported: the attempt that got no answer cannot be applied later.
//
// # Layouts
//
// [Native] is a layout of our own. The order tables of both dialects of the Serverlesspresso sample are layouts too,
// and the sample's apps and functions keep working on the same items. [Schema] says what a layout needs, [Create] makes
// such a table, [Check] compares an existing table with it, [AddOwingIndex] adds to a table of the sample what only
// [ordermanager.Manager.Redrive] needs, and [Migrate] brings a table in the layout [Native] up to date.
//
// # Errors
//
// Whatever DynamoDB refuses comes back as an [*Error] with the table, the order and one of a few sentinels such as
// [ErrNoTable] or [ErrThrottled]; the SDK's own error is in its chain. An item that another program has damaged is
// reported as an [*ItemError]. No error contains a task token.
package dynamostore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// API is what a [Store] calls. A *dynamodb.Client has it; so do wrappers that add tracing or another endpoint.
type API interface {
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (
		*dynamodb.BatchGetItemOutput, error)
}

// Options is everything about a [Store] that has a default. The zero Options, and nil, are fine.
type Options struct {
	// Layout is how the table is laid out. Default: [Native].
	Layout Layout
	// TTL is how long after its end an order is kept, to the second; DynamoDB deletes it some time later ("Using time
	// to live (TTL) in DynamoDB" in the Amazon DynamoDB Developer Guide). An order that still owes a delivery is kept
	// until it is settled. A late duplicate of a notification would begin a deleted order anew, so keep orders longer
	// than messages can be on their way. Default: for ever.
	TTL time.Duration
}

// Store is an [ordermanager.Store] on a table. It is safe for concurrent use, and so are any number of Stores on one
// table.
type Store struct {
	client API
	table  string
	layout layout
	ttl    time.Duration
	// lacked holds the indexes that the table turned out not to have, where a listing can be served without them.
	lacked sync.Map
}

var _ ordermanager.Store = (*Store)(nil)

// New returns a Store on a table, which may be given by its ARN. It does no I/O: [Check] does. Its only error is
// [ordermanager.ErrInvalidOptions].
func New(client API, table string, options *Options) (*Store, error) {
	if options == nil {
		options = &Options{}
	}
	switch {
	case client == nil:
		return nil, fmt.Errorf("%w: the DynamoDB client is nil", ordermanager.ErrInvalidOptions)
	case table == "":
		return nil, fmt.Errorf("%w: the table has no name", ordermanager.ErrInvalidOptions)
	case options.TTL < 0:
		return nil, fmt.Errorf("%w: the TTL is negative", ordermanager.ErrInvalidOptions)
	}
	layout, err := layoutOf(options.Layout)
	if err != nil {
		return nil, err
	}
	return &Store{client: client, table: table, layout: layout, ttl: options.TTL}, nil
}

// attempts is how often a write is tried, each time rebuilt from the item that refused the attempt before. Another
// attempt fails only if somebody changes the item in between, so the last of n callers that race for an order needs n.
// A pause would not help: the item that came with the refusal is the newest there is.
const attempts = 32

// Apply implements [ordermanager.Store] with one UpdateItem. If the refusal has no item, a GetItem makes sure that
// there is no order: not every emulator returns the item.
//
// In the layouts of the sample it needs a second UpdateItem where the write depends on something that only the item can
// tell: to end an order of the core dialect that none of our writes has touched yet, or to register a token for the
// first wait once the second has begun.
func (s *Store) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	for _, state := range []ordermanager.State{t.Assign.State, newState(t.Create)} {
		if state != "" && !s.layout.keeps(state) {
			return ordermanager.Result{}, fmt.Errorf("%w: the layout has no state %q", ordermanager.ErrInvalidLifecycle, state)
		}
	}
	var seen item
	for range attempts {
		u, attempt := s.layout.apply(&t, seen, s.ttl), rand.Text()
		if t.Create == nil { // an order cannot begin late
			s.layout.record().unlessFenced(u, attempt)
		}
		written, current, straggling, err := s.update(ctx, t.OrderID, u, types.ReturnValueAllNew)
		if err == nil && !written && straggling && t.Create == nil && !s.applied(&t, current) {
			current, err = s.fence(ctx, t.OrderID, attempt, current)
		}
		if err != nil {
			return ordermanager.Result{}, err
		}
		order, err := s.decode(current, false)
		if err != nil || written {
			return ordermanager.Result{Applied: written, Order: order}, err
		}
		if !t.Permits(order) {
			return ordermanager.Result{Order: order}, nil
		}
		seen = current
	}
	return ordermanager.Result{}, s.busy(t.OrderID)
}

func newState(created *ordermanager.NewOrder) ordermanager.State {
	if created == nil {
		return ""
	}
	return created.State
}

// Settle implements [ordermanager.Store] with one UpdateItem, or more if the order has changed since the delivery.
func (s *Store) Settle(ctx context.Context, settlement ordermanager.Settlement) error {
	u := s.layout.settle(&settlement, nil, s.ttl)
	for range attempts {
		if u == nil {
			return ctx.Err()
		}
		written, current, _, err := s.update(ctx, settlement.OrderID, u, types.ReturnValueNone)
		if err != nil || written || current == nil {
			return err
		}
		u = s.layout.settle(&settlement, current, s.ttl)
	}
	return s.busy(settlement.OrderID)
}

// Get implements [ordermanager.Store] with one strongly consistent GetItem.
func (s *Store) Get(ctx context.Context, orderID string) (*ordermanager.Order, error) {
	found, err := s.read(ctx, orderID)
	if err != nil {
		return nil, err
	}
	return s.decode(found, false)
}

// read reads an item; nil if there is none.
func (s *Store) read(ctx context.Context, orderID string) (item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	consistent := true
	output, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: s.layout.key(orderID), ConsistentRead: &consistent,
	}, repeatConflicts)
	if err != nil {
		return nil, s.wrap("GetItem", orderID, err)
	}
	return output.Item, nil
}

// update sends an update. It returns the new item if it was written, and the current item if it was refused. straggling
// reports that an earlier attempt of the SDK's got no answer and may still arrive.
func (s *Store) update(ctx context.Context, orderID string, u *update, values types.ReturnValue) (
	written bool, current item, straggling bool, err error,
) {
	if err := ctx.Err(); err != nil {
		return false, nil, false, err
	}
	input := u.input(s.table, s.layout.key(orderID), values)
	output, err := s.client.UpdateItem(ctx, input, repeatConflicts, noteStragglers(&straggling))
	if err == nil {
		return true, output.Attributes, straggling, nil
	}
	if refused, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		if len(refused.Item) > 0 {
			return false, refused.Item, straggling, nil
		}
		// There is no such item; but some emulators never return one.
		current, err = s.read(ctx, orderID)
		return false, current, straggling, err
	}
	return false, nil, straggling, s.explain(ctx, orderID, s.wrap("UpdateItem", orderID, err))
}

// applied reports whether an item shows that the transition was applied to it. Then every further attempt is refused.
func (s *Store) applied(t *ordermanager.Transition, current item) bool {
	o, err := s.decode(current, false)
	if err != nil || o == nil {
		return false
	}
	_, _, found := o.Entry(t.Entry.RequestID)
	return found
}

// fence makes the refusal of an attempt final before it is reported: it records the attempt in the item, so that an
// earlier sending that arrives late is refused too. It returns the item after that. Without an item there is no place
// for a fence, and the outcome is unknown.
func (s *Store) fence(ctx context.Context, orderID, attempt string, current item) (item, error) {
	if current != nil {
		u := newUpdate()
		for name := range s.layout.key(orderID) {
			u.require(exists(name))
		}
		u.add(s.layout.record().fenced, set(attempt))
		var written bool
		var err error
		if written, current, _, err = s.update(ctx, orderID, u, types.ReturnValueAllNew); written || err != nil {
			return current, err
		}
	}
	return nil, &Error{
		Op: "UpdateItem", Table: s.table, OrderID: orderID, Kind: ErrUnreachable,
		Err: errors.New("there is no such order now, but an earlier attempt that got no answer may still arrive"),
	}
}

// explain looks for the reason why DynamoDB called a write invalid: an attribute that is missing, or of a type that the
// expression does not take.
func (s *Store) explain(ctx context.Context, orderID string, err error) error {
	if !isInvalid(err) {
		return err
	}
	if _, broken := s.Get(ctx, orderID); errors.Is(broken, ErrBrokenItem) {
		return errors.Join(broken, err)
	}
	return err
}

// decode reads an item; nil for an empty one.
func (s *Store) decode(from item, listed bool) (*ordermanager.Order, error) {
	if len(from) == 0 {
		return nil, nil //nolint:nilnil // as in the contract
	}
	r := &reader{item: from}
	order := s.layout.decode(r, listed)
	if r.problem != nil {
		r.problem.Table, r.problem.OrderID = s.table, orderIDOf(from)
		return nil, r.problem
	}
	return order, nil
}

func (s *Store) busy(orderID string) error {
	return &Error{
		Op: "UpdateItem", Table: s.table, OrderID: orderID, Kind: ErrContended,
		Err: fmt.Errorf("others changed the item %d times in a row", attempts),
	}
}

func (s *Store) wrap(op, orderID string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Table: s.table, OrderID: orderID, Kind: kindOf(err), Err: err}
}

// CheckLifecycle implements [ordermanager.LifecycleChecker]. [Native] keeps every life cycle. The tables of the sample
// have words for pending, making, completed and cancelled only; there an order is being made while a barista is on it,
// an accepted drink answers the first wait, and the end of the order answers the workflow. Whatever else a life cycle
// says is refused, with the name of each state and action.
func (s *Store) CheckLifecycle(l ordermanager.Lifecycle) error { return s.layout.checkLifecycle(l) }

var _ ordermanager.LifecycleChecker = (*Store)(nil)
