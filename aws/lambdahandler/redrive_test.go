package lambdahandler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/view"
)

// owing leaves an order that was put while the workflow could not be reached.
func (h *house) owing(orderID string) {
	h.Helper()
	h.start(orderID)
	h.workflowDown.Store(true)
	if _, err := invoke[view.Receipt](h, lambdahandler.Direct(h.manager), put(orderID)); err != nil {
		h.Fatal(err)
	}
	h.workflowDown.Store(false)
}

const schedule = `{"detail-type":"Scheduled Event","source":"aws.events","detail":{}}`

func TestSchedule_deliversWhatIsOwed(t *testing.T) {
	h := newHouse(t)
	h.owing("1")
	got, err := invoke[ordermanager.RedriveReport](t, lambdahandler.Schedule(h.manager), schedule)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the report", ordermanager.RedriveReport{Orders: 1, Delivered: 1}, got)
	if len(h.resumer.Answered()) != 1 || h.order("1").Owes() {
		t.Error("the order still owes its answer")
	}
}

// An alarm on the function's errors is one on workflows that wait.
func TestSchedule_failsWhileSomethingIsOwed(t *testing.T) {
	h := newHouse(t)
	h.owing("1")
	h.workflowDown.Store(true)
	_, err := invoke[ordermanager.RedriveReport](t, lambdahandler.Schedule(h.manager), schedule)
	saysPending(t, err)
}

// saysPending checks that an error says that one order still owes something.
func saysPending(t *testing.T, err error) {
	t.Helper()
	failure, ok := err.(messages.InvokeResponse_Error) //nolint:errorlint // as the runtime does
	if !ok || failure.Type != string(lambdahandler.CodePending) {
		t.Fatalf("the error is %#v", err)
	}
	diff(
		t, "the message",
		`{"code":"deliveries_pending","orders":1,"delivered":0,"gone":0,"published":0,"pending":1,"postponed":0}`,
		failure.Message,
	)
}

func TestSchedule_failsWhenTheStoreDoes(t *testing.T) {
	h := newHouse(t)
	h.storeDown.Store(true)
	_, err := invoke[ordermanager.RedriveReport](t, lambdahandler.Schedule(h.manager), schedule)
	fails(t, err, "store_failed")
}

// A redrive that has no time left says so itself, before Lambda stops it without a word.
func TestSchedule_stopsBeforeItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		const orders = 100 // more than are visited at once
		for i := range orders {
			h.owing(strconv.Itoa(i))
		}
		var begun atomic.Int32
		h.resumer.Hook = func(_, _ string, done bool) error {
			if !done {
				begun.Add(1)
				time.Sleep(2 * time.Second) //nolint:forbidigo // the bubble's time
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		_, err := invokeIn[ordermanager.RedriveReport](ctx, t, lambdahandler.Schedule(h.manager), schedule)
		fails(t, err, "context_done")
		if begun.Load() == 0 || begun.Load() == orders || ctx.Err() != nil {
			t.Errorf("%d orders were begun, and the time was over: %v", begun.Load(), ctx.Err())
		}
	})
}

// record is a record of a stream, of an item with this attribute.
func record(name, image string) string {
	return fmt.Sprintf(
		`{"eventID":"1","eventName":%q,"eventSource":"aws:dynamodb","dynamodb":{"Keys":{"id":{"S":"1"}}%s}}`, name, image,
	)
}

func newImage(attribute string) string {
	return fmt.Sprintf(`,"NewImage":{"id":{"S":"1"},%q:{"N":"3"}}`, attribute)
}

