package lambdahandler_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/view"
)

const badJSON = `{"action":`

func TestSQS_reportsExactlyWhatMustComeAgain(t *testing.T) {
	for name, test := range map[string]struct {
		messages []events.SQSMessage
		failed   []string
		state    ordermanager.State
		logged   string
	}{
		"accepted messages are done with": {
			messages: []events.SQSMessage{message("a", "", put("1")), message("b", "", claim("1", "ben"))},
			state:    ordermanager.StateMaking,
		},
		"a poison record blocks nobody": {
			messages: []events.SQSMessage{
				message("a", "", badJSON), message("b", "", put("1")), message("c", "", "null"),
				message("d", "", claim("1", "ben")),
			},
			failed: []string{"a", "c"}, state: ordermanager.StateMaking, logged: "messageId=a code=invalid_request",
		},
		"what two programs would read differently is a poison record": {
			messages: []events.SQSMessage{
				message("a", "", strings.Replace(put("1"), `"userId"`, `"userId":"eve","userId"`, 1)),
				message(
					"b", "", strings.Replace(started("1", ordermanager.NewTaskToken("t")), `"detail"`, `"detail":{},"detail"`, 1),
				),
				message("c", "", put("1")),
			},
			failed: []string{"a", "b"}, state: ordermanager.StatePending, logged: "messageId=b code=invalid_request",
		},
		"a refused request is final": {
			messages: []events.SQSMessage{message("a", "", put("1")), message("b", "", put("1"))},
			state:    ordermanager.StatePending, logged: `msg="message refused" messageId=b code=drink_accepted`,
		},
		"a make that overtook its put comes again": {
			messages: []events.SQSMessage{message("a", "", claim("1", "ben")), message("b", "", put("1"))},
			failed:   []string{"a"}, state: ordermanager.StatePending, logged: `msg="message early" messageId=a code=not_ready`,
		},
		"a complete that overtook its make comes again": {
			messages: []events.SQSMessage{
				message("a", "", put("1")), message("b", "", strings.Replace(claim("1", "ben"), "make", "complete", 1)),
				message("c", "", claim("1", "ben")),
			},
			failed: []string{"b"}, state: ordermanager.StateMaking,
			logged: `msg="message early" messageId=b code=illegal_transition`,
		},
		"a second barista's make is final": {
			messages: []events.SQSMessage{
				message("a", "", put("1")), message("b", "", claim("1", "ben")), message("c", "", claim("1", "tom")),
			},
			state: ordermanager.StateMaking, logged: `msg="message refused" messageId=c code=claimed`,
		},
		"what an order that has ended refuses is final": {
			messages: []events.SQSMessage{
				message("a", "", strings.Replace(claim("1", "ben"), "make", "cancel", 1)), message("b", "", claim("1", "ben")),
			},
			state: ordermanager.StateCancelled, logged: `msg="message refused" messageId=b code=illegal_transition`,
		},
		"a drink that is not on the menu is final": {
			messages: []events.SQSMessage{message("a", "", strings.Replace(put("1"), "Cappuccino", "milkshake", 1))},
			state:    ordermanager.StatePending, logged: `msg="message refused" messageId=a code=invalid_order`,
		},
		"a request for an order that is not there comes again": {
			messages: []events.SQSMessage{message("a", "", put("2"))},
			failed:   []string{"a"}, state: ordermanager.StatePending,
			logged: `msg="message failed" messageId=a code=order_not_found`,
		},
		"a request that breaks a rule of form comes again": {
			messages: []events.SQSMessage{message("a", "", `{"action":"burn","orderId":"1"}`)},
			failed:   []string{"a"}, state: ordermanager.StatePending, logged: "code=unknown_action",
		},
		"a notification that is not accepted comes again": {
			messages: []events.SQSMessage{
				message(
					"a", "", event("OrderProcessor.WaitingCompletion", `{"orderId":"1","userId":"eve","TaskToken":"secret-token"}`),
				),
				message("b", "", event("Something.Else", `{}`)),
				message("c", "", event("OrderProcessor.OrderTimeOut", `{"orderId":"1"}`)),
			},
			failed: []string{"a", "b"}, state: ordermanager.StateCancelled, logged: "messageId=a code=not_owner",
		},
		"a group of a FIFO queue stops at its first failure": {
			messages: []events.SQSMessage{
				message("a", "tom", badJSON), message("b", "anna", put("1")), message("c", "tom", claim("1", "tom")), message(
					"d", "anna", claim("1", "ben"),
				),
				message("e", "tom", claim("1", "tom")),
			},
			failed: []string{"a", "c", "e"}, state: ordermanager.StateMaking,
		},
		"a final refusal does not stop its group": {
			messages: []events.SQSMessage{
				message("a", "anna", claim("1", "ben")), message("b", "anna", put("1")), message("c", "anna", claim("1", "ben")),
			},
			state: ordermanager.StateMaking,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.start("1")
			response, err := invoke[events.SQSEventResponse](
				t, lambdahandler.SQS(h.manager, h.logger), batch(t, test.messages...),
			)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "what comes again", append([]string{}, test.failed...), failedIDs(response))
			if order := h.order("1"); order.State != test.state {
				t.Errorf("the order is %s, want %s", order.State, test.state)
			}
			if log := h.log.String(); !strings.Contains(log, test.logged) || strings.Contains(log, "secret-token") ||
				test.logged == "" && len(test.failed) == 0 && log != "" && !strings.Contains(log, "refused") {
				t.Errorf("the log is %s, want %s in it", log, test.logged)
			}
		})
	}
}

