package main

import (
	"context"
	"crypto/rand"
	_ "embed" // for the workflow
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/brewline/ordermanager/aws/dynamostore"
)

// services is what the sample has around its OrderManager: a table of orders, a table with the menu, a bus, and the OrderProcessor. A
// queue gets every event of the bus.
type services struct {
	dynamo *dynamodb.Client
	events *eventbridge.Client
	queues *sqs.Client
	steps  *sfn.Client

	orders, config, bus string
	queue, workflow     *string
	// early are events that arrived before they were asked for.
	early []processorEvent
}

// processorEvent is an event as the rule's target gets it.
type processorEvent struct {
	raw        []byte
	DetailType string `json:"detail-type"`
	Detail     struct {
		OrderID string `json:"orderId"`
	} `json:"detail"`
}

func open(ctx context.Context) (*services, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	name := "walkthrough-" + strings.ToLower(rand.Text()[:10])
	s := &services{
		dynamo: dynamodb.NewFromConfig(cfg), events: eventbridge.NewFromConfig(cfg), queues: sqs.NewFromConfig(cfg), steps: sfn.NewFromConfig(cfg),
		orders: name + "-orders", config: name + "-config", bus: name,
	}
	for _, create := range []func(context.Context) error{s.createTables, s.createBus, s.createWorkflow} {
		if err := create(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *services) createTables(ctx context.Context) error {
	if err := dynamostore.Create(ctx, s.dynamo, dynamostore.Workshop, s.orders); err != nil {
		return err
	}
	_, err := s.dynamo.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &s.config, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		return err
	}
	text := func(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
	_, err = s.dynamo.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.config, Item: map[string]types.AttributeValue{
		"PK": text("menu"),
		"value": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberM{
			Value: map[string]types.AttributeValue{
				"drink": text("Cappuccino"), "icon": text("barista-icons_cappuccino-alternative"),
				"available": &types.AttributeValueMemberBOOL{Value: true}, "modifiers": &types.AttributeValueMemberL{},
			},
		}}},
	}})
	return err
}

func (s *services) createBus(ctx context.Context) error {
	if _, err := s.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &s.bus}); err != nil {
		return err
	}
	queue, err := s.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &s.bus})
	if err != nil {
		return err
	}
	s.queue = queue.QueueUrl
	attributes, err := s.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: s.queue, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return err
	}
	rule := aws.String("everything")
	if _, err := s.events.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: rule, EventBusName: &s.bus, EventPattern: aws.String(`{"source":["awsserverlessda.serverlesspresso"]}`),
	}); err != nil {
		return err
	}
	targets, err := s.events.PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: rule, EventBusName: &s.bus,
		Targets: []eventbridgetypes.Target{{Id: aws.String("queue"), Arn: aws.String(attributes.Attributes["QueueArn"])}},
	})
	if err == nil && targets.FailedEntryCount > 0 {
		err = errors.New("the rule did not take its target")
	}
	return err
}

// definition is a workflow that waits as the sample's OrderProcessor does: for a drink, and then for a barista.
//
//go:embed orderprocessor.asl.json
var definition string

func (s *services) createWorkflow(ctx context.Context) error {
	created, err := s.steps.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: &s.bus, Definition: &definition, Type: sfntypes.StateMachineTypeStandard,
		RoleArn: aws.String("arn:aws:iam::123456789012:role/walkthrough"),
	})
	if err == nil {
		s.workflow = created.StateMachineArn
	}
	return err
}

// begin starts the workflow of an order, and returns its execution.
func (s *services) begin(ctx context.Context, orderID string) (*string, error) {
	input, err := json.Marshal(map[string]string{"orderId": orderID, "userId": "1", "bus": s.bus})
	if err != nil {
		return nil, err
	}
	started, err := s.steps.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: s.workflow, Input: aws.String(string(input))})
	if err != nil {
		return nil, err
	}
	return started.ExecutionArn, nil
}

// await returns the next event of this type for the order, as it is.
func (s *services) await(ctx context.Context, detailType, orderID string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		for i, e := range s.early {
			if e.DetailType == detailType && e.Detail.OrderID == orderID {
				s.early = append(s.early[:i], s.early[i+1:]...)
				return e.raw, nil
			}
		}
		out, err := s.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: s.queue, WaitTimeSeconds: 5, MaxNumberOfMessages: 10})
		if err != nil {
			return nil, fmt.Errorf("no %s for order %s came: %w", detailType, orderID, err)
		}
		for _, message := range out.Messages {
			e := processorEvent{raw: []byte(aws.ToString(message.Body))}
			if err := json.Unmarshal(e.raw, &e); err != nil {
				return nil, err
			}
			s.early = append(s.early, e)
			if _, err := s.queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: s.queue, ReceiptHandle: message.ReceiptHandle}); err != nil {
				return nil, err
			}
		}
	}
}

// end waits for an execution to end, and returns how.
func (s *services) end(ctx context.Context, execution *string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for {
		now, err := s.steps.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: execution})
		if err != nil {
			return "", err
		}
		if now.Status != sfntypes.ExecutionStatusRunning {
			return string(now.Status) + " " + strings.ReplaceAll(aws.ToString(now.Output), " ", ""), nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}
