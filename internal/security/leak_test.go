package security_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/aws/sfnresumer"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/view"
)

// planted is what every token of these tests contains. It is alphanumeric, so that it looks the same quoted and
// escaped.
const planted = "AQCEAAAAKgAAAAMsPLANTED"

// traces are the forms in which a token would be found.
var traces = []string{
	planted, hex.EncodeToString([]byte(planted)), strings.ToUpper(hex.EncodeToString([]byte(planted))),
	// The ends of a base64 text depend on what stands around it.
	base64.StdEncoding.EncodeToString([]byte(planted))[:24],
}

// diary collects everything that anybody outside gets to see.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// show writes a value down in every way that a program may print it.
func (d *diary) show(name string, values ...any) {
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(d, "%s "+verb+"\n", name, value)
		}
		if data, err := json.Marshal(value); err == nil {
			fmt.Fprintf(d, "%s %s\n", name, data)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(d, nil), slog.NewJSONHandler(d, nil)} {
			slog.New(handler).Info(name, "value", value, slog.Group("group", "inner", value))
		}
		if err, ok := value.(error); ok && err != nil {
			for depth, deep := 0, err; depth < 3; depth++ {
				deep = fmt.Errorf("at depth %d: %w", depth, errors.Join(errors.New("beside it"), deep))
				fmt.Fprintf(d, "%v %+v %#v\n", deep, deep, deep)
			}
			for inner := err; inner != nil; inner = errors.Unwrap(inner) {
				fmt.Fprintf(d, "%v %+v %#v\n", inner, inner, inner)
			}
			if data, err := json.Marshal(view.ProblemOf(err)); err == nil {
				fmt.Fprintf(d, "%s\n", data)
			}
		}
	}
}

// service answers an AWS SDK in turn with success and with errors that quote what they were sent, as services do.
type service struct {
	mu   sync.Mutex
	n    int
	sent bytes.Buffer
}

func (s *service) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	s.sent.WriteString(r.URL.String())
	s.sent.Write(body)
	quoted := fmt.Sprintf("refused: %s %s", r.URL.Path, body)
	switch s.n % 4 {
	case 1:
		return response(http.StatusBadRequest, "InvalidToken", quoted), nil
	case 2:
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New("connection refused")}
	case 3:
		return response(http.StatusBadRequest, "AccessDeniedException", quoted), nil
	}
	return response(http.StatusOK, "", ""), nil
}

func response(status int, code, message string) *http.Response {
	body, err := json.Marshal(map[string]any{
		"__type": code, "message": message, "FailedEntryCount": 0, "Entries": []any{map[string]string{"EventId": "1"}},
	})
	if err != nil {
		panic(err)
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amzn-Errortype": {code}},
		Body: io.NopCloser(bytes.NewReader(body)),
	}
}

