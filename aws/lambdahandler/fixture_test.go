package lambdahandler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/view"
)

var errDown = errors.New("out of order")

var coffee = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
	{Drink: "Cappuccino", Icon: "cappuccino"},
}})

// house is a Manager in memory whose store and workflow can be made to fail.
type house struct {
	testing.TB
	manager *ordermanager.Manager
	store   *memory.Store
	resumer *memory.Resumer
	api     *httpapi.Handler
	log     *bytes.Buffer
	logger  *slog.Logger

	storeDown, workflowDown, answersLost atomic.Bool
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, store: memory.NewStore(), resumer: &memory.Resumer{}, log: &bytes.Buffer{}}
	h.store.Hook = func(_, _ string, done bool) error {
		if !done && h.storeDown.Load() || done && h.answersLost.Load() {
			return errDown
		}
		return nil
	}
	h.resumer.Hook = func(_, _ string, done bool) error {
		if !done && h.workflowDown.Load() {
			return errDown
		}
		return nil
	}
	h.logger = slog.New(slog.NewTextHandler(h.log, nil))
	var err error
	if h.manager, err = ordermanager.New(h.store, coffee, h.resumer, &ordermanager.Options{Logger: h.logger}); err != nil {
		t.Fatal(err)
	}
	if h.api, err = httpapi.New(h.manager, coffee, nil); err != nil {
		t.Fatal(err)
	}
	return h
}

// start begins an order of anna's, which waits for its drink.
func (h *house) start(orderID string) {
	h.Helper()
	_, err := h.manager.WorkflowStarted(context.Background(), ordermanager.WorkflowStarted{
		OrderID: orderID, Customer: "anna", Token: h.resumer.Issue(),
	})
	if err != nil {
		h.Fatal(err)
	}
}

// order returns the order as it is.
func (h *house) order(orderID string) ordermanager.Order {
	h.Helper()
	order, err := h.manager.Order(context.Background(), orderID)
	if err != nil {
		h.Fatal(err)
	}
	return order
}

// invoke calls a handler as the Lambda runtime does: with JSON, through the runtime's own decoder.
func invoke[Out any](t testing.TB, handler any, payload string) (Out, error) {
	t.Helper()
	return invokeIn[Out](context.Background(), t, handler, payload)
}

func invokeIn[Out any](ctx context.Context, t testing.TB, handler any, payload string) (out Out, err error) {
	t.Helper()
	data, err := lambda.NewHandler(handler).Invoke(ctx, []byte(payload))
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatalf("the answer %s is not what is expected: %v", data, err)
	}
	return out, nil
}

// fails checks that an error has the code as its type and an view.Problem as its message, which it returns.
func fails(t testing.TB, err error, code ordermanager.Code) view.Problem {
	t.Helper()
	failure, ok := err.(messages.InvokeResponse_Error) //nolint:errorlint // as the runtime does
	if !ok {
		t.Fatalf("the error is %#v, want one with a type of its own", err)
	}
	var problem struct {
		view.Problem
		Reasons []ordermanager.Reason `json:"reasons"`
	}
	if err := json.Unmarshal([]byte(failure.Message), &problem); err != nil {
		t.Fatalf("the message %q is not a problem: %v", failure.Message, err)
	}
	if failure.Type != string(code) || problem.Code != code {
		t.Fatalf("the type is %q and the code %q, want %q: %s", failure.Type, problem.Code, code, failure.Message)
	}
	return problem.Problem
}

// event is an event of OrderProcessor as EventBridge sends it.
func event(detailType, detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":%q,
		"source":"awsserverlessda.serverlesspresso","account":"123456789012","time":"2026-03-01T12:00:00Z","region":"eu-west-1",
		"resources":[],"detail":%s}`, detailType, detail)
}

func started(orderID string, token ordermanager.TaskToken) string {
	return event(
		"OrderProcessor.WorkflowStarted",
		fmt.Sprintf(`{"orderId":%q,"userId":"anna","TaskToken":%q}`, orderID, token.Reveal()),
	)
}

// put is the input of the page that describes the OrderManager.
func put(orderID string) string {
	return fmt.Sprintf(`{"action":"","body":{"userId":"anna","drink":"Cappuccino","modifiers":[],"icon":"barista-icons_cappuccino-alternative"},
		"orderId":%q,"baristaUserId":"3"}`, orderID)
}

func claim(orderID, barista string) string {
	return fmt.Sprintf(`{"action":"make","orderId":%q,"baristaUserId":%q}`, orderID, barista)
}

// message is a message of a batch; the group makes it one of a FIFO queue.
func message(id, group, body string) events.SQSMessage {
	m := events.SQSMessage{
		MessageId: id, Body: body, EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:orders",
		Attributes: map[string]string{"ApproximateReceiveCount": "1"},
	}
	if group != "" {
		m.EventSourceARN += ".fifo"
		m.Attributes["MessageGroupId"] = group
	}
	return m
}

func batch(t testing.TB, messages ...events.SQSMessage) string {
	t.Helper()
	data, err := json.Marshal(events.SQSEvent{Records: messages})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// failedIDs lists the messages that are to come again.
func failedIDs(response events.SQSEventResponse) []string {
	ids := []string{}
	for _, failure := range response.BatchItemFailures {
		ids = append(ids, failure.ItemIdentifier)
	}
	return ids
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
