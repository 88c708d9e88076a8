package serverlesspresso_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

var token = ordermanager.NewTaskToken("secret-token")

var at = time.Date(2026, 5, 1, 9, 30, 0, 0, time.UTC)

const wantedNumber = "is neither a string nor a whole number of at most 38 digits"

func TestParseEvent_takesEveryOrderNumberThatACounterCanHave(t *testing.T) {
	for json, want := range map[string]string{
		`7`:                             "7",
		`12345678901234567890`:          "12345678901234567890", // more than 64 bits
		`"12345678901234567890"`:        "12345678901234567890",
		strings.Repeat("9", 38):         strings.Repeat("9", 38),
		`1` + strings.Repeat("0", 37):   `1` + strings.Repeat("0", 37),
		`1.0`:                           "1",
		`1.2e3`:                         "1200",
		`99999999999999999999999999.00`: "99999999999999999999999999",
	} {
		got, err := serverlesspresso.ParseEvent([]byte(`{"detail-type":"OrderProcessor.WaitingCompletion",` +
			`"detail":{"orderId":"1","TaskToken":"secret-token","orderNumber":` + json + `}}`))
		if err != nil {
			t.Errorf("%s: %v", json, err)
		} else if number := got.News.(ordermanager.WaitingCompletion).Number; number != want {
			t.Errorf("%s is read as %s", json, number)
		}
	}
}