func TestStream_redrivesWhenAnOrderWasWrittenOwing(t *testing.T) {
	for name, test := range map[string]struct {
		records  []string
		redriven bool
	}{
		"an order that owes":               {[]string{record("MODIFY", newImage("ow"))}, true},
		"a new order that owes":            {[]string{record("INSERT", newImage("ow"))}, true},
		"an order of the sample that owes": {[]string{record("MODIFY", newImage("om_ow"))}, true},
		"one of several": {
			[]string{record("MODIFY", newImage("v")), record("MODIFY", newImage("ow"))}, true,
		},
		"an order that owes nothing":             {[]string{record("MODIFY", newImage("v"))}, false},
		"an order that was deleted":              {[]string{record("REMOVE", "")}, false},
		"an order of which nothing else is told": {[]string{record("MODIFY", "")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.owing("1")
			payload := `{"Records":[` + strings.Join(test.records, ",") + `]}`
			if _, err := invoke[ordermanager.RedriveReport](t, lambdahandler.Stream(h.manager), payload); err != nil {
				t.Fatal(err)
			}
			if owes := h.order("1").Owes(); owes == test.redriven {
				t.Errorf("redriven: %v, want %v", !owes, test.redriven)
			}
		})
	}
}

func TestStream_failsWhileSomethingIsOwed(t *testing.T) {
	h := newHouse(t)
	h.owing("1")
	h.workflowDown.Store(true)
	_, err := invoke[ordermanager.RedriveReport](
		t, lambdahandler.Stream(h.manager), `{"Records":[`+record("MODIFY", newImage("ow"))+`]}`,
	)
	saysPending(t, err)
}

func TestStream_refusesWhatIsNotFromAStream(t *testing.T) {
	for name, payload := range map[string]string{
		"an empty object":             `{}`,
		"a message of a queue":        batch(t, message("a", "", put("1"))),
		"a record of something else":  `{"Records":[{"eventSource":"aws:kinesis"}]}`,
		"an event of the workflow":    started("1", ordermanager.NewTaskToken("x")),
		"a batch without any records": `{"Records":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			_, err := invoke[ordermanager.RedriveReport](t, lambdahandler.Stream(h.manager), payload)
			fails(t, err, "invalid_request")
		})
	}
}

// The attributes that mark an order are those that the store writes.
func TestStream_knowsTheMarkOfEveryLayout(t *testing.T) {
	for _, layout := range dynamostore.Layouts() {
		t.Run(string(layout), func(t *testing.T) {
			marks := map[bool][]string{}
			for _, owing := range []bool{true, false} {
				table := &written{}
				store, err := dynamostore.New(table, "orders", &dynamostore.Options{Layout: layout})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := store.Apply(t.Context(), ordermanager.Transition{
					OrderID: "1", Assign: ordermanager.Assignment{Number: "7"}, Owing: owing,
					Entry: ordermanager.Entry{RequestID: "r"},
				}); err == nil {
					t.Fatal("the table answers nothing")
				}
				for _, assigned := range regexp.MustCompile(`(\w+) = `).FindAllStringSubmatch(table.expression, -1) {
					marks[owing] = append(marks[owing], assigned[1])
				}
			}
			mark := slices.DeleteFunc(marks[true], func(name string) bool {
				return slices.Contains(marks[false], name) || !strings.HasSuffix(name, "ow")
			})
			if len(mark) != 1 {
				t.Fatalf("of %v none is the mark", marks)
			}
			h := newHouse(t)
			h.owing("1")
			payload := `{"Records":[` + record("MODIFY", newImage(mark[0])) + `]}`
			if _, err := invoke[ordermanager.RedriveReport](t, lambdahandler.Stream(h.manager), payload); err != nil ||
				h.order("1").Owes() {
				t.Errorf("an order with the attribute %s was not redriven: %v", mark[0], err)
			}
		})
	}
}

// written is a table that keeps the last update and answers nothing.
type written struct {
	dynamostore.API
	expression string
}

func (w *written) UpdateItem(
	_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options),
) (*dynamodb.UpdateItemOutput, error) {
	w.expression = *in.UpdateExpression
	return nil, errors.New("no answer")
}

func TestReport_hasEveryFigure(t *testing.T) {
	data, err := json.Marshal(ordermanager.RedriveReport{
		Orders: 1, Delivered: 2, Gone: 3, Published: 4, Pending: 5, Postponed: 6,
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the JSON", `{"orders":1,"delivered":2,"gone":3,"published":4,"pending":5,"postponed":6}`, string(data))
}