// Invariant 8, with everything turned up: whole lives through every store and both resumers on AWS, with faults and
// with services that quote what they were sent; nothing that anybody prints, logs, observes, publishes or answers has a
// token in it.
func TestToken_appearsNowhereInAWholeLife(t *testing.T) {
	identity := credentials.NewStaticCredentialsProvider("AKIATEST", "secret", "")
	for i, home := range faulty.Homes() {
		t.Run(string(home), func(t *testing.T) {
			store := faulty.Open(t, home, false)
			workflows, bus, seen := &service{}, &service{}, &diary{}
			// One of the two resumers on AWS, in turn.
			var resumer ordermanager.Resumer = sfnresumer.New(sfn.New(sfn.Options{
				Region: "eu-west-1", Credentials: identity, HTTPClient: workflows, RetryMaxAttempts: 1,
			}))
			if i%2 == 1 {
				resumer = durableresumer.New(lambda.New(lambda.Options{
					Region: "eu-west-1", Credentials: identity, HTTPClient: workflows, RetryMaxAttempts: 1,
				}))
			}
			events := eventbridge.New(eventbridge.Options{
				Region: "eu-west-1", Credentials: aws.NewCredentialsCache(identity), HTTPClient: bus, RetryMaxAttempts: 1,
			})
			publisher, err := eventbridgebus.New(events, nil)
			if err != nil {
				t.Fatal(err)
			}
			l := &life{
				T: t, seen: seen,
				network: faulty.NewNetwork(7, 0.3, faulty.Lost, faulty.Unanswered, faulty.Throttled, faulty.Broken),
			}
			l.open(store, resumer, publisher)
			for i := range 5 {
				l.whole(fmt.Sprint("order-", i))
			}
			l.network.Calm()
			for range 4 {
				report, err := l.manager.Redrive(
					t.Context(), &ordermanager.RedriveOptions{Visited: func(r ordermanager.Receipt) { seen.show("visited", r) }},
				)
				seen.show("redrive", report, err)
			}
			text := seen.String() + bus.sent.String()
			for _, trace := range traces {
				if at := strings.Index(text, trace); at >= 0 {
					t.Errorf("a token was given away: …%s…", text[max(0, at-300):min(len(text), at+100)])
				}
			}
			// Unless all this was really there, not finding it says nothing.
			sent := strings.Contains(workflows.sent.String(), planted)
			for _, must := range []string{
				"[redacted]", "store_failed", "resume pending", "events pending", "OrderCompleted", `"code":"`, "not settled",
			} {
				if !strings.Contains(text, must) || !sent {
					t.Errorf("the test does not see %q, or no token was sent (%v)", must, sent)
				}
			}
		})
	}
}

// life is a whole service whose every word is written down.
type life struct {
	*testing.T
	seen    *diary
	network *faulty.Network
	caller  *faulty.Caller
	manager *ordermanager.Manager
	handler http.Handler
	tokens  int
}

