package eventbridgebus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func publisher(t *testing.T, s *service, options *eventbridgebus.Options) *eventbridgebus.Publisher {
	t.Helper()
	p, err := eventbridgebus.New(s.client(), options)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// event returns an event with everything that an event can have.
func event(kind ordermanager.EventType, state ordermanager.State) ordermanager.Event {
	return ordermanager.Event{
		ID: "1/r", Type: kind, OrderID: "1", Customer: "c", Venue: "NYC", Robot: true, Version: 4,
		At: time.UnixMilli(1_700_000_000_123).UTC(), State: state, Barista: "b", Number: "42", Reason: "sold out",
		Drink: &ordermanager.Drink{Name: "Latte", Icon: "latte", Modifiers: []string{"Oat"}},
	}
}

func TestPublish_hasTheFieldsOfTheSampleAndTheEventsIDAndVersion(t *testing.T) {
	const message = "any"
	noVenue := func(e ordermanager.Event) ordermanager.Event { e.Venue = ""; return e }
	bare := func(e ordermanager.Event) ordermanager.Event {
		e.Barista, e.Reason, e.Drink, e.Number, e.Robot = "", "", nil, "", false
		return e
	}
	plain := func(e ordermanager.Event) ordermanager.Event {
		e.Drink = &ordermanager.Drink{Name: "Espresso", Icon: "e"}
		return e
	}
	latte := map[string]any{"userId": "c", "drink": "Latte", "modifiers": []any{"Oat"}, "icon": "latte"}
	tests := map[string]struct {
		dialect serverlesspresso.Dialect
		event   ordermanager.Event
		name    string
		detail  map[string]any
	}{
		"make": {
			"", event(ordermanager.EventMakeOrder, ordermanager.StateMaking), "OrderManager.MakeOrder",
			map[string]any{"orderId": "1", "userId": "c", "eventId": "NYC", "baristaUserId": "b", "Message": message},
		},
		"unmake": {
			"", bare(event(ordermanager.EventMakeOrder, ordermanager.StatePending)), "OrderManager.MakeOrder",
			map[string]any{"orderId": "1", "userId": "c", "eventId": "NYC", "baristaUserId": "", "Message": message},
		},
		"complete, workshop": {
			serverlesspresso.Workshop, noVenue(event(
				ordermanager.EventOrderCompleted, ordermanager.StateCompleted,
			)), "OrderManager.OrderCompleted",
			map[string]any{"orderId": "1", "userId": "c", "ORDERSTATE": "Completed", "Message": message},
		},
		"complete, core": {
			serverlesspresso.Core, event(ordermanager.EventOrderCompleted, ordermanager.StateCompleted),
			"OrderManager.OrderCompleted",
			map[string]any{"orderId": "1", "userId": "c", "eventId": "NYC", "ORDERSTATE": "NYC-COMPLETED", "Message": message},
		},
		"cancel, workshop": {
			serverlesspresso.Workshop, event(ordermanager.EventOrderCancelled, ordermanager.StateCancelled),
			"OrderManager.OrderCancelled",
			map[string]any{
				"orderId": "1", "userId": "c", "eventId": "NYC", "ORDERSTATE": "Cancelled", "Message": message,
				"reason": "sold out",
			},
		},
		"cancel without a reason, core": {
			serverlesspresso.Core, bare(event(
				ordermanager.EventOrderCancelled, ordermanager.StateCancelled,
			)), "OrderManager.OrderCancelled",
			map[string]any{"orderId": "1", "userId": "c", "eventId": "NYC", "ORDERSTATE": "NYC-CANCELLED", "Message": message},
		},
		"waiting completion, workshop": {
			serverlesspresso.Workshop, noVenue(event(ordermanager.EventWaitingCompletion, ordermanager.StatePending)),
			"OrderManager.WaitingCompletion", map[string]any{
				"orderId": "1", "Message": message, "userId": "c", "orderNumber": "42", "state": "CREATED", "drinkOrder": latte,
				"robot": true,
				"TS":    1_700_000_000_123.0,
			},
		},
		"waiting completion of a claimed order, core": {
			serverlesspresso.Core, event(ordermanager.EventWaitingCompletion, ordermanager.StateMaking),
			"OrderManager.WaitingCompletion", map[string]any{
				"orderId": "1", "Message": message, "userId": "c", "eventId": "NYC", "orderNumber": "42", "state": "NYC-CREATED",
				"drinkOrder": latte,
				"robot":      true, "TS": 1_700_000_000_123.0,
			},
		},
		"waiting completion without modifiers": {
			serverlesspresso.Workshop, plain(event(ordermanager.EventWaitingCompletion, ordermanager.StatePending)),
			"OrderManager.WaitingCompletion", map[string]any{
				"orderId": "1", "Message": message, "userId": "c", "eventId": "NYC", "orderNumber": "42", "state": "CREATED",
				"robot": true,
				"drinkOrder": map[string]any{
					"userId": "c", "drink": "Espresso", "modifiers": []any{}, "icon": "e",
				}, "TS": 1_700_000_000_123.0,
			},
		},
		"waiting completion without a drink": {
			serverlesspresso.Workshop, bare(event(ordermanager.EventWaitingCompletion, ordermanager.StatePending)),
			"OrderManager.WaitingCompletion", map[string]any{
				"orderId": "1", "Message": message, "userId": "c", "eventId": "NYC", "orderNumber": "", "state": "CREATED",
				"drinkOrder": nil, "robot": false,
				"TS": 1_700_000_000_123.0,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &service{}
			err := publisher(
				t, s, &eventbridgebus.Options{Dialect: test.dialect},
			).Publish(t.Context(), []ordermanager.Event{test.event})
			if err != nil || len(s.sent) != 1 || len(s.sent[0]) != 1 {
				t.Fatalf("Publish = %v after %d calls", err, len(s.sent))
			}
			got := s.sent[0][0]
			detail := got.detail()
			if text, _ := detail["Message"].(string); text != "" {
				detail["Message"] = message
			}
			test.detail["id"], test.detail["version"] = "1/r", 4.0
			if diff := cmp.Diff(test.detail, detail); diff != "" {
				t.Errorf("detail (-want +got):\n%s", diff)
			}
			got.Detail = ""
			want := entry{"Serverlesspresso", "awsserverlessda.serverlesspresso", test.name, "", 1_700_000_000.123, ""}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPublish_saysWhetherAnOrderWasClaimedOrPutBack(t *testing.T) {
	s := &service{}
	made, putBack := event(ordermanager.EventMakeOrder, ordermanager.StateMaking), event(
		ordermanager.EventMakeOrder, ordermanager.StatePending,
	)
	putBack.Barista = ""
	if err := publisher(t, s, nil).Publish(t.Context(), []ordermanager.Event{made, putBack}); err != nil {
		t.Fatal(err)
	}
	if s.sent[0][0].detail()["Message"] == s.sent[0][1].detail()["Message"] {
		t.Error("both have the same message")
	}
}

func TestPublish_handsTheTraceOnInTheFormOfXRay(t *testing.T) {
	for _, test := range []struct{ name, trace, want string }{
		{
			"sampled", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			"Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1",
		},
		{
			"not sampled", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
			"Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=0",
		},
		{"none", "", ""},
		{"of another form", "x", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := event(ordermanager.EventOrderCompleted, ordermanager.StateCompleted)
			e.Trace = test.trace
			s := &service{}
			if err := publisher(t, s, nil).Publish(t.Context(), []ordermanager.Event{e}); err != nil {
				t.Fatal(err)
			}
			if got := s.sent[0][0].TraceHeader; got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestPublish_goesToTheBusOfTheOptions(t *testing.T) {
	s := &service{}
	p := publisher(t, s, &eventbridgebus.Options{Bus: "other"})
	if err := p.Publish(t.Context(), events(1)); err != nil || s.sent[0][0].EventBusName != "other" {
		t.Errorf("Publish = %v to %+v", err, s.sent)
	}
}

func TestNew_refusesADialectThatDoesNotExist(t *testing.T) {
	if _, err := eventbridgebus.New(
		(&service{}).client(), &eventbridgebus.Options{Dialect: "lunch"},
	); !errors.Is(err, ordermanager.ErrInvalidOptions) {
		t.Errorf("New = %v", err)
	}
}

// events returns n events with the ids e0, e1, …
func events(n int) []ordermanager.Event {
	all := make([]ordermanager.Event, n)
	for i := range all {
		all[i] = event(ordermanager.EventOrderCompleted, ordermanager.StateCompleted)
		all[i].ID = fmt.Sprint("e", i)
	}
	return all
}

func TestPublish_takesAsFewCallsAsTheLimitsAllow(t *testing.T) {
	// A drink of this size makes an entry of a little less than half of what a call can take.
	half := func(id string, more int) ordermanager.Event {
		e := event(ordermanager.EventWaitingCompletion, ordermanager.StatePending)
		e.ID, e.Drink = id, &ordermanager.Drink{Name: strings.Repeat("x", 128<<10-440+more)}
		return e
	}
	for name, test := range map[string]struct {
		events []ordermanager.Event
		want   []int
	}{
		"nothing":                    {nil, nil},
		"ten entries fit":            {events(10), []int{10}},
		"an eleventh does not":       {events(11), []int{10, 1}},
		"many":                       {events(25), []int{10, 10, 5}},
		"256 KB do not fit":          {[]ordermanager.Event{half("a", 100), half("b", 200), half("c", 0)}, []int{1, 2}},
		"less than 256 KB fit":       {[]ordermanager.Event{half("a", 0), half("b", 0), half("c", 0)}, []int{2, 1}},
		"one that is larger is sent": {[]ordermanager.Event{half("a", 200<<10), half("b", 0)}, []int{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{}
			if err := publisher(t, s, nil).Publish(t.Context(), test.events); err != nil {
				t.Fatal(err)
			}
			var calls []int
			var sent, want []string
			for _, entries := range s.sent {
				calls = append(calls, len(entries))
				sent = append(sent, ids(entries)...)
				bytes := 0
				for _, e := range entries {
					bytes += 14 + len(e.Source) + len(e.DetailType) + len(e.Detail)
				}
				if len(entries) > 1 && bytes >= 256<<10 {
					t.Errorf("a call has %d bytes", bytes)
				}
			}
			for _, e := range test.events {
				want = append(want, e.ID)
			}
			if diff := cmp.Diff(test.want, calls); diff != "" {
				t.Errorf("entries per call (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, sent); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPublish_sendsOnlyFailedEntriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(n int, entries []entry) (int, string, error) {
			failed := []map[string]string{
				{"e1": "ThrottlingException", "e3": "InternalFailure"}, {"e3": "SomethingNew"}, nil,
			}[n-1]
			return 200, results(entries, failed), nil
		}}
		if err := publisher(t, s, nil).Publish(t.Context(), events(5)); err != nil {
			t.Errorf("Publish = %v", err)
		}
		var sent [][]string
		for _, entries := range s.sent {
			sent = append(sent, ids(entries))
		}
		want := [][]string{{"e0", "e1", "e2", "e3", "e4"}, {"e1", "e3"}, {"e3"}}
		if diff := cmp.Diff(want, sent); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestPublish_givesUpOnAnEntryAfterThreeAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(_ int, entries []entry) (int, string, error) {
			return 200, results(entries, map[string]string{"e0": "InternalFailure"}), nil
		}}
		err := publisher(t, s, nil).Publish(t.Context(), events(11))
		if err == nil || errors.Is(err, ordermanager.ErrUndeliverable) || !strings.Contains(err.Error(), "InternalFailure") {
			t.Errorf("Publish = %v", err)
		}
		if len(s.sent) != 3 {
			t.Errorf("%d calls, want 3: nothing may overtake what failed", len(s.sent))
		}
	})
}

func TestPublish_saysWhichEntriesWillNeverWork(t *testing.T) {
	for _, code := range []string{
		"AccessDeniedException", "InvalidAccountIdException", "InvalidArgument", "MalformedDetail", "RedactionFailure",
		"NotAuthorizedForSourceException", "NotAuthorizedForDetailTypeException",
	} {
		t.Run(code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answer: func(n int, entries []entry) (int, string, error) {
					failed := []map[string]string{{"e0": code, "e2": "InternalFailure"}, nil}[n-1]
					return 200, results(entries, failed), nil
				}}
				err := publisher(t, s, nil).Publish(t.Context(), events(3))
				if !errors.Is(err, ordermanager.ErrUndeliverable) || !strings.Contains(err.Error(), code) {
					t.Errorf("Publish = %v", err)
				}
				if len(s.sent) != 2 || !cmp.Equal(ids(s.sent[1]), []string{"e2"}) {
					t.Errorf("the second call has %v of %d calls, want only what may still work", ids(s.sent[1]), len(s.sent))
				}
			})
		})
	}
}

func TestPublish_stopsWaitingWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &service{answer: func(_ int, entries []entry) (int, string, error) {
			time.AfterFunc(time.Nanosecond, cancel)
			return 200, results(entries, map[string]string{"e0": "ThrottlingException"}), nil
		}}
		start := time.Now()
		err := publisher(t, s, nil).Publish(ctx, events(1))
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "ThrottlingException") || len(s.sent) != 1 {
			t.Errorf("Publish = %v after %d calls", err, len(s.sent))
		}
		if waited := time.Since(start); waited != time.Nanosecond {
			t.Errorf("it waited %v", waited)
		}
	})
}

