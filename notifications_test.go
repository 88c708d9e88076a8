package ordermanager_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

func started(token ordermanager.TaskToken, at time.Time) ordermanager.WorkflowStarted {
	return ordermanager.WorkflowStarted{OrderID: order, Customer: owner, Token: token, At: at}
}

func waiting(token ordermanager.TaskToken, at time.Time) ordermanager.WaitingCompletion {
	return ordermanager.WaitingCompletion{OrderID: order, Number: "7", Token: token, At: at}
}

func TestWorkflowStarted_createsThePendingOrder(t *testing.T) {
	h := newHouse(t)
	token := h.resumer.Issue()
	at := time.Date(2026, 3, 1, 8, 59, 0, 123_456_789, time.FixedZone("", 3600))
	r := h.receipt(h.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: order, Customer: owner, Venue: "NYC", Robot: true, Token: token, At: at,
	}))
	want := view.Order{
		OrderID: order, State: "pending", UserID: owner, EventID: "NYC", Modifiers: []string{}, Version: 1,
	}
	if diff := cmp.Diff(want, view.OrderOf(&r.Order)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	o := h.stored()
	if !o.FirstWait.Token.Equal(token) || !o.FirstWait.RegisteredAt.Equal(at.Truncate(time.Millisecond)) || !o.Robot {
		t.Errorf("got %+v", o)
	}
}

// Invariant 3: the original wiped the order and brought the old token back.
func TestWorkflowStarted_deliveredTwiceChangesNothing(t *testing.T) {
	for _, state := range []ordermanager.State{
		stateNew, ordermanager.StatePending, ordermanager.StateMaking, ordermanager.StateCompleted,
		ordermanager.StateCancelled,
	} {
		h := newHouse(t)
		h.bring(state)
		token := h.resumer.Answered()
		before := h.stored()
		used := before.FirstWait.Token
		if len(token) > 0 {
			used = token[0].Token
		}
		r := h.receipt(h.WorkflowStarted(t.Context(), started(used, h.now.Add(time.Hour))))
		if diff := cmp.Diff(before, h.stored()); diff != "" || !r.Unchanged {
			t.Errorf("a duplicate changed a %s order (unchanged: %v):\n%s", state, r.Unchanged, diff)
		}
	}
}

func TestWorkflowStarted_doesNotTakeSomebodyElsesOrder(t *testing.T) {
	h := newHouse(t)
	h.start()
	h.refuses(ordermanager.ErrOrderExists, func(ctx context.Context) error {
		_, err := h.WorkflowStarted(
			ctx, ordermanager.WorkflowStarted{OrderID: order, Customer: stranger, Token: h.resumer.Issue()},
		)
		return err
	})
	h.refuses(ordermanager.ErrOrderExists, func(ctx context.Context) error {
		_, err := h.WorkflowStarted(
			ctx, ordermanager.WorkflowStarted{OrderID: order, Customer: owner, Venue: "NYC", Token: h.resumer.Issue()},
		)
		return err
	})
}

// issuer issues a token that is known by a name.
type issuer func(name string) ordermanager.TaskToken