// What follows a failure in its group is not carried out: the order is claimed by who came first, not by who was let
// through.
func TestSQS_keepsAFIFOGroupInOrderOverARetry(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	handler := lambdahandler.SQS(h.manager, nil)
	if _, err := invoke[events.SQSEventResponse](t, handler, batch(t, message("p", "anna", put("1")))); err != nil {
		t.Fatal(err)
	}
	again := batch(
		t, message("a", "anna", claim("1", "ben")),
		message("b", "anna", strings.Replace(claim("1", "ben"), "make", "unmake", 1)),
	)
	h.storeDown.Store(true)
	response, err := invoke[events.SQSEventResponse](t, handler, again)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "what comes again", []string{"a", "b"}, failedIDs(response))
	h.storeDown.Store(false)
	response, err = invoke[events.SQSEventResponse](t, handler, again)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "what comes again then", []string{}, failedIDs(response))
	var actions []ordermanager.Action
	for _, entry := range h.order("1").History {
		actions = append(actions, entry.Action)
	}
	diff(t, "the history", []ordermanager.Action{"workflow_started", "put", "make", "unmake"}, actions)
}

// A queue whose messages have groups without being FIFO has no order to keep.
func TestSQS_letsGroupsOfAStandardQueueGoOn(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	poison, good := message("a", "", badJSON), message("b", "", put("1"))
	poison.Attributes["MessageGroupId"], good.Attributes["MessageGroupId"] = "anna", "anna"
	response, err := invoke[events.SQSEventResponse](t, lambdahandler.SQS(h.manager, nil), batch(t, poison, good))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "what comes again", []string{"a"}, failedIDs(response))
}

// Invariant 6: a message whose outcome was unknown, or that comes again with others of its batch, does nothing twice.
func TestSQS_doesNothingTwice(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	h.start("2")
	handler := lambdahandler.SQS(h.manager, nil)
	messages := batch(t, message("a", "", put("1")), message("b", "", put("2")))
	h.answersLost.Store(true)
	response, err := invoke[events.SQSEventResponse](t, handler, messages)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "what comes again", []string{"a", "b"}, failedIDs(response))
	h.answersLost.Store(false)
	for range 2 {
		response, err = invoke[events.SQSEventResponse](t, handler, messages)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "what comes again then", []string{}, failedIDs(response))
	}
	for i, id := range []string{"1", "2"} {
		order := h.order(id)
		if order.Version != 2 || order.History[1].RequestID != string("ab"[i]) || order.Owes() {
			t.Errorf("order %s has the history %+v and owes %v", id, order.History, order.Owes())
		}
	}
	if answers := len(h.resumer.Answered()); answers != 2 {
		t.Errorf("%d answers were given, want one for each order", answers)
	}
}

// What there is no time for comes again.
func TestSQS_reportsWhatItHadNoTimeFor(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	response, err := lambdahandler.SQS(h.manager, nil)(
		ctx, events.SQSEvent{Records: []events.SQSMessage{message("a", "", put("1"))}},
	)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "what comes again", []string{"a"}, failedIDs(response))
}