func TestPublish_sendsNothingWhenTheContextIsDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &service{}
	for n := range 2 {
		if err := publisher(t, s, nil).Publish(ctx, events(n)); !errors.Is(err, context.Canceled) || len(s.sent) != 0 {
			t.Errorf("Publish of %d events = %v after %d calls", n, err, len(s.sent))
		}
	}
}

func TestPublish_isAnErrorWhenTheAnswerDoesNotCoverEveryEntry(t *testing.T) {
	s := &service{answer: func(_ int, entries []entry) (int, string, error) { return 200, results(entries[:1], nil), nil }}
	if err := publisher(t, s, nil).Publish(t.Context(), events(2)); err == nil ||
		errors.Is(err, ordermanager.ErrUndeliverable) {
		t.Errorf("Publish = %v", err)
	}
}

// One event that can never be published must not make the others go out again and again.
func TestPublish_saysWhichEventsWereNotAccepted(t *testing.T) {
	all := events(3)
	all[1].Type = ""
	s := &service{answer: func(_ int, entries []entry) (int, string, error) {
		return 200, results(entries, map[string]string{"e2": "MalformedDetail"}), nil
	}}
	all[2].Type = "Other"
	err := publisher(t, s, nil).Publish(t.Context(), all)
	partly, ok := errors.AsType[*ordermanager.PublishError](err)
	if !ok || len(partly.Failed) != 2 || partly.Failed[all[0].ID] != nil ||
		!errors.Is(err, ordermanager.ErrUndeliverable) {
		t.Errorf("Publish = %v", err)
	}
}