func TestParseEvent_refusesNoNewsForWhatIsOnlyShown(t *testing.T) {
	for json, want := range map[string]any{
		// A cause may have 32,768 characters, each of which can be escaped.
		`{"detail-type":"OrderProcessor.OrderTimeOut","detail":{"orderId":"1","cause":"` +
			strings.Repeat(`\u2615`, ordermanager.MaxCauseBytes) + `"}}`: ordermanager.TimedOut{
			OrderID: "1", Cause: strings.Repeat("☕", ordermanager.MaxCauseBytes),
		},
		`{"detail-type":"OrderProcessor.OrderTimeOut",` +
			`"detail":{"orderId":"1","cause":{"Error":"States.Timeout"}}}`: ordermanager.TimedOut{
			OrderID: "1", Cause: `{"Error":"States.Timeout"}`,
		},
		`{"detail-type":"OrderProcessor.OrderTimeOut","detail":{"orderId":"1","cause":504}}`: ordermanager.TimedOut{
			OrderID: "1", Cause: "504",
		},
		started(`{"orderId":"1","userId":"2","TaskToken":"secret-token","robot":"true"}`): robot(true),
		started(`{"orderId":"1","userId":"2","TaskToken":"secret-token","robot":1}`):      robot(true),
		started(`{"orderId":"1","userId":"2","TaskToken":"secret-token","robot":"No"}`):   robot(false),
		started(`{"orderId":"1","userId":"2","TaskToken":"secret-token","robot":0}`):      robot(false),
		started(`{"orderId":"1","userId":"2","TaskToken":"secret-token","robot":""}`):     robot(false),
		started(`{"orderId":"1","userId":"2","TaskToken":"secret-token","robot":{}}`):     robot(false),
	} {
		t.Run(json[:min(len(json), 120)], func(t *testing.T) {
			event, err := serverlesspresso.ParseEvent([]byte(json))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, event.News); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func started(detail string) string {
	return `{"detail-type":"OrderProcessor.WorkflowStarted","detail":` + detail + `}`
}

func robot(is bool) ordermanager.WorkflowStarted {
	return ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "2", Robot: is, Token: ordermanager.NewTaskToken("secret-token"),
	}
}

func TestParseEvent_readsEveryKindInBothDialects(t *testing.T) {
	for name, c := range map[string]struct {
		json string
		want serverlesspresso.Event
	}{
		"a new order": {
			`{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"2"}}`,
			serverlesspresso.Event{
				Action: serverlesspresso.ActionNewOrder, News: serverlesspresso.NewOrder{OrderID: "1", Customer: "2"},
			},
		},
		"a new order with its venue": {
			`{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"2","eventId":"ABC","bucket":{"eventId":"DEF"}}}`,
			serverlesspresso.Event{
				Action: serverlesspresso.ActionNewOrder, News: serverlesspresso.NewOrder{OrderID: "1", Customer: "2", Venue: "ABC"},
			},
		},
		"a new order with its venue in a bucket": {
			`{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"2","bucket":{"eventId":"DEF"}}}`,
			serverlesspresso.Event{
				Action: serverlesspresso.ActionNewOrder, News: serverlesspresso.NewOrder{OrderID: "1", Customer: "2", Venue: "DEF"},
			},
		},
		"a started workflow, workshop": {
			`{"id":"e1","time":"2026-05-01T09:30:00Z","detail-type":"OrderProcessor.WorkflowStarted","source":"x",
			  "detail":{"Message":"m","TaskToken":"secret-token","orderId":"1","userId":"2"}}`,
			serverlesspresso.Event{
				Action: ordermanager.ActionWorkflowStarted,
				News:   ordermanager.WorkflowStarted{OrderID: "1", Customer: "2", Token: token, At: at},
			},
		},
		"a started workflow, core": {
			`{"time":"2026-05-01T11:30:00+02:00","detail-type":"OrderProcessor.WorkflowStarted",
			  "detail":{"TaskToken":"secret-token","orderId":"1","userId":"2","eventId":"ABC","robot":true}}`,
			serverlesspresso.Event{Action: ordermanager.ActionWorkflowStarted, News: ordermanager.WorkflowStarted{
				OrderID: "1", Customer: "2", Venue: "ABC", Robot: true, Token: token, At: at,
			}},
		},
		"a wait for completion with a number that is a text": {
			`{"detail-type":"OrderProcessor.WaitingCompletion","detail":{"TaskToken":"secret-token","orderId":"1","userId":"2","orderNumber":"7"}}`,
			serverlesspresso.Event{
				Action: ordermanager.ActionWaitingCompletion,
				News:   ordermanager.WaitingCompletion{OrderID: "1", Customer: "2", Number: "7", Token: token},
			},
		},
		"names that are nearly right as if they were not there": {
			`{"detail-type":"OrderProcessor.WorkflowStarted","Detail":{},
			  "detail":{"TaskToken":"secret-token","taskToken":"x","orderId":"1","OrderId":"9","userId":"2","uſerId":"3","EVENTID":"ABC"}}`,
			serverlesspresso.Event{
				Action: ordermanager.ActionWorkflowStarted,
				News:   ordermanager.WorkflowStarted{OrderID: "1", Customer: "2", Token: token},
			},
		},
		"a number as large as DynamoDB's": {
			`{"detail-type":"OrderProcessor.WaitingCompletion","detail":{"TaskToken":"secret-token","orderId":"1","orderNumber":12345678901234567890}}`,
			serverlesspresso.Event{Action: ordermanager.ActionWaitingCompletion, News: ordermanager.WaitingCompletion{
				OrderID: "1", Number: "12345678901234567890", Token: token,
			}},
		},
		"a wait for completion with a number that is a number": {
			`{"detail-type":"OrderProcessor.WaitingCompletion","detail":{"TaskToken":"secret-token","orderId":"1","orderNumber":7}}`,
			serverlesspresso.Event{
				Action: ordermanager.ActionWaitingCompletion,
				News:   ordermanager.WaitingCompletion{OrderID: "1", Number: "7", Token: token},
			},
		},
		"fields that are null as if they were absent": {
			`{"id":null,"time":null,"detail-type":"OrderProcessor.WaitingCompletion",
			  "detail":{"TaskToken":"secret-token","orderId":"1","userId":null,"orderNumber":null}}`,
			serverlesspresso.Event{
				Action: ordermanager.ActionWaitingCompletion, News: ordermanager.WaitingCompletion{OrderID: "1", Token: token},
			},
		},
		"a time-out": {
			`{"id":"e1","detail-type":"OrderProcessor.OrderTimeOut","detail":{"orderId":"1","cause":"Barista timedout","userId":null}}`,
			serverlesspresso.Event{
				Action: ordermanager.ActionTimedOut,
				News:   ordermanager.TimedOut{OrderID: "1", Cause: "Barista timedout", RequestID: "e1"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serverlesspresso.ParseEvent([]byte(c.json))
			if err != nil {
				t.Fatal(err)
			}
			utc := cmp.Transformer("UTC", func(t time.Time) time.Time { return t.UTC() })
			if diff := cmp.Diff(c.want, got, utc); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseEvent_namesTheFieldThatIsWrong(t *testing.T) {
	waiting := func(detail string) string {
		return `{"detail-type":"OrderProcessor.WaitingCompletion","detail":` + detail + `}`
	}
	for _, c := range []struct{ json, field, rule string }{
		{``, "event", "is not valid JSON (line 1: unexpected end of JSON input)"},
		{`null`, "event", "is not a JSON object"},
		{`[]`, "event", "is not a JSON object"},
		{`{"detail-type":`, "event", "is not valid JSON (line 1: unexpected end of JSON input)"},
		{"{\"detail-type\":\"\xff\"}", "event", "is not valid UTF-8"},
		{
			started(`{"orderId":"a\ud800","userId":"2","TaskToken":"secret-token"}`), "event",
			"has half of a surrogate pair, which is no character",
		},
		{`{"detail-type":"a","detail-type":"b"}`, "detail-type", "appears twice"},
		{
			started(`{"orderId":"1","userId":"2","TaskToken":"secret-token","TaskToken":"secret-other"}`), "detail.TaskToken",
			"appears twice",
		},
		{started(`{"orderId":"1","UserId":"2","TaskToken":"secret-token"}`), "detail.userId", "is required"},
		{strings.Repeat(" ", 1<<20) + `{}`, "event", "is longer than 1048576 bytes"},
		{`{"detail":{}}`, "detail-type", "is required"},
		{`{"detail-type":""}`, "detail-type", "is required"},
		{`{"detail-type":7}`, "detail-type", "is not a string"},
		{`{"detail-type":"Validator.NewOrder","detail":"x"}`, "detail", "is not an object"},
		{`{"detail-type":"Validator.NewOrder"}`, "detail.orderId", "is required"},
		{`{"detail-type":"Validator.NewOrder","detail":{"orderId":"1"}}`, "detail.userId", "is required"},
		{`{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":2}}`, "detail.userId", "is not a string"},
		{
			`{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"2","bucket":[]}}`, "detail.bucket",
			"is not an object",
		},
		{
			`{"detail-type":"Validator.NewOrder","detail":{"orderId":"1","userId":"2","bucket":{"eventId":3}}}`,
			"detail.bucket.eventId", "is not a string",
		},
		{
			`{"time":"noon","detail-type":"OrderProcessor.OrderTimeOut","detail":{}}`, "time",
			"is not a time in the form of RFC 3339",
		},
		{`{"id":5,"detail-type":"OrderProcessor.OrderTimeOut","detail":{}}`, "id", "is not a string"},
		{`{"detail-type":"OrderProcessor.OrderTimeOut","detail":{}}`, "detail.orderId", "is required"},
		{started(`{"orderId":"1","userId":"2"}`), "detail.TaskToken", "is required"},
		{started(`{"orderId":"1","userId":"2","TaskToken":["secret-token"]}`), "detail.TaskToken", "is not a string"},
		{waiting(`{"orderId":"1"}`), "detail.TaskToken", "is required"},
		{waiting(`{"TaskToken":"secret-token"}`), "detail.orderId", "is required"},
		{waiting(`{"orderId":"1","TaskToken":"secret-token","orderNumber":1.5}`), "detail.orderNumber", wantedNumber},
		{waiting(`{"orderId":"1","TaskToken":"secret-token","orderNumber":[]}`), "detail.orderNumber", wantedNumber},
		{waiting(`{"orderId":"1","TaskToken":"secret-token","orderNumber":1e999}`), "detail.orderNumber", wantedNumber},
		{waiting(`{"orderId":"1","TaskToken":"secret-token","orderNumber":1e999999999}`), "detail.orderNumber", wantedNumber},
		{
			waiting(`{"orderId":"1","TaskToken":"secret-token","orderNumber":12345678901234567890.5}`), "detail.orderNumber",
			wantedNumber,
		},
		{
			waiting(`{"orderId":"1","TaskToken":"secret-token","orderNumber":` + strings.Repeat("9", 39) + `}`),
			"detail.orderNumber", wantedNumber,
		},
		{waiting(`{"orderId":"1","TaskToken":"secret-token","orderNumber":true}`), "detail.orderNumber", wantedNumber},
	} {
		name := c.json[:min(len(c.json), 100)]
		t.Run(name, func(t *testing.T) {
			event, err := serverlesspresso.ParseEvent([]byte(c.json))
			var got *ordermanager.RequestError
			if !errors.As(err, &got) {
				t.Fatalf("ParseEvent: %v, want a RequestError", err)
			}
			if diff := cmp.Diff(&ordermanager.RequestError{Field: c.field, Rule: c.rule}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if event.News != nil {
				t.Errorf("news came with the error: %+v", event.News)
			}
			// Invariant 8: no leak.
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error has the token: %v", err)
			}
		})
	}
}

func TestParseEvent_keepsTheActionOfAnEventThatItRefuses(t *testing.T) {
	event, err := serverlesspresso.ParseEvent([]byte(`{"detail-type":"OrderProcessor.OrderTimeOut","detail":{}}`))
	if err == nil || event.Action != ordermanager.ActionTimedOut {
		t.Errorf("action %q, error %v; want timed_out and an error", event.Action, err)
	}
}

func TestParseEvent_refusesAKindThatItDoesNotKnow(t *testing.T) {
	_, err := serverlesspresso.ParseEvent([]byte(`{"detail-type":"OrderManager.MakeOrder","detail":{"orderId":"1"}}`))
	var unknown *serverlesspresso.UnknownEventError
	if !errors.As(err, &unknown) || unknown.Type != "OrderManager.MakeOrder" {
		t.Fatalf("ParseEvent: %v, want an UnknownEventError", err)
	}
	if code := ordermanager.CodeOf(err); code != "invalid_request" {
		t.Errorf("code %q, want invalid_request", code)
	}
	want := `invalid request: detail-type "OrderManager.MakeOrder" is none of Validator.NewOrder, OrderProcessor.WorkflowStarted, ` +
		`OrderProcessor.WaitingCompletion, OrderProcessor.OrderTimeOut`
	if err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
}

func TestParseEvent_cutsALongKindWithoutBreakingACharacter(t *testing.T) {
	_, err := serverlesspresso.ParseEvent([]byte(`{"detail-type":"x` + strings.Repeat("é", 200) + `"}`))
	var unknown *serverlesspresso.UnknownEventError
	if want := "x" + strings.Repeat("é", 49); !errors.As(err, &unknown) || unknown.Type != want {
		t.Errorf("ParseEvent: %v, want the kind cut to %q", err, want)
	}
}

// What ParseEvent accepts has everything that is required, so that a Manager has nothing but values to object to; what
// it refuses is an invalid request. Neither gives the token away.
func FuzzParseEvent(f *testing.F) {
	for _, kind := range []string{
		"Validator.NewOrder", "OrderProcessor.WorkflowStarted", "OrderProcessor.WaitingCompletion",
		"OrderProcessor.OrderTimeOut",
	} {
		f.Add(fmt.Appendf(nil, `{"id":"e","time":"2026-05-01T09:30:00Z","detail-type":%q,"detail":{"TaskToken":"secret-token","orderId":"1",`+
			`"userId":"2","eventId":"ABC","orderNumber":7,"robot":false,"cause":"c","bucket":{"eventId":"DEF"}}}`, kind))
	}
	f.Add([]byte(`{"detail-type":"OrderProcessor.WaitingCompletion","detail":{"orderNumber":1e999}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		event, err := serverlesspresso.ParseEvent(data)
		if err != nil {
			if !errors.Is(err, ordermanager.ErrInvalidRequest) || event.News != nil {
				t.Errorf("ParseEvent: %+v, %v", event, err)
			}
			return
		}
		manager, err := ordermanager.New(&memory.Store{}, ordermanager.NoMenu(), &memory.Resumer{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var secret ordermanager.TaskToken
		switch n := event.News.(type) {
		case serverlesspresso.NewOrder:
			if n.OrderID == "" || n.Customer == "" {
				t.Errorf("accepted without what is required: %+v", n)
			}
		case ordermanager.WorkflowStarted:
			secret = n.Token
			_, err = manager.WorkflowStarted(t.Context(), n)
		case ordermanager.WaitingCompletion:
			secret = n.Token
			_, err = manager.WaitingCompletion(t.Context(), n)
		case ordermanager.TimedOut:
			_, err = manager.TimedOut(t.Context(), n)
		default:
			t.Errorf("unknown news %T", n)
		}
		var refused *ordermanager.RequestError
		if errors.As(err, &refused) && refused.Rule == "is required" {
			t.Errorf("accepted without what is required: %v", err)
		}
		if value := secret.Reveal(); len(value) > 20 && strings.Contains(fmt.Sprintf("%+v %v", event, err), value) {
			t.Error("the token is readable")
		}
	})
}
