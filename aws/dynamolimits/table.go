package dynamolimits

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

// API is the part of the DynamoDB client that a [Starter] uses; [*dynamodb.Client] has it. TransactWriteItems needs
// the permission dynamodb:PutItem.
type API interface {
	BatchGetItem(
		ctx context.Context, in *dynamodb.BatchGetItemInput, options ...func(*dynamodb.Options),
	) (*dynamodb.BatchGetItemOutput, error)
	TransactWriteItems(
		ctx context.Context, in *dynamodb.TransactWriteItemsInput, options ...func(*dynamodb.Options),
	) (*dynamodb.TransactWriteItemsOutput, error)
}

// table is where the ledgers are.
type table struct {
	client API
	name   string
}

// change reads the ledgers, lets do change them, and writes them if do says so. If somebody else has written one in the
// meantime, it starts again.
func (t table) change(ctx context.Context, ledgers []*ledger, do func() (write bool, err error)) error {
	for attempt := range attempts {
		if err := t.read(ctx, ledgers); err != nil {
			return err
		}
		write, err := do()
		if err != nil || !write {
			return err
		}
		err = t.write(ctx, ledgers)
		if !contended(err) {
			return t.failed(err)
		}
		pause := rand.N(min(time.Duration(attempt+1)*10*time.Millisecond, 500*time.Millisecond)) //nolint:gosec // no secret
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ordermanager.ErrContextDone, ctx.Err())
		}
	}
	return t.failed(errContended)
}

// attempts is how often a change is tried. Unless it is throttled, an attempt fails only because somebody else's
// succeeded.
const attempts = 200

var (
	errContended = errors.New("it keeps changing")
	errUnread    = errors.New("DynamoDB was too busy to read it")
)

func (t table) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: dynamolimits: table %s: %w", ordermanager.ErrStore, t.name, err)
}

// contended reports whether a transaction failed because of another one, or was throttled, which the SDK does not retry
// inside a transaction.
func contended(err error) bool {
	if _, ok := errors.AsType[*types.TransactionInProgressException](err); ok {
		return true
	}
	cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
	return ok && !slices.ContainsFunc(cancelled.CancellationReasons, func(r types.CancellationReason) bool {
		code := aws.ToString(r.Code)
		return !slices.Contains([]string{
			"", "None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded",
		}, code)
	})
}

// read reads the current ledgers.
func (t table) read(ctx context.Context, ledgers []*ledger) error {
	keys := make([]map[string]types.AttributeValue, len(ledgers))
	byKey := map[string]*ledger{}
	for i, l := range ledgers {
		keys[i] = map[string]types.AttributeValue{keyAttribute: &types.AttributeValueMemberS{Value: l.key}}
		l.version, l.orders, l.looked = 0, map[string]entry{}, time.Time{}
		byKey[l.key] = l
	}
	out, err := t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{t.name: {Keys: keys, ConsistentRead: aws.Bool(true)}},
	})
	if err == nil && len(out.UnprocessedKeys) > 0 {
		err = errUnread
	}
	if err != nil {
		return t.failed(err)
	}
	for _, item := range out.Responses[t.name] {
		if key, ok := item[keyAttribute].(*types.AttributeValueMemberS); ok && byKey[key.Value] != nil {
			byKey[key.Value].decode(item)
		}
	}
	return nil
}

// write writes all ledgers, or none if one has changed since it was read.
func (t table) write(ctx context.Context, ledgers []*ledger) error {
	items := make([]types.TransactWriteItem, len(ledgers))
	for i, l := range ledgers {
		put := &types.Put{
			TableName: &t.name, Item: l.encode(time.Now()),
			ConditionExpression: aws.String("attribute_not_exists(" + keyAttribute + ")"),
		}
		if l.version > 0 {
			put.ConditionExpression = aws.String(versionAttribute + " = :seen")
			put.ExpressionAttributeValues = map[string]types.AttributeValue{":seen": integer(l.version)}
		}
		items[i].Put = put
	}
	_, err := t.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
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

func number(value types.AttributeValue) int64 {
	n, _ := value.(*types.AttributeValueMemberN)
	if n == nil {
		return 0
	}
	parsed, _ := strconv.ParseInt(n.Value, 10, 64)
	return parsed
}

func integer(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

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

// expiry is how long an item is kept after its last write: far longer than orders are open.
const expiry = 90 * 24 * time.Hour