func TestPublish_sortsEveryErrorOfAWholeCall(t *testing.T) {
	for _, test := range []struct {
		status   int
		code     string
		never    bool
		requests int
	}{
		{400, "AccessDeniedException", true, 1},
		{400, "ExpiredTokenException", true, 1},
		{400, "UnrecognizedClientException", true, 1},
		{400, "ValidationException", true, 1},
		{400, "ResourceNotFoundException", true, 1},
		{413, "RequestEntityTooLarge", true, 1},
		{400, "ThrottlingException", false, 3},
		{429, "SomethingNew", false, 1},
		{500, "InternalException", false, 3},
		{503, "ServiceUnavailable", false, 3},
		{507, "SomethingNew", false, 1},
	} {
		t.Run(fmt.Sprintf("%s with status %d", test.code, test.status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answer: func(int, []entry) (int, string, error) {
					return test.status, fmt.Sprintf(`{"__type":%q,"message":"why"}`, test.code), nil
				}}
				err := publisher(t, s, nil).Publish(t.Context(), events(1))
				if err == nil || errors.Is(err, ordermanager.ErrUndeliverable) != test.never ||
					!strings.Contains(err.Error(), test.code) {
					t.Errorf("Publish = %v", err)
				}
				if len(s.sent) != test.requests {
					t.Errorf("%d calls, want %d", len(s.sent), test.requests)
				}
			})
		})
	}
	t.Run("a connection that is refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &service{answer: func(int, []entry) (int, string, error) { return 0, "", errors.New("connection refused") }}
			if err := publisher(t, s, nil).Publish(t.Context(), events(1)); err == nil ||
				errors.Is(err, ordermanager.ErrUndeliverable) {
				t.Errorf("Publish = %v", err)
			}
		})
	})
}

