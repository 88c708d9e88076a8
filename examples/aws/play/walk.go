package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// stage is the walkthrough: the services, and the started functions.
type stage struct {
	*services
	out       io.Writer
	binaries  string
	functions map[string]*function
	count     int
}

// walk plays two orders. It stops at the first mismatch.
func walk(ctx context.Context, out io.Writer, binaries string) error {
	s, err := openStage(ctx, out, binaries, besideTheSample(strings.ToLower(rand.Text()[:10])))
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.firstOrder(ctx); err != nil {
		return err
	}
	return s.secondOrder(ctx)
}

// besideTheSample are the parameters for replacing the OrderManager of a deployed sample.
func besideTheSample(name string) map[string]string {
	return map[string]string{
		"Layout": "sample", "OrdersTable": name + "-orders", "ConfigTable": name + "-config", "EventBus": name,
		"JwtIssuer": "https://issuer.example", "JwtAudience": "shop",
	}
}

// openStage creates the services, and seeds the tables.
func openStage(ctx context.Context, out io.Writer, binaries string, parameters map[string]string) (*stage, error) {
	services, err := open(ctx, "walkthrough-"+strings.ToLower(rand.Text()[:10]), parameters)
	if err != nil {
		return nil, err
	}
	s := &stage{services: services, out: out, binaries: binaries, functions: map[string]*function{}}
	if err := s.seed(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) close() {
	for _, f := range s.functions {
		f.stop()
	}
}

// seed runs the custom resource, which puts the menu and the settings where the functions see them and where the
// workflow does.
func (s *stage) seed(ctx context.Context) error {
	properties, err := s.template.texts(field(s.template.root, "Resources", "Seeded", "Properties"))
	if err != nil {
		return err
	}
	environment, err := s.template.environment("Seed")
	if err != nil {
		return err
	}
	for _, endpoint := range []string{os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"), os.Getenv("AWS_ENDPOINT_URL_SFN")} {
		f, err := start(ctx, s.out, filepath.Join(s.binaries, "seed", "bootstrap"),
			append(environment, "AWS_ENDPOINT_URL_DYNAMODB="+endpoint)...)
		if err != nil {
			return err
		}
		err = deploy(ctx, f, properties)
		f.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// The inputs of the page.
const (
	cappuccino = `{"action":"","body":{"userId":"1","drink":"Cappuccino","modifiers":[],"icon":"barista-icons_cappuccino-alternative"},"orderId":"1","baristaUserId":"3"}`
	milkshake  = `{"action":"","body":{"userId":"1","drink":"milkshake","modifiers":[],"icon":"barista-icons_cappuccino-alternative"},"orderId":"1","baristaUserId":"3"}`
)

// firstOrder is the page's walkthrough, and the rest of the order.
func (s *stage) firstOrder(ctx context.Context) error {
	execution, err := s.begin(ctx, "1", "1", "")
	if err != nil {
		return err
	}
	started, err := s.await(ctx, "OrderProcessor.WorkflowStarted", "1")
	if err != nil {
		return err
	}
	barista := []string{"3", "[admin]"}
	for _, step := range []step{
		{
			"the workflow starts, and waits for a drink", "events", string(started), `"action":"workflow_started"`,
			`"state":"pending"`,
		},
		{"the event comes a second time", "events", string(started), `"unchanged":true`, `"version":1`},
		{"the page's first input: a cappuccino", "direct", cappuccino, `"drink":"Cappuccino"`, resumed},
		{"the page's second input: a milkshake", "direct", milkshake, `invalid_order`, `unknown_drink`},
		{"the customer looks at the order", "http", onFirst("GET", "", "1", ""), `"statusCode":200`, `Cappuccino`},
		{"nobody looks at the order", "http", onFirst("GET", "", "", ""), `"statusCode":401`, `unauthenticated`},
	} {
		if err := s.play(ctx, step); err != nil {
			return err
		}
	}
	waiting, err := s.await(ctx, "OrderProcessor.WaitingCompletion", "1")
	if err != nil {
		return err
	}
	for _, step := range []step{
		{
			"the workflow has moved on: it waits for a barista", "events", string(waiting), `"orderNumber":"1"`,
			`"action":"waiting_completion"`,
		},
		{"barista 3 claims the order", "http", onFirst("PUT", "action=make", barista...), `"statusCode":200`, `making`},
		{
			"a queue brings another's claim, and what cannot be read", "queue",
			batch(`{"action":"make","orderId":"1","baristaUserId":"4"}`, `{"action":`), `[{"itemIdentifier":"message-2"}]`, "",
		},
		{"barista 3 completes the order", "http", onFirst("PUT", "action=complete", barista...), `completed`, resumed},
		{
			"the customer cancels too late", "direct", `{"action":"cancel","orderId":"1","body":{"userId":"1"}}`,
			`illegal_transition`, `completed`,
		},
	} {
		if err := s.play(ctx, step); err != nil {
			return err
		}
	}
	return s.ended(ctx, execution, `SUCCEEDED`, `"end":"completed"`)
}

// secondOrder is about an answer that cannot be delivered at first.
func (s *stage) secondOrder(ctx context.Context) error {
	execution, err := s.begin(ctx, "2", "1", "")
	if err != nil {
		return err
	}
	started, err := s.await(ctx, "OrderProcessor.WorkflowStarted", "2")
	if err != nil {
		return err
	}
	owing := `{"Records":[{"eventID":"1","eventName":"MODIFY","eventSource":"aws:dynamodb","dynamodb":{"NewImage":{"om_ow":{"N":"1"}}}}]}`
	for _, step := range []step{
		{"a second order", "events", string(started), `"state":"pending"`, ""},
		{
			"it is cancelled while Step Functions cannot be reached", "direct, cut off",
			`{"action":"cancel","orderId":"2","body":{"userId":"1"},"reason":"no time"}`,
			`"state":"cancelled"`, `"resume":"pending"`,
		},
		{"the schedule cannot reach it either, and fails", "redrive, cut off", `{}`, `deliveries_pending`, `\"pending\":1`},
		{"the table's stream tells of an order that owes something", "stream", owing, `"orders":1`, `"pending":0`},
		{"the schedule finds nothing more to do", "redrive", `{}`, `"orders":0`, `"pending":0`},
	} {
		if err := s.play(ctx, step); err != nil {
			return err
		}
	}
	// The sample's workflow has no cancelled first wait: it takes a number, waits once more, and is answered then.
	waiting, err := s.await(ctx, "OrderProcessor.WaitingCompletion", "2")
	if err != nil {
		return err
	}
	again := step{
		"the workflow waits once more, and is answered at once", "events", string(waiting), `"state":"cancelled"`, resumed,
	}
	if err := s.play(ctx, again); err != nil {
		return err
	}
	return s.ended(ctx, execution, `SUCCEEDED`, `"end":"cancelled"`)
}

// resumed is in the answer if the workflow was resumed. It may be "gone" instead of "delivered", if the SDK retried a
// call whose answer was lost. The end of the walkthrough checks what the workflow got.
const resumed = `resume`

// step is an invocation, and two texts that its answer must contain.
type step struct {
	title, function, payload string
	want, also               string
}

func (s *stage) play(ctx context.Context, step step) error {
	f, err := s.running(ctx, step.function)
	if err != nil {
		return err
	}
	s.count++
	got, err := f.invoke(ctx, fmt.Sprintf("invocation-%d", s.count), []byte(step.payload))
	if refused, ok := errors.AsType[*failure](err); ok {
		got, err = json.Marshal(refused)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", step.title, err)
	}
	fmt.Fprintf(s.out, "%2d. %s\n    %s: %s\n", s.count, step.title, step.function, got)
	for _, want := range []string{step.want, step.also} {
		if !strings.Contains(string(got), want) {
			return fmt.Errorf("%s: want %s in the answer", step.title, want)
		}
	}
	return nil
}

// resources are the functions' names in the template.
var resources = map[string]string{
	"direct": "Direct", "http": "Http", "events": "Notifications", "queue": "Queue",
	"redrive": "Redrive", "stream": "Stream",
}

// running returns a function, started on first use. One that is cut off does not reach Step Functions.
func (s *stage) running(ctx context.Context, name string) (*function, error) {
	if s.functions[name] != nil {
		return s.functions[name], nil
	}
	door, cutOff := strings.CutSuffix(name, ", cut off")
	env, err := s.template.environment(resources[door])
	if err != nil {
		return nil, err
	}
	if cutOff {
		env = append(env, "AWS_ENDPOINT_URL_SFN=http://127.0.0.1:1")
	}
	f, err := start(ctx, io.Discard, filepath.Join(s.binaries, door, "bootstrap"), env...)
	if err == nil {
		s.functions[name] = f
	}
	return f, err
}

func (s *stage) ended(ctx context.Context, execution *string, wants ...string) error {
	how, err := s.end(ctx, execution)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "    the workflow has ended: %s\n", how)
	for _, want := range wants {
		if !strings.Contains(strings.ReplaceAll(how, " ", ""), strings.ReplaceAll(want, " ", "")) {
			return fmt.Errorf("the workflow ended with %s, want %s", how, want)
		}
	}
	return nil
}

// onFirst is a request on the first order.
func onFirst(method, query string, caller ...string) string {
	return request(method, "/orders/1", query, "", caller...)
}

// request is a request as an HTTP API with a JWT authorizer sends it, from a caller with a sub and groups. Without a
// sub nobody is signed in.
func request(method, path, query, body string, caller ...string) string {
	r := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, RawQueryString: query, Body: body}
	r.Headers = map[string]string{"content-type": "application/json"}
	r.RequestContext.Stage = "$default"
	r.RequestContext.HTTP.Method, r.RequestContext.HTTP.Path = method, path
	if caller[0] != "" {
		r.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
				Claims: map[string]string{"sub": caller[0], "cognito:groups": caller[1]},
			},
		}
	}
	return marshal(r)
}

// batch is a batch of messages with these bodies, as a queue sends it.
func batch(bodies ...string) string {
	var b events.SQSEvent
	for i, body := range bodies {
		b.Records = append(b.Records, events.SQSMessage{
			MessageId: fmt.Sprintf("message-%d", i+1), Body: body, EventSource: "aws:sqs",
			EventSourceARN: "arn:aws:sqs:us-east-1:123456789012:requests",
		})
	}
	return marshal(b)
}