// The life of a token, invariant 3. Each row registers tokens and acts, and says what every token got in the end.
func TestTokens_areEachHeldOrAnswered(t *testing.T) {
	const (
		drink     = `{"orderId":"order-1","action":"put","state":"pending","cancelled":false}`
		completed = `{"orderId":"order-1","action":"complete","state":"completed","cancelled":false,` +
			`"baristaUserId":"barista-1","orderNumber":"7"}`
		cancelled = `{"orderId":"order-1","action":"cancel","state":"cancelled","cancelled":true,"orderNumber":"7"}`
		timedOut  = `{"orderId":"order-1","action":"timed_out","state":"cancelled","cancelled":true,` +
			`"orderNumber":"7","reason":"Barista timedout"}`
		drinkOf7 = `{"orderId":"order-1","action":"put","state":"pending","cancelled":false,"orderNumber":"7"}`
	)
	minute := func(n int) time.Time { return time.Date(2026, 3, 1, 9, n, 0, 0, time.UTC) }
	actor := ordermanager.Barista(holder)
	tests := []struct {
		name  string
		steps func(h *house, issue issuer)
		want  map[string]string // by name of the token; "" is not answered
	}{
		{"a newer token for an undecided wait replaces the held one", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("old"), minute(1))))
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("new"), minute(2))))
			h.receipt(h.Handle(h.t.Context(), put()))
		}, map[string]string{"old": "", "new": drink}},
		{"an older token that arrives late does not win", func(h *house, issue issuer) {
			old := issue("old")
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("new"), minute(2))))
			h.receipt(h.WorkflowStarted(h.t.Context(), started(old, minute(1))))
			h.receipt(h.Handle(h.t.Context(), put()))
		}, map[string]string{"old": "", "new": drink}},
		{"the token that lost is answered when nothing waits on the one that won", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(ordermanager.NewTaskToken("dead"), minute(2))))
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("older"), minute(1))))
			if r := h.receipt(h.Handle(h.t.Context(), put())); r.Resume != ordermanager.ResumeDelivered {
				h.t.Errorf("got %+v", r)
			}
		}, map[string]string{"older": drink}},
		{"of two tokens of the same second the live one is answered, whichever came last", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("live"), minute(1))))
			h.receipt(h.WorkflowStarted(h.t.Context(), started(ordermanager.NewTaskToken("dead"), minute(1))))
			h.receipt(h.Handle(h.t.Context(), put()))
		}, map[string]string{"live": drink}},
		{"a token that lost after its wait was answered is answered too", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("new"), minute(2))))
			h.receipt(h.Handle(h.t.Context(), put()))
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("older"), minute(1))))
		}, map[string]string{"new": drink, "older": drink}},
		{"a token from a clock that is far ahead does not win", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("ahead"), minute(1).AddDate(73, 0, 0))))
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("live"), minute(1))))
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("ahead too"), minute(1).AddDate(73, 0, 0))))
			h.receipt(h.Handle(h.t.Context(), put()))
		}, map[string]string{"ahead": "", "live": drink, "ahead too": ""}},
		{"a token for a wait whose drink was accepted is answered at once", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("first"), minute(1))))
			h.receipt(h.Handle(h.t.Context(), put()))
			if r := h.receipt(h.WorkflowStarted(
				h.t.Context(), started(issue("redriven"), minute(2)),
			)); r.Resume != ordermanager.ResumeDelivered {
				h.t.Errorf("got %+v", r)
			}
		}, map[string]string{"first": drink, "redriven": drink}},
		{"cancelled during the first wait", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("first"), minute(1))))
			request := by("cancel", ordermanager.Customer(owner))
			request.Reason = "changed my mind"
			h.receipt(h.Handle(h.t.Context(), request))
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("redriven"), minute(2))))
		}, map[string]string{"first": "OrderCancelled: changed my mind", "redriven": "OrderCancelled: changed my mind"}},
		{"cancelled between the waits", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("first"), minute(1))))
			h.receipt(h.Handle(h.t.Context(), put()))
			if r := h.receipt(h.Handle(h.t.Context(), by("cancel", actor))); r.Resume != ordermanager.ResumeNone {
				h.t.Errorf("there was nothing to resume, got %s", r.Resume)
			}
			if r := h.receipt(h.WaitingCompletion(
				h.t.Context(), waiting(issue("second"), minute(2)),
			)); r.Resume != ordermanager.ResumeDelivered {
				h.t.Errorf("got %+v", r)
			}
		}, map[string]string{"first": drink, "second": cancelled}},
		{"cancelled during the second wait", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("first"), minute(1))))
			h.receipt(h.Handle(h.t.Context(), put()))
			h.receipt(h.WaitingCompletion(h.t.Context(), waiting(issue("second"), minute(2))))
			h.receipt(h.Handle(h.t.Context(), by("cancel", actor)))
		}, map[string]string{"first": drink, "second": cancelled}},
		{"completed before the second wait began", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("first"), minute(1))))
			h.receipt(h.Handle(h.t.Context(), put()))
			h.receipt(h.Handle(h.t.Context(), by("make", actor)))
			h.receipt(h.Handle(h.t.Context(), by("complete", actor)))
			h.receipt(h.WaitingCompletion(h.t.Context(), waiting(issue("second"), minute(2))))
			h.receipt(h.WaitingCompletion(h.t.Context(), waiting(issue("redriven"), minute(3))))
		}, map[string]string{"first": drink, "second": completed, "redriven": completed}},
		{"timed out while another execution waits", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("first"), minute(1))))
			h.receipt(h.Handle(h.t.Context(), put()))
			h.receipt(h.WaitingCompletion(h.t.Context(), waiting(issue("second"), minute(2))))
			h.receipt(h.TimedOut(h.t.Context(), ordermanager.TimedOut{OrderID: order, Cause: "Barista timedout"}))
		}, map[string]string{"first": drink, "second": timedOut}},
		{"the second wait of an earlier execution arrives after the first of a later one", func(h *house, issue issuer) {
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("first"), minute(1))))
			stale := issue("stale")
			h.receipt(h.WorkflowStarted(h.t.Context(), started(issue("restarted"), minute(3))))
			h.receipt(h.WaitingCompletion(h.t.Context(), waiting(stale, minute(2))))
			h.receipt(h.Handle(h.t.Context(), put()))
			h.receipt(h.Handle(h.t.Context(), by("cancel", actor)))
		}, map[string]string{"first": "", "stale": cancelled, "restarted": drinkOf7}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			tokens := map[string]ordermanager.TaskToken{}
			tt.steps(h, func(name string) ordermanager.TaskToken {
				tokens[name] = h.resumer.Issue()
				return tokens[name]
			})
			got := map[string]string{}
			for name, token := range tokens {
				got[name] = h.outcomes()[token.Reveal()]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("what the tokens were given (-want +got):\n%s", diff)
			}
			if h.order().Owes() {
				t.Error("something is still owed")
			}
			for _, event := range h.publisher.Events() {
				if event.Type == ordermanager.EventWaitingCompletion && (event.State == ordermanager.StateCompleted ||
					event.State == ordermanager.StateCancelled) {
					t.Error("a finished order was announced as waiting")
				}
			}
		})
	}
}