// Invariant 8, through a whole life: what the Manager publishes has no token in it.
func TestPublish_neverHasAToken(t *testing.T) {
	s := &service{}
	workflow := memory.NewWorkflow()
	menu := ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Espresso", Icon: "e"}}})
	manager, err := ordermanager.New(
		memory.NewStore(), menu, workflow, &ordermanager.Options{Publisher: publisher(t, s, nil)},
	)
	if err != nil {
		t.Fatal(err)
	}
	first, second := ordermanager.NewTaskToken("first-secret-token"), ordermanager.NewTaskToken("second-secret-token")
	must := func(_ ordermanager.Receipt, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	must(manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{OrderID: "1", Customer: "c", Token: first}))
	must(manager.Put(ctx, ordermanager.Request{
		OrderID: "1", Actor: ordermanager.Customer("c"), Drink: ordermanager.DrinkOrder{Drink: "Espresso"},
	}))
	must(manager.WaitingCompletion(ctx, ordermanager.WaitingCompletion{OrderID: "1", Number: "7", Token: second}))
	for _, act := range []func(context.Context, ordermanager.Request) (ordermanager.Receipt, error){
		manager.Make, manager.Unmake, manager.Make, manager.Complete,
	} {
		must(act(ctx, ordermanager.Request{OrderID: "1", Actor: ordermanager.Barista("b")}))
	}
	var names []string
	for _, entries := range s.sent {
		for _, e := range entries {
			names = append(names, e.DetailType)
			for _, token := range []ordermanager.TaskToken{first, second} {
				if strings.Contains(e.Detail, token.Reveal()) {
					t.Errorf("%s gives a token away: %s", e.DetailType, e.Detail)
				}
			}
		}
	}
	want := []string{
		serverlesspresso.DetailTypeWaitingCompletion, serverlesspresso.DetailTypeMakeOrder,
		serverlesspresso.DetailTypeMakeOrder,
		serverlesspresso.DetailTypeMakeOrder, serverlesspresso.DetailTypeOrderCompleted,
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if len(s.sent) != len(want) {
		t.Errorf("%d calls for %d events", len(s.sent), len(want))
	}
}
