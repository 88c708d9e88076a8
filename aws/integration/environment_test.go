// Package integration_test runs what is in aws/ end to end against real software: AWS's DynamoDB Local, and an emulator
// of Step Functions, EventBridge and SQS that really interprets state machines. It speaks to them through the AWS SDK
// alone.
//
//	scripts/emulators run -- go test ./aws/integration
package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/brewline/ordermanager/aws/internal/awstest"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// environment is what the tests share: a bus whose events all arrive in a queue, and the state machines.
type environment struct {
	config aws.Config
	sfn    *sfn.Client
	dynamo *dynamodb.Client
	events *eventbridge.Client
	sqs    *sqs.Client

	bus       string
	processor string            // the ARN of OrderProcessor
	unchanged map[string]string // the ARN of each version of the sample's OrderProcessor
	wait      string            // the ARN of the state machine that only waits
	inbox     inbox
}

// emulators returns the environment, made at the first call. Without emulators the test ends as [testenv.Skip] says.
func emulators(t *testing.T) *environment {
	t.Helper()
	testenv.Need(t, testenv.Shop()...)
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var shared = sync.OnceValues(func() (*environment, error) {
	// It outlives the test that asks first, so no test's context will do.
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	cfg.HTTPClient = awstest.WholeAnswers{}
	e := &environment{
		config: cfg, sfn: sfn.NewFromConfig(cfg), dynamo: dynamodb.NewFromConfig(cfg), events: eventbridge.NewFromConfig(cfg),
		sqs: sqs.NewFromConfig(cfg), bus: testenv.Unique("bus"),
	}
	queue, err := e.createBus(ctx)
	if err != nil {
		return nil, err
	}
	if e.processor, err = e.createStateMachine(ctx, "orderprocessor"); err != nil {
		return nil, err
	}
	e.unchanged = map[string]string{}
	for _, version := range []string{"workshop", "core"} {
		if e.unchanged[version], err = e.createStateMachine(ctx, "unchanged-"+version); err != nil {
			return nil, err
		}
	}
	if e.wait, err = e.createStateMachine(ctx, "wait"); err != nil {
		return nil, err
	}
	go e.inbox.receive(ctx, e.sqs, queue)
	return e, nil
})

// createBus makes the bus, and a queue that gets every event of the sample's source. It returns the queue's address.
func (e *environment) createBus(ctx context.Context) (string, error) {
	if _, err := e.events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &e.bus}); err != nil {
		return "", err
	}
	queue, err := e.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &e.bus})
	if err != nil {
		return "", err
	}
	attributes, err := e.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return "", err
	}
	rule := aws.String("everything")
	_, err = e.events.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: rule, EventBusName: &e.bus,
		EventPattern: aws.String(fmt.Sprintf(`{"source":[%q]}`, serverlesspresso.EventSource)),
	})
	if err != nil {
		return "", err
	}
	targets, err := e.events.PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: rule, EventBusName: &e.bus,
		Targets: []eventbridgetypes.Target{{Id: aws.String("queue"), Arn: aws.String(attributes.Attributes["QueueArn"])}},
	})
	if err == nil && targets.FailedEntryCount > 0 {
		err = fmt.Errorf("the rule did not take its target: %s", aws.ToString(targets.FailedEntries[0].ErrorMessage))
	}
	return aws.ToString(queue.QueueUrl), err
}

// createStateMachine makes the state machine of a file in testdata, and returns its ARN.
func (e *environment) createStateMachine(ctx context.Context, name string) (string, error) {
	definition, err := os.ReadFile("testdata/" + name + ".asl.json")
	if err != nil {
		return "", err
	}
	created, err := e.sfn.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: aws.String(testenv.Unique(name)), Type: sfntypes.StateMachineTypeStandard,
		Definition: aws.String(string(definition)),
		RoleArn:    aws.String("arn:aws:iam::123456789012:role/integration"),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(created.StateMachineArn), nil
}

// event is an event as a queue gets it from EventBridge.
type event struct {
	raw        []byte
	DetailType string         `json:"detail-type"`
	Source     string         `json:"source"`
	Detail     map[string]any `json:"detail"`
}

// inbox sorts what arrives by order and name.
type inbox struct {
	mu     sync.Mutex
	queues map[string]chan event
	err    error
}

func (i *inbox) queue(orderID, detailType string) chan event {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.queues == nil {
		i.queues = map[string]chan event{}
	}
	key := detailType + "/" + orderID
	if i.queues[key] == nil {
		i.queues[key] = make(chan event, 100)
	}
	return i.queues[key]
}

// hidden is longer than any test takes. A message is hidden once it was received and never deleted, because the
// emulator may lose one that arrives while another is being deleted.
const hidden = 12 * 60 * 60

// receive sorts messages until the process ends.
func (i *inbox) receive(ctx context.Context, client *sqs.Client, queue string) {
	for {
		out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &queue, WaitTimeSeconds: 5, MaxNumberOfMessages: 10, VisibilityTimeout: hidden,
		})
		if err != nil {
			i.fail(err)
			return
		}
		for _, message := range out.Messages {
			e := event{raw: []byte(aws.ToString(message.Body))}
			if err := json.Unmarshal(e.raw, &e); err != nil {
				i.fail(err)
				return
			}
			orderID, _ := e.Detail["orderId"].(string)
			i.queue(orderID, e.DetailType) <- e
		}
	}
}

func (i *inbox) fail(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.err = err
}

// await returns the next event of this name for the order.
func (i *inbox) await(ctx context.Context, orderID, detailType string) (event, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case e := <-i.queue(orderID, detailType):
		return e, nil
	case <-ctx.Done():
		i.mu.Lock()
		defer i.mu.Unlock()
		return event{}, fmt.Errorf("no %s for order %s came: %w", detailType, orderID, errors.Join(ctx.Err(), i.err))
	}
}
