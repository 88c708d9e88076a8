package lambdahandler_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

// open stands for what a function does once, before its first invocation: its clients, its store and its Manager. Here
// everything is in memory, and order 1 of customer 1 waits for its drink.
func open() (*ordermanager.Manager, ordermanager.MenuSource) {
	resumer := &memory.Resumer{}
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Cappuccino"}}})
	manager, err := ordermanager.New(memory.NewStore(), menu, resumer, nil)
	if err != nil {
		panic(err)
	}
	_, err = manager.WorkflowStarted(
		context.Background(), ordermanager.WorkflowStarted{OrderID: "1", Customer: "1", Token: resumer.Issue()},
	)
	if err != nil {
		panic(err)
	}
	return manager, menu
}

// send stands for Lambda: it gives the handler an event and prints what comes back.
func send(handler any, event string) {
	answer, err := lambda.NewHandler(handler).Invoke(context.Background(), []byte(event))
	if err != nil {
		fmt.Printf("%+v\n", err)
		return
	}
	fmt.Println(string(answer))
}

// A main function is: manager, _ := open(); lambda.Start(lambdahandler.Direct(manager)).
func ExampleDirect() {
	manager, _ := open()
	send(
		lambdahandler.Direct(manager),
		`{"action":"","orderId":"1","body":{"userId":"1","drink":"Cappuccino","modifiers":[]}}`,
	)
	// Output:
	// {"action":"put","order":{"orderId":"1","state":"pending","userId":"1","eventId":"","orderNumber":"","baristaUserId":"","drink":"Cappuccino","modifiers":[],"icon":"","reason":"","version":2},"resume":"delivered","events":"none","replayed":false}
}

func ExampleEventBridge() {
	manager, _ := open()
	handler := lambdahandler.EventBridge(manager)
	answer, err := handler(context.Background(), []byte(`{"id":"17793124","detail-type":"OrderProcessor.OrderTimeOut","time":"2026-03-01T12:00:00Z",
		"detail":{"orderId":"1","userId":"1","cause":"Customer timedout"}}`))
	fmt.Println(answer.Order.State, answer.Order.Reason, answer.Resume, err)
	// Output: cancelled Customer timedout delivered <nil>
}

// The second message cannot be read, and comes again; the third is refused for good, which the log says.
func ExampleSQS() {
	manager, _ := open()
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "error" {
			return slog.Attr{}
		}
		return a
	}}))
	handler := lambdahandler.SQS(manager, logger)
	record := func(id, body string) events.SQSMessage {
		return events.SQSMessage{
			MessageId: id, Body: body, EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:orders",
		}
	}
	response, err := handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{
		record("a", `{"action":"put","orderId":"1","body":{"userId":"1","drink":"Cappuccino"}}`),
		record("b", `{"action":`),
		record("c", `{"action":"put","orderId":"1","body":{"userId":"1","drink":"milkshake"}}`),
	}})
	fmt.Println(response.BatchItemFailures, err)
	// Output:
	// level=ERROR msg="message failed" messageId=b code=invalid_request
	// level=WARN msg="message refused" messageId=c code=invalid_order
	// [{b}] <nil>
}

// The claims are those that API Gateway's Cognito authorizer has verified.
func ExampleRestAPI() {
	manager, menu := open()
	api, err := httpapi.New(manager, menu, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := lambdahandler.RestAPI(api)(context.Background(), events.APIGatewayProxyRequest{
		HTTPMethod: "PUT", Path: "/orders/1", Body: `{"drink":"Cappuccino"}`,
		RequestContext: events.APIGatewayProxyRequestContext{
			Authorizer: map[string]any{"claims": map[string]any{"sub": "1"}},
		},
	})
	fmt.Println(response.StatusCode, response.MultiValueHeaders["Content-Type"], err)
	// Output: 200 [application/json] <nil>
}

func ExampleHTTPAPI() {
	manager, menu := open()
	api, err := httpapi.New(manager, menu, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var request events.APIGatewayV2HTTPRequest
	request.RawPath, request.RawQueryString = "/prod/orders", "state=pending"
	request.RequestContext.Stage = "prod"
	request.RequestContext.HTTP.Method = "GET"
	request.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
			Claims: map[string]string{"sub": "3", "cognito:groups": "[admin]"},
		},
	}
	response, err := lambdahandler.HTTPAPI(api)(context.Background(), request)
	fmt.Println(response.StatusCode, response.Headers["Content-Type"], err)
	// Output: 200 application/json <nil>
}

// Nobody stands in front of a function URL to verify a token, so nobody is known until Identify does it.
func ExampleFunctionURL() {
	manager, menu := open()
	api, err := httpapi.New(manager, menu, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var request events.LambdaFunctionURLRequest
	request.RawPath = "/orders/1"
	request.RequestContext.HTTP.Method = "GET"
	response, err := lambdahandler.FunctionURL(api)(context.Background(), request)
	fmt.Println(response.StatusCode, err)
	// Output: 401 <nil>
}

func ExampleSchedule() {
	manager, _ := open()
	report, err := lambdahandler.Schedule(manager)(context.Background())
	fmt.Printf("%+v %v\n", report, err)
	// Output: {Orders:0 Delivered:0 Gone:0 Published:0 Pending:0 Postponed:0} <nil>
}

func ExampleStream() {
	manager, _ := open()
	report, err := lambdahandler.Stream(manager)(context.Background(), events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{{
		EventName: "MODIFY", EventSource: "aws:dynamodb",
		Change: events.DynamoDBStreamRecord{
			NewImage: map[string]events.DynamoDBAttributeValue{"ow": events.NewNumberAttribute("3")},
		},
	}}})
	fmt.Printf("%+v %v\n", report, err)
	// Output: {Orders:0 Delivered:0 Gone:0 Published:0 Pending:0 Postponed:0} <nil>
}
