package dynamolimits

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// ledger is an item: the orders of a venue, or of a customer there, that count for a limit.
type ledger struct {
	key string
	// mostOpen and mostRecent are its limits, 0 for none, and span is how long an order is recent.
	mostOpen, mostRecent int
	span                 time.Duration
	ofCustomer           bool
	// version is 0 of an item that is not there.
	version int64
	orders  map[string]entry
	// looked is when it was last looked up which of them had ended.
	looked time.Time
}

// entry is an order in a ledger. One that is not known to have ended may have.
type entry struct {
	began time.Time
	ended bool
}

// add lets go of what does not count any more, and adds the order unless it is there.
func (l *ledger) add(orderID string, now time.Time) (added bool) {
	for id, o := range l.orders {
		if (o.ended || l.mostOpen == 0) && (l.mostRecent == 0 || !l.isRecent(o, now)) {
			delete(l.orders, id)
		}
	}
	if _, there := l.orders[orderID]; there {
		return false
	}
	l.orders[orderID] = entry{began: now}
	return true
}

func (l *ledger) isRecent(o entry, now time.Time) bool { return now.Sub(o.began) < l.span }

// known is what is known of an order in a ledger.
type known string

const (
	isOpen     known = "open"
	wasDone    known = "done"
	wasGivenUp known = "given up"
	// notYet is an order of which nobody has heard, and may still.
	notYet   known = "not yet"
	neverWas known = "never was"
)

// hear takes in what is known of an order. What was given up does not count for the customer's day.
func (l *ledger) hear(orderID string, what known, now time.Time) {
	o, there := l.orders[orderID]
	switch {
	case !there, what == isOpen, what == notYet && now.Sub(o.began) < Grace:
	case what == wasDone, what == wasGivenUp && !l.ofCustomer:
		o.ended = true
		l.orders[orderID] = o
	default:
		delete(l.orders, orderID)
	}
}

// count counts the orders that are not known to have ended, and those that began lately.
func (l *ledger) count(now time.Time) (open, recent int) {
	for _, o := range l.orders {
		if !o.ended {
			open++
		}
		if l.isRecent(o, now) {
			recent++
		}
	}
	return open, recent
}

// mayFree reports whether the ledger is over a limit below which it can be when orders have ended.
func (l *ledger) mayFree(now time.Time) bool {
	open, recent := l.count(now)
	return l.mostOpen > 0 && open > l.mostOpen || l.ofCustomer && l.mostRecent > 0 && recent > l.mostRecent
}

// taken counts what is in the ledgers.
func taken(ledgers []*ledger, now time.Time) (t ordermanager.Taken) {
	for _, l := range ledgers {
		if l.ofCustomer {
			t.OfCustomer, t.InDay = l.count(now)
		} else {
			t.InQueue, t.InWindow = l.count(now)
		}
	}
	return t
}

// The attributes of an item.
const (
	keyAttribute     = "id"
	versionAttribute = "v"
	ordersAttribute  = "orders"
	beganAttribute   = "at"
	endedAttribute   = "ended"
	lookedAttribute  = "looked"
	// expiresAttribute is the time to live.
	expiresAttribute = "ex"
)

// expiry is how long an item is kept that nobody writes. It is far longer than a shop's orders are open.
const expiry = 90 * 24 * time.Hour

// Schema returns what the table must be like, for CreateTable or for an infrastructure template. Its time to live is
// the attribute "ex"; without it items are kept for ever.
func Schema(table string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(keyAttribute), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String(keyAttribute), KeyType: types.KeyTypeHash}},
	}
}

// read reads the ledgers as they are.
func (s *Starter) read(ctx context.Context, ledgers []*ledger) error {
	keys := make([]map[string]types.AttributeValue, len(ledgers))
	byKey := map[string]*ledger{}
	for i, l := range ledgers {
		keys[i] = map[string]types.AttributeValue{keyAttribute: &types.AttributeValueMemberS{Value: l.key}}
		l.version, l.orders, l.looked = 0, map[string]entry{}, time.Time{}
		byKey[l.key] = l
	}
	out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{s.table: {Keys: keys, ConsistentRead: aws.Bool(true)}},
	})
	if err == nil && len(out.UnprocessedKeys) > 0 {
		err = errUnread
	}
	if err != nil {
		return s.failed(err)
	}
	for _, item := range out.Responses[s.table] {
		if key, ok := item[keyAttribute].(*types.AttributeValueMemberS); ok && byKey[key.Value] != nil {
			byKey[key.Value].decode(item)
		}
	}
	return nil
}

func (l *ledger) decode(item map[string]types.AttributeValue) {
	l.version, l.looked = number(item[versionAttribute]), time.UnixMilli(number(item[lookedAttribute]))
	orders, _ := item[ordersAttribute].(*types.AttributeValueMemberM)
	if orders == nil {
		return
	}
	for id, value := range orders.Value {
		if fields, ok := value.(*types.AttributeValueMemberM); ok {
			ended, _ := fields.Value[endedAttribute].(*types.AttributeValueMemberBOOL)
			l.orders[id] = entry{began: time.UnixMilli(number(fields.Value[beganAttribute])), ended: ended != nil && ended.Value}
		}
	}
}

func number(value types.AttributeValue) int64 {
	n, _ := value.(*types.AttributeValueMemberN)
	if n == nil {
		return 0
	}
	parsed, _ := strconv.ParseInt(n.Value, 10, 64)
	return parsed
}

// write puts the ledgers, all or none, unless one has changed since it was read.
func (s *Starter) write(ctx context.Context, ledgers []*ledger) error {
	items := make([]types.TransactWriteItem, len(ledgers))
	for i, l := range ledgers {
		put := &types.Put{
			TableName: &s.table, Item: l.encode(time.Now()),
			ConditionExpression: aws.String("attribute_not_exists(" + keyAttribute + ")"),
		}
		if l.version > 0 {
			put.ConditionExpression = aws.String(versionAttribute + " = :seen")
			put.ExpressionAttributeValues = map[string]types.AttributeValue{":seen": integer(l.version)}
		}
		items[i].Put = put
	}
	_, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

func (l *ledger) encode(now time.Time) map[string]types.AttributeValue {
	orders := make(map[string]types.AttributeValue, len(l.orders))
	for id, o := range l.orders {
		fields := map[string]types.AttributeValue{beganAttribute: integer(o.began.UnixMilli())}
		if o.ended {
			fields[endedAttribute] = &types.AttributeValueMemberBOOL{Value: true}
		}
		orders[id] = &types.AttributeValueMemberM{Value: fields}
	}
	return map[string]types.AttributeValue{
		keyAttribute: &types.AttributeValueMemberS{Value: l.key}, versionAttribute: integer(l.version + 1),
		ordersAttribute: &types.AttributeValueMemberM{Value: orders}, lookedAttribute: integer(l.looked.UnixMilli()),
		expiresAttribute: integer(now.Add(expiry).Unix()),
	}
}

func integer(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
