package lambdahandler_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/view"
)

// secret is in the token of the seeds, and must never come out again.
const secret = "AQCEAAAAKgAAAAM"

// fuzz gives payloads to a handler as the Lambda runtime does. Whatever they are, the handler answers or fails: it does
// not panic, and a token does not come out. Each payload meets a house of its own.
func fuzz(
	f *testing.F, handler func(*house) any, check func(t *testing.T, h *house, payload, answer []byte, err error),
) {
	f.Helper()
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"action":`, put("1"), claim("1", "ben"),
		`{"action":"cancel","orderId":"1","body":{"userId":"anna","reason":"x"}}`,
		event("OrderProcessor.WorkflowStarted", `{"orderId":"2","userId":"anna","TaskToken":"`+secret+`"}`),
		event("OrderProcessor.WaitingCompletion", `{"orderId":"1","orderNumber":1,"TaskToken":"`+secret+`"}`),
		event("OrderProcessor.OrderTimeOut", `{"orderId":"1","cause":"x"}`),
		restRequest("/orders/1", putBody, `{"claims":{"sub":"anna"}}`),
		httpRequest("prod", "/prod/orders/1%2f", putBody, `,"authorizer":{"jwt":{"claims":{"sub":"anna"}}}`),
		`{"Records":[` + record("MODIFY", newImage("ow")) + `]}`,
		batch(f, message("a", "g", put("1")), message("b", "g", badJSON), message("c", "", claim("1", "ben"))),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		h := newHouse(t)
		h.start("1")
		answer, err := lambda.NewHandler(handler(h)).Invoke(t.Context(), payload)
		if err == nil && !json.Valid(answer) {
			t.Fatalf("the answer is %q", answer)
		}
		said := string(answer) + h.log.String()
		var typed messages.InvokeResponse_Error
		if errors.As(err, &typed) {
			said += typed.Message
			if typed.Type == "" || !json.Valid([]byte(typed.Message)) {
				t.Fatalf("the failure is %#v", typed)
			}
		}
		if strings.Contains(said, secret) {
			t.Fatalf("a token came out: %s", said)
		}
		check(t, h, payload, answer, err)
	})
}

// A success says what was done, and to which order.
func checkReceipt(t *testing.T, _ *house, _, answer []byte, err error) {
	t.Helper()
	var a view.Receipt
	if err == nil && (json.Unmarshal(answer, &a) != nil || a.Order.OrderID == "" || a.Action == "") {
		t.Fatalf("a success that says nothing: %s", answer)
	}
}

func FuzzDirect(f *testing.F) {
	fuzz(f, func(h *house) any { return lambdahandler.Direct(h.manager) }, checkReceipt)
}

func FuzzEventBridge(f *testing.F) {
	fuzz(f, func(h *house) any { return lambdahandler.EventBridge(h.manager) }, checkReceipt)
}

// Every message is either reported as failed, or it changed its order, or the log says why it did not.
func FuzzSQS_body(f *testing.F) {
	fuzz(f, func(h *house) any {
		return func(body json.RawMessage) (events.SQSEventResponse, error) {
			return lambdahandler.SQS(h.manager, h.logger)(
				h.Context(), events.SQSEvent{Records: []events.SQSMessage{message("a", "", string(body))}},
			)
		}
	}, func(t *testing.T, h *house, _, answer []byte, err error) {
		var response events.SQSEventResponse
		if err != nil || json.Unmarshal(answer, &response) != nil {
			return
		}
		log := h.log.String()
		said := strings.Contains(log, "message failed") || strings.Contains(log, "message early")
		if failed := len(response.BatchItemFailures) == 1; failed != said {
			t.Fatalf("failed: %v, and the log is %s", failed, log)
		}
	})
}

func FuzzSQS_batch(f *testing.F) {
	made := func(h *house) any { return lambdahandler.SQS(h.manager, h.logger) }
	fuzz(f, made, func(t *testing.T, _ *house, payload, answer []byte, err error) {
		var b events.SQSEvent
		var response events.SQSEventResponse
		if err != nil {
			return
		}
		if json.Unmarshal(payload, &b) != nil || json.Unmarshal(answer, &response) != nil || len(b.Records) == 0 {
			t.Fatalf("%s for %s", answer, payload)
		}
		for _, failure := range response.BatchItemFailures {
			if failure.ItemIdentifier == "" {
				t.Fatal("a failure without an id")
			}
		}
	})
}

func FuzzStream(f *testing.F) {
	fuzz(
		f, func(h *house) any { return lambdahandler.Stream(h.manager) }, func(*testing.T, *house, []byte, []byte, error) {},
	)
}

// An answer has a status, or there is none.
func checkStatus(t *testing.T, _ *house, _, answer []byte, err error) {
	t.Helper()
	var r reply
	if err == nil && (json.Unmarshal(answer, &r) != nil || r.StatusCode < 200 || r.StatusCode > 599) {
		t.Fatalf("the answer is %s", answer)
	}
}

func FuzzRestAPI(f *testing.F) { fuzz(f, func(h *house) any { return rest(h.api) }, checkStatus) }
func FuzzHTTPAPI(f *testing.F) { fuzz(f, func(h *house) any { return http2(h.api) }, checkStatus) }
func FuzzFunctionURL(f *testing.F) {
	fuzz(f, func(h *house) any { return functionURL(h.api) }, checkStatus)
}