func (l *life) open(store ordermanager.Store, resumer ordermanager.Resumer, publisher ordermanager.Publisher) {
	l.Helper()
	l.caller = l.network.Caller(0)
	feed := httpapi.NewFeed()
	l.Cleanup(feed.Close)
	logger := slog.New(slog.NewJSONHandler(l.seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	l.manager, err = ordermanager.New(feed.Store(store), menu, faulty.Resumer(resumer), &ordermanager.Options{
		Publisher: faulty.Publisher(publisher), Logger: logger, DeliveryTimeout: time.Minute,
		Observer: func(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
			l.seen.show("operation", op)
			return ctx, func(e ordermanager.Ending) { l.seen.show("ended", e) }
		},
	})
	if err != nil {
		l.Fatal(err)
	}
	l.handler, err = httpapi.New(l.manager, menu, &httpapi.Options{Identify: identify, Feed: feed, Logger: logger})
	if err != nil {
		l.Fatal(err)
	}
}

func (l *life) token() ordermanager.TaskToken {
	l.tokens++
	return ordermanager.NewTaskToken(fmt.Sprint(planted, l.tokens))
}

// insist repeats until it is known what became of it.
func (l *life) insist(name string, attempt func(ctx context.Context) (ordermanager.Receipt, error)) {
	l.Helper()
	for range 50 {
		receipt, err := attempt(l.caller.Context(l.Context()))
		l.seen.show(name, receipt, err)
		l.seen.show("pending", receipt.Pending)
		if !errors.Is(err, ordermanager.ErrStore) {
			return
		}
	}
	l.Fatalf("%s never got through", name)
}

// whole takes one order through a life with every door and every refusal.
func (l *life) whole(id string) {
	first, second := l.token(), l.token()
	start := ordermanager.WorkflowStarted{OrderID: id, Customer: "ann", Venue: faulty.Venue, Token: first}
	waiting := ordermanager.WaitingCompletion{OrderID: id, Customer: "ann", Number: id, Token: second}
	l.seen.show("notification", start, waiting, ordermanager.Order{FirstWait: ordermanager.WaitSlot{Token: first}},
		ordermanager.Settlement{First: first}, ordermanager.Transition{
			Assign: ordermanager.Assignment{Register: &ordermanager.Registration{Token: first}},
		})
	for range 2 {
		l.insist(
			"started", func(ctx context.Context) (ordermanager.Receipt, error) { return l.manager.WorkflowStarted(ctx, start) },
		)
	}
	for _, overlong := range []string{planted + strings.Repeat("x", ordermanager.MaxTokenBytes), ""} {
		start.Token = ordermanager.NewTaskToken(overlong)
		_, err := l.manager.WorkflowStarted(l.Context(), start)
		l.seen.show("refused", err)
	}
	start.Token, start.Customer = first, "zoe"
	l.insist(
		"somebody else's",
		func(ctx context.Context) (ordermanager.Receipt, error) { return l.manager.WorkflowStarted(ctx, start) },
	)
	l.call("PUT", id, "", "customer:ann", `{"drink":"Rum"}`)
	l.call("PUT", id, "", "customer:zoe", `{"drink":"Latte"}`)
	l.insist("put", func(ctx context.Context) (ordermanager.Receipt, error) {
		return l.manager.Put(ctx, ordermanager.Request{
			OrderID: id, Venue: faulty.Venue, Actor: ordermanager.Customer("ann"), RequestID: "put",
			Drink: ordermanager.DrinkOrder{Drink: "Latte"},
		})
	})
	l.insist("waiting", func(ctx context.Context) (ordermanager.Receipt, error) {
		return l.manager.WaitingCompletion(ctx, waiting)
	})
	for _, path := range []string{"", "/history", "/actions"} {
		l.call("GET", id+path, "", "customer:ann", "")
	}
	l.call("PUT", id, "action=make", "barista:ben", "")
	l.call("PUT", id, "action=make", "barista:cy", "")
	l.insist("make", func(ctx context.Context) (ordermanager.Receipt, error) {
		return l.manager.Make(ctx, ordermanager.Request{OrderID: id, Actor: ordermanager.Admin("eve"), RequestID: "make"})
	})
	l.insist("complete", func(ctx context.Context) (ordermanager.Receipt, error) {
		return l.manager.Complete(
			ctx, ordermanager.Request{OrderID: id, Actor: ordermanager.Admin("eve"), RequestID: "complete"},
		)
	})
	l.call("PUT", id, "action=cancel", "admin:eve", "")
	l.insist("timed out", func(ctx context.Context) (ordermanager.Receipt, error) {
		return l.manager.TimedOut(ctx, ordermanager.TimedOut{OrderID: id, Cause: "late", RequestID: "late"})
	})
	page, err := l.manager.Page(l.Context(), ordermanager.Query{Venue: faulty.Venue, State: ordermanager.StateCompleted})
	l.seen.show("page", page, err)
	explanation, err := l.manager.Explain(
		l.Context(), ordermanager.Request{OrderID: id, Action: ordermanager.ActionCancel, Actor: ordermanager.Admin("eve")},
	)
	l.seen.show("explanation", explanation, err)
	l.call("GET", "", "state=completed&eventId="+faulty.Venue, "barista:ben", "")
}

// call makes a request over HTTP and writes the whole answer down.
func (l *life) call(method, id, query, actor, body string) {
	l.Helper()
	if method == "PUT" && !strings.Contains(query, "eventId") {
		query += "&eventId=" + faulty.Venue
	}
	path := "/orders"
	if id != "" {
		path += "/" + id
	}
	r := httptest.NewRequest(method, path+"?"+query, strings.NewReader(body)).WithContext(l.caller.Context(l.Context()))
	r.Header.Set(who, actor)
	w := httptest.NewRecorder()
	l.handler.ServeHTTP(w, r)
	fmt.Fprintf(l.seen, "%d %v %s\n", w.Code, w.Header(), w.Body)
}

// who is the header that says who calls.
const who = "X-Caller"

func identify(r *http.Request) (ordermanager.Actor, error) {
	role, id, _ := strings.Cut(r.Header.Get(who), ":")
	return ordermanager.Actor{Role: ordermanager.Role(role), ID: id}, nil
}

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})