func TestWaitingCompletion_settlesWhatTheFirstWaitWasOwed(t *testing.T) {
	h := newHouse(t)
	h.start()
	h.resumer.Hook = func(_, _ string, done bool) error { return errIf(done, "answer lost") }
	if r := h.receipt(h.Handle(t.Context(), put())); r.Resume != ordermanager.ResumePending {
		t.Fatalf("got %s", r.Resume)
	}
	h.resumer.Hook = func(string, string, bool) error { return errIf(true, "nobody should be answered again") }
	h.wait()
	if o := h.order(); o.Owes() || o.Number != "7" {
		t.Errorf("got %+v", o)
	}
}

func TestWaitingCompletion_refusesWhatItCannotBelieve(t *testing.T) {
	h := newHouse(t)
	h.start()
	tests := []struct {
		name string
		give ordermanager.WaitingCompletion
		want error
	}{
		{
			"unknown order", ordermanager.WaitingCompletion{OrderID: "nobody's", Token: h.resumer.Issue()},
			ordermanager.ErrOrderNotFound,
		},
		{
			"another customer", ordermanager.WaitingCompletion{OrderID: order, Customer: stranger, Token: h.resumer.Issue()},
			ordermanager.ErrNotOwner,
		},
		{"no token", ordermanager.WaitingCompletion{OrderID: order}, ordermanager.ErrInvalidRequest},
		{"no order", ordermanager.WaitingCompletion{Token: h.resumer.Issue()}, ordermanager.ErrInvalidRequest},
		{
			"over-long token",
			ordermanager.WaitingCompletion{
				OrderID: order, Token: ordermanager.NewTaskToken(strings.Repeat("x", ordermanager.MaxTokenBytes+1)),
			},
			ordermanager.ErrInvalidRequest,
		},
		{
			"over-long number",
			ordermanager.WaitingCompletion{
				OrderID: order, Token: h.resumer.Issue(), Number: strings.Repeat("1", ordermanager.MaxNumberBytes+1),
			},
			ordermanager.ErrInvalidRequest,
		},
		{
			"over-long customer",
			ordermanager.WaitingCompletion{
				OrderID: order, Token: h.resumer.Issue(), Customer: strings.Repeat("x", ordermanager.MaxIDBytes+1),
			},
			ordermanager.ErrInvalidRequest,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h.refuses(tt.want, func(ctx context.Context) error {
				_, err := h.WaitingCompletion(ctx, tt.give)
				return err
			})
		})
	}
}

func TestWorkflowStarted_refusesWhatItCannotBelieve(t *testing.T) {
	long := strings.Repeat("x", ordermanager.MaxIDBytes+1)
	for name, give := range map[string]ordermanager.WorkflowStarted{
		"no customer":     {OrderID: order, Token: ordermanager.NewTaskToken("t")},
		"no token":        {OrderID: order, Customer: owner},
		"over-long venue": {OrderID: order, Customer: owner, Venue: long, Token: ordermanager.NewTaskToken("t")},
		"over-long order": {OrderID: long, Customer: owner, Token: ordermanager.NewTaskToken("t")},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.refuses(ordermanager.ErrInvalidRequest, func(ctx context.Context) error {
				_, err := h.WorkflowStarted(ctx, give)
				return err
			})
		})
	}
}