func TestSQS_refusesWhatIsNotFromAQueue(t *testing.T) {
	nameless := message("", "", put("1"))
	for name, payload := range map[string]string{
		"an empty object":              `{}`,
		"a batch without messages":     `{"Records":[]}`,
		"an input of the OrderManager": put("1"),
		"a record of a stream":         `{"Records":[{"eventID":"1","eventSource":"aws:dynamodb","dynamodb":{}}]}`,
		"a message without an id":      batch(t, message("a", "", put("1")), nameless),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.start("1")
			_, err := invoke[events.SQSEventResponse](t, lambdahandler.SQS(h.manager, nil), payload)
			if problem := fails(t, err, "invalid_request"); problem.Field != "Records" {
				t.Errorf("the field is %q", problem.Field)
			}
			if version := h.order("1").Version; version != 1 {
				t.Errorf("the order is at version %d: something was carried out", version)
			}
		})
	}
}

// Lambda takes an empty list for a complete success, and null too, but a missing one is not documented.
func TestSQS_answersWithAList(t *testing.T) {
	h := newHouse(t)
	h.start("1")
	got, err := invoke[map[string]any](t, lambdahandler.SQS(h.manager, nil), batch(t, message("a", "", put("1"))))
	if err != nil || fmt.Sprint(got) != "map[batchItemFailures:[]]" {
		t.Errorf("the answer is %v, %v", got, err)
	}
}

// A workflow service that hangs takes no more time than the invocation has: what is left is owed, or comes again.
func TestSQS_endsBeforeTheInvocationDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		for _, id := range []string{"1", "2", "3"} {
			h.start(id)
		}
		hanging := resumerFunc(func(
			ctx context.Context, _ ordermanager.TaskToken, _ ordermanager.Outcome,
		) (ordermanager.Answer, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})
		manager, err := ordermanager.New(h.store, coffee, hanging, nil)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		response, err := lambdahandler.SQS(manager, nil)(ctx, events.SQSEvent{Records: []events.SQSMessage{
			message("1", "", put("1")), message("2", "", put("2")), message("3", "", put("3")),
		}})
		if took := time.Since(begun); err != nil || took > 14*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		for _, id := range []string{"1", "2", "3"} {
			order := h.order(id)
			if again := slices.Contains(failedIDs(response), id); again == (order.Drink != nil && order.Owes()) {
				t.Errorf("message %s comes again: %v; its order has the drink %v and owes %v", id, again, order.Drink, order.Owes())
			}
		}
	})
}

type resumerFunc func(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error)

func (f resumerFunc) Resume(
	ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	return f(ctx, token, outcome)
}

// A table of one's own is served at every door: what it has is done, and of what it has not the error says what there
// is.
func TestDoors_takeTheActionsOfTheTable(t *testing.T) {
	h := newHouse(t)
	table := ordermanager.StandardLifecycle().
		WithStates(ordermanager.StateRule{State: "ready", Answers: ordermanager.Done}).
		With(
			ordermanager.Rule{
				Action: "finish", From: []ordermanager.State{"making"}, To: "ready", Claim: ordermanager.ClaimReleases,
			},
			ordermanager.Rule{Action: "complete", From: []ordermanager.State{"ready"}, To: "completed"},
		)
	var err error
	if h.manager, err = ordermanager.New(h.store, coffee, h.resumer, &ordermanager.Options{Lifecycle: table}); err != nil {
		t.Fatal(err)
	}
	h.start("1")
	direct, queue := lambdahandler.Direct(h.manager), lambdahandler.SQS(h.manager, h.logger)
	for _, input := range []string{put("1"), claim("1", "ben")} {
		if _, err := invoke[view.Receipt](t, direct, input); err != nil {
			t.Fatal(err)
		}
	}
	finish := strings.Replace(claim("1", "ben"), "make", "finish", 1)
	response, err := invoke[events.SQSEventResponse](t, queue, batch(t, message("a", "", finish)))
	if err != nil || len(failedIDs(response)) > 0 || h.order("1").State != "ready" {
		t.Errorf("the queue: %v, %v, the order is %s", err, failedIDs(response), h.order("1").State)
	}
	// A time-out of an order that has answered changes nothing.
	timedOut := event("OrderProcessor.OrderTimeOut", `{"orderId":"1"}`)
	if got, err := invoke[view.Receipt](t, lambdahandler.EventBridge(h.manager), timedOut); err != nil ||
		!got.Unchanged {
		t.Errorf("the time-out: %+v, %v", got, err)
	}
	_, err = invoke[view.Receipt](t, direct, strings.Replace(finish, "finish", "serve", 1))
	if problem := fails(t, err, "unknown_action"); !strings.Contains(problem.Message, "finish") {
		t.Errorf("an action that is not there: %s", problem.Message)
	}
}
