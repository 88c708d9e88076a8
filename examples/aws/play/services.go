package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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

	"github.com/brewline/ordermanager/aws/dynamolimits"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// services are what the functions use: a table of orders, a table with the menu and the settings, a bus, and the
// OrderProcessor. A queue receives every event of the bus.
type services struct {
	template *template
	dynamo   *dynamodb.Client
	// tables are those that workflows see: the Step Functions emulator has its own.
	tables *dynamodb.Client
	events *eventbridge.Client
	queues *sqs.Client
	steps  *sfn.Client

	orders, config, bus string
	queue, workflow     *string
	// early are events that arrived before they were awaited.
	early []processorEvent
}

// processorEvent is an event as the rule's target receives it.
type processorEvent struct {
	raw        []byte
	DetailType string `json:"detail-type"`
	Detail     struct {
		OrderID string `json:"orderId"`
		Cause   string `json:"cause"`
	} `json:"detail"`
}

// open creates what the template declares or names, with these parameters.
func open(ctx context.Context, stackName string, parameters map[string]string) (*services, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	t, err := readTemplate(stackName, parameters)
	if err != nil {
		return nil, err
	}
	variables, err := t.texts(field(t.root, "Globals", "Function", "Environment", "Variables"))
	if err != nil {
		return nil, err
	}
	// Our workflow takes the place of the sample's, with its tables and bus.
	t.names["Config"], t.names["Bus"] = variables["CONFIG_TABLE"], variables["EVENT_BUS"]
	s := &services{
		template: t, dynamo: dynamodb.NewFromConfig(cfg),
		tables: dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
			o.BaseEndpoint = aws.String(os.Getenv("AWS_ENDPOINT_URL_SFN"))
		}),
		events: eventbridge.NewFromConfig(cfg), queues: sqs.NewFromConfig(cfg), steps: sfn.NewFromConfig(cfg),
		orders: variables["ORDERS_TABLE"], config: variables["CONFIG_TABLE"], bus: variables["EVENT_BUS"],
	}
	for _, create := range []func(context.Context) error{s.createTables, s.createBus, s.createWorkflow} {
		if err := create(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *services) createTables(ctx context.Context) error {
	layout := dynamostore.Native
	if s.template.names["Layout"] == "sample" {
		layout = dynamostore.Layout(s.template.names["Dialect"])
	}
	if err := dynamostore.Create(ctx, s.dynamo, layout, s.orders); err != nil {
		return err
	}
	if whole, err := s.template.there("Limits"); err != nil {
		return err
	} else if whole {
		if _, err := s.dynamo.CreateTable(ctx, dynamolimits.Schema(s.template.names["Limits"])); err != nil {
			return err
		}
	}
	for _, client := range []*dynamodb.Client{s.dynamo, s.tables} {
		_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName: &s.config, BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{
				{AttributeName: aws.String("PK"), AttributeType: types.ScalarAttributeTypeS},
			},
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("PK"), KeyType: types.KeyTypeHash}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// set writes settings of the shop where the workflow reads them.
func (s *services) set(ctx context.Context, key string, settings map[string]types.AttributeValue) error {
	for name, value := range settings {
		_, err := s.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.config, Key: map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: key}},
			UpdateExpression: aws.String("SET #name = :value"), ExpressionAttributeNames: map[string]string{"#name": name},
			ExpressionAttributeValues: map[string]types.AttributeValue{":value": value},
		})
		if err != nil {
			return err
		}
	}
	return nil
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
	pattern, err := s.template.pattern("Notifications", "OrderProcessor")
	if err != nil {
		return err
	}
	for rule, pattern := range map[string]string{"notifications": pattern, "announcements": announcements} {
		if _, err := s.events.PutRule(ctx, &eventbridge.PutRuleInput{
			Name: &rule, EventBusName: &s.bus, EventPattern: &pattern,
		}); err != nil {
			return err
		}
		targets, err := s.events.PutTargets(ctx, &eventbridge.PutTargetsInput{
			Rule: &rule, EventBusName: &s.bus,
			Targets: []eventbridgetypes.Target{{Id: aws.String("queue"), Arn: aws.String(attributes.Attributes["QueueArn"])}},
		})
		if err != nil {
			return err
		}
		if targets.FailedEntryCount > 0 {
			return errors.New("the rule did not take its target")
		}
	}
	return nil
}

// announcements are the events that none of our functions receives.
const announcements = `{"source":["awsserverlessda.serverlesspresso"],
	"detail-type":[{"prefix":"OrderManager."},"OrderProcessor.orderFinished","OrderProcessor.ShopUnavailable"]}`

func (s *services) createWorkflow(ctx context.Context) error {
	definition, err := s.template.workflow()
	if err != nil {
		return err
	}
	if s.template.names["Dialect"] == string(serverlesspresso.Core) { // its workflow sends the venue
		const customer = `"userId.$": "$.userId"`
		definition = strings.ReplaceAll(definition, customer, customer+`, "eventId.$": "$.bucket.eventId"`)
	}
	created, err := s.steps.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: aws.String(s.template.names["OrderProcessor"]), Definition: &definition,
		Type:    sfntypes.StateMachineTypeStandard,
		RoleArn: aws.String("arn:aws:iam::123456789012:role/walkthrough"),
	})
	if err == nil {
		s.workflow = created.StateMachineArn
		s.template.names["OrderProcessor"] = *s.workflow
	}
	return err
}

// begin starts the workflow of an order, and returns its execution.
func (s *services) begin(ctx context.Context, orderID, customer, venue string) (*string, error) {
	input := serverlesspresso.NewOrderInput(orderID, customer, venue)
	started, err := s.steps.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: s.workflow, Input: aws.String(string(input)),
	})
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
		// Received messages stay hidden and are not deleted: the emulator may lose a message that arrives during a deletion.
		out, err := s.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: s.queue, WaitTimeSeconds: 5, MaxNumberOfMessages: 10, VisibilityTimeout: 12 * 60 * 60,
		})
		if err != nil {
			return nil, fmt.Errorf("no %s for order %s came: %w", detailType, orderID, err)
		}
		for _, message := range out.Messages {
			e := processorEvent{raw: []byte(aws.ToString(message.Body))}
			if err := json.Unmarshal(e.raw, &e); err != nil {
				return nil, err
			}
			s.early = append(s.early, e)
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
			return string(now.Status) + " " + aws.ToString(now.Output), nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func marshal(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // these are plain values
	}
	return string(data)
}