func TestTimedOut_endsAnOpenOrderAndLeavesAFinishedOne(t *testing.T) {
	for _, state := range []ordermanager.State{stateNew, ordermanager.StatePending, ordermanager.StateMaking} {
		h := newHouse(t)
		h.bring(state)
		r := h.receipt(h.TimedOut(
			t.Context(), ordermanager.TimedOut{OrderID: order, Cause: "Barista timedout", RequestID: "event-1"},
		))
		if r.Order.State != ordermanager.StateCancelled || r.Order.Reason != "Barista timedout" || r.Unchanged {
			t.Errorf("%s: got %+v", state, r)
		}
		if r = h.receipt(h.TimedOut(
			t.Context(), ordermanager.TimedOut{OrderID: order, Cause: "Barista timedout", RequestID: "event-1"},
		)); !r.Replayed {
			t.Errorf("%s: the same notification again was not a repetition: %+v", state, r)
		}
		if r = h.receipt(h.TimedOut(
			t.Context(), ordermanager.TimedOut{OrderID: order, Cause: "Customer timedout"},
		)); !r.Unchanged {
			t.Errorf("%s: another time-out changed the order: %+v", state, r)
		}
	}
	for _, state := range []ordermanager.State{ordermanager.StateCompleted, ordermanager.StateCancelled} {
		h := newHouse(t)
		h.bring(state)
		before := h.stored()
		r := h.receipt(h.TimedOut(t.Context(), ordermanager.TimedOut{OrderID: order, Cause: "Barista timedout"}))
		if diff := cmp.Diff(before, h.stored()); diff != "" || !r.Unchanged {
			t.Errorf("a time-out changed a %s order:\n%s", state, diff)
		}
	}
}

func TestTimedOut_refusesWhatItCannotBelieve(t *testing.T) {
	for name, tt := range map[string]struct {
		give ordermanager.TimedOut
		want error
	}{
		"unknown order":       {ordermanager.TimedOut{OrderID: "nobody's"}, ordermanager.ErrOrderNotFound},
		"reserved request id": {ordermanager.TimedOut{OrderID: order, RequestID: "token:x"}, ordermanager.ErrInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.start()
			h.refuses(tt.want, func(ctx context.Context) error {
				_, err := h.TimedOut(ctx, tt.give)
				return err
			})
		})
	}
}

// A workflow that is over cannot be told to explain itself better, and a customer who typed two lines wants to be rid
// of the order.
func TestAnEnd_isNeverRefusedForWhatExplainsIt(t *testing.T) {
	for name, tt := range map[string]struct{ give, want string }{
		"two lines":      {"States.TaskFailed\n\tat 3", "States.TaskFailed at 3"},
		"broken text":    {"caf\xff", "caf\uFFFD"},
		"longer":         {strings.Repeat("é", 600), strings.Repeat("é", 510) + "…"},
		"nothing at all": {"", ""},
		"as it should":   {"Barista timedout", "Barista timedout"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.start()
			h.receipt(h.TimedOut(t.Context(), ordermanager.TimedOut{OrderID: order, Cause: tt.give}))
			cancel := newHouse(t)
			cancel.start()
			request := by("cancel", ordermanager.Customer(owner))
			request.Reason = tt.give
			cancel.receipt(cancel.Handle(t.Context(), request))
			for _, o := range []ordermanager.Order{h.order(), cancel.order()} {
				if o.State != ordermanager.StateCancelled || o.Reason != tt.want {
					t.Errorf("the order is %s because of %q, want %q", o.State, o.Reason, tt.want)
				}
			}
		})
	}
}

// A workflow that sends the token of its first wait again would never hear the end of the order.
func TestWaitingCompletion_refusesTheTokenOfTheFirstWait(t *testing.T) {
	h := newHouse(t)
	first := h.start()
	h.receipt(h.Put(t.Context(), put()))
	err := h.refuses(ordermanager.ErrInvalidRequest, func(ctx context.Context) error {
		_, err := h.WaitingCompletion(ctx, waiting(first, time.Time{}))
		return err
	})
	if bad, ok := errors.AsType[*ordermanager.RequestError](err); !ok || bad.Field != "TaskToken" {
		t.Errorf("%v does not say that it is the token", err)
	}
}

func errIf(condition bool, text string) error {
	if condition {
		return errors.New(text)
	}
	return nil
}
