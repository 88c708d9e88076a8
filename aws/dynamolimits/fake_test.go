package dynamolimits_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamolimits"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/memory"
)

// fake is a table in memory, so that time can be the test's.
type fake struct {
	mu    sync.Mutex
	items map[string]map[string]types.AttributeValue
	// reads counts the items that were read, and fails is what the next writes end with.
	reads int
	fails []error
}

func (f *fake) BatchGetItem(
	_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options),
) (*dynamodb.BatchGetItemOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{}}
	for table, asked := range in.RequestItems {
		for _, key := range asked.Keys {
			f.reads++
			if item := f.items[text(key["id"])]; item != nil {
				out.Responses[table] = append(out.Responses[table], maps.Clone(item))
			}
		}
	}
	return out, nil
}

func (f *fake) TransactWriteItems(
	_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.fails) > 0 {
		err := f.fails[0]
		f.fails = f.fails[1:]
		return nil, err
	}
	for _, item := range in.TransactItems {
		seen := f.items[text(item.Put.Item["id"])]["v"]
		if text(seen) != text(item.Put.ExpressionAttributeValues[":seen"]) {
			return nil, &types.TransactionCanceledException{
				CancellationReasons: []types.CancellationReason{{Code: aws.String("ConditionalCheckFailed")}},
			}
		}
	}
	for _, item := range in.TransactItems {
		f.items[text(item.Put.Item["id"])] = item.Put.Item
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

func text(value types.AttributeValue) string {
	switch value := value.(type) {
	case *types.AttributeValueMemberS:
		return value.Value
	case *types.AttributeValueMemberN:
		return value.Value
	}
	return ""
}

// shop is a shop with limits.
type shop struct {
	*testing.T
	table   *fake
	manager *ordermanager.Manager
	starter *dynamolimits.Starter
	// next is what begins orders; nil is the workflow in memory.
	next func(orderID string) error
}

// Start implements dynamolimits.Next.
func (s *shop) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	if s.next != nil {
		if err := s.next(orderID); err != nil {
			return ordermanager.Receipt{}, err
		}
	}
	token := ordermanager.NewTaskToken("a token of " + orderID)
	return s.manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
		OrderID: orderID, Customer: customer, Venue: venue, Token: token,
	})
}

func newShop(t *testing.T, client dynamolimits.API, table string, limits capacity.Limits) *shop {
	t.Helper()
	s := &shop{T: t}
	if client == nil {
		s.table = &fake{items: map[string]map[string]types.AttributeValue{}}
		client = s.table
	}
	var err error
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
	s.manager, err = ordermanager.New(memory.NewStore(), menu, answered{}, &ordermanager.Options{
		Lifecycle: ordermanager.ServerlesspressoLifecycle(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.starter, err = dynamolimits.New(client, table, s.manager, s, limits)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answered is a workflow that takes every answer.
type answered struct{}

func (answered) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	return ordermanager.Accepted, nil
}

func (s *shop) begins(orderID, customer, venue string, want error) {
	s.Helper()
	if _, err := s.starter.Start(s.Context(), orderID, customer, venue); !errors.Is(err, want) {
		s.Errorf("order %s: %v, want %v", orderID, err, want)
	}
}

func (s *shop) cancels(orderID, customer string) {
	s.Helper()
	r := ordermanager.Request{OrderID: orderID, Actor: ordermanager.Customer(customer)}
	if _, err := s.manager.Cancel(s.Context(), r); err != nil {
		s.Error(err)
	}
}
