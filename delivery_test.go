package ordermanager_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

var errNetwork = errors.New("the network is down")

// failing returns a hook that fails before (done false) or after (done true) the work of an operation.
func failing(op string, after bool) memory.Hook {
	return func(got, _ string, done bool) error {
		if got == op && done == after {
			return errNetwork
		}
		return nil
	}
}

// Invariant 5: after the write, every way of failing leaves what is owed on record, and a redrive delivers it.
func TestManager_losesNothingWhenADeliveryFails(t *testing.T) {
	tests := []struct {
		name   string
		break_ func(*house)
		resume ordermanager.ResumeStatus
		events ordermanager.EventStatus
		twice  bool // delivered a second time by the redrive
	}{
		{
			"the resumer cannot be reached", func(h *house) { h.resumer.Hook = failing("resume", false) }, "pending",
			"published", false,
		},
		{
			"the resumer's answer is lost", func(h *house) { h.resumer.Hook = failing("resume", true) }, "pending", "published",
			false,
		},
		{
			"the publisher cannot be reached", func(h *house) { h.publisher.Hook = failing("publish", false) }, "delivered",
			"pending", false,
		},
		{
			"the publisher's answer is lost", func(h *house) { h.publisher.Hook = failing("publish", true) }, "delivered",
			"pending", true,
		},
		{"it cannot be settled", func(h *house) { h.store.Hook = failing("settle", false) }, "delivered", "published", true},
		{
			"the settling's answer is lost", func(h *house) { h.store.Hook = failing("settle", true) }, "delivered", "published",
			false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.bring(ordermanager.StateMaking)
			second := h.wait()
			earlier := len(h.publisher.Events())
			tt.break_(h)
			r := h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
			if r.Resume != tt.resume || r.Events != tt.events {
				t.Errorf("the receipt says resume %s, events %s", r.Resume, r.Events)
			}
			if pending := r.Resume == "pending" || r.Events == "pending"; pending != (r.Pending != nil) ||
				pending && !errors.Is(r.Pending, errNetwork) {
				t.Errorf("the receipt says why: %v", r.Pending)
			}
			h.resumer.Hook, h.publisher.Hook, h.store.Hook = nil, nil, nil
			must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
			h.wantOutcome(
				second,
				`{"orderId":"order-1","action":"complete","state":"completed","cancelled":false,`+
					`"baristaUserId":"barista-1","orderNumber":"7"}`,
			)
			events := h.publisher.Events()[earlier:]
			for _, event := range events {
				if event.Type != ordermanager.EventOrderCompleted || event.ID != events[0].ID {
					t.Errorf("published %+v", event)
				}
			}
			if want := map[bool]int{false: 1, true: 2}[tt.twice]; len(events) != want {
				t.Errorf("published %d times, want %d", len(events), want)
			}
			if h.order().Owes() {
				t.Error("something is still owed after the redrive")
			}
			if report := must[ordermanager.RedriveReport](t)(
				h.Redrive(t.Context(), nil),
			); report != (ordermanager.RedriveReport{}) {
				t.Errorf("a second redrive found %+v", report)
			}
		})
	}
}

// Invariant 4: nothing is answered or published for a transition that was not written.
func TestManager_saysNothingBeforeTheWriteIsDurable(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StateMaking)
	second := h.wait()
	earlier := len(h.publisher.Events())
	h.store.Hook = failing("apply", false)
	request := by("complete", ordermanager.Barista(holder))
	request.RequestID = "r"
	if _, err := h.Handle(t.Context(), request); !errors.Is(err, ordermanager.ErrStore) || !errors.Is(err, errNetwork) {
		t.Fatalf("got %v", err)
	}
	if h.outcomes()[second.Reveal()] != "" || len(h.publisher.Events()) != earlier {
		t.Error("something was said about a transition that was not written")
	}
	// The same when the write was applied and only its answer was lost; the repetition then delivers.
	h.store.Hook = failing("apply", true)
	if _, err := h.Handle(t.Context(), request); !errors.Is(err, ordermanager.ErrStore) {
		t.Fatalf("got %v", err)
	}
	if h.outcomes()[second.Reveal()] != "" {
		t.Error("answered although the outcome is unknown")
	}
	h.store.Hook = nil
	if r := h.receipt(h.Handle(t.Context(), request)); !r.Replayed || r.Resume != ordermanager.ResumeDelivered {
		t.Errorf("the repetition got %+v", r)
	}
}

func TestReceipt_saysWhyAWaitIsGone(t *testing.T) {
	t.Run("expired, at the first attempt", func(t *testing.T) {
		h := newHouse(t)
		h.resumer.Expire(h.start())
		r := h.receipt(h.Handle(t.Context(), put()))
		if r.Resume != ordermanager.ResumeGone || r.Gone != ordermanager.GoneExpired || r.Pending != nil {
			t.Errorf("got %+v", r)
		}
		if h.order().Owes() {
			t.Error("a wait that is gone is still owed an answer")
		}
	})
	t.Run("answered before, when an earlier attempt is on record", func(t *testing.T) {
		h := newHouse(t)
		h.start()
		h.resumer.Hook = failing("resume", true)
		request := put()
		request.RequestID = "r"
		h.receipt(h.Handle(t.Context(), request))
		h.resumer.Hook = nil
		r := h.receipt(h.Handle(t.Context(), request))
		if !r.Replayed || r.Resume != ordermanager.ResumeGone || r.Gone != ordermanager.GoneAnswered {
			t.Errorf("got %+v", r)
		}
	})
}

func TestReceipt_ofACancelCoversBothWaits(t *testing.T) {
	h := newHouse(t)
	first := h.start()
	h.resumer.Hook = failing("resume", false)
	h.receipt(h.Handle(t.Context(), put()))
	r := h.receipt(h.Handle(t.Context(), by("cancel", ordermanager.Customer(owner))))
	if r.Resume != ordermanager.ResumePending {
		t.Errorf("got %s", r.Resume)
	}
	h.resumer.Hook = nil
	report := must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	if diff := cmp.Diff(ordermanager.RedriveReport{Orders: 1, Delivered: 1}, report); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// The drink was accepted, and the order is cancelled: the answer says both and contradicts neither.
	h.wantOutcome(first, `{"orderId":"order-1","action":"put","state":"cancelled","cancelled":true}`)
}

func TestReceipt_saysPendingAsLongAsOneOfTwoAnswersIs(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StateMaking)
	second := h.wait()
	restarted := h.resumer.Issue()
	h.resumer.Hook = func(_, fingerprint string, _ bool) error {
		return errIf(fingerprint == restarted.Fingerprint(), "refused")
	}
	h.receipt(h.WorkflowStarted(t.Context(), started(restarted, h.now.Add(time.Hour))))
	r := h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
	if r.Resume != ordermanager.ResumePending || h.outcomes()[second.Reveal()] == "" || !r.Order.Owes() {
		t.Errorf("got %+v", r)
	}
}

func TestReceipt_saysGoneOnlyOfWhatIsGone(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StateMaking)
	second, restarted := h.wait(), h.resumer.Issue()
	h.resumer.Hook = failing("resume", false)
	h.receipt(h.WorkflowStarted(t.Context(), started(restarted, h.now.Add(time.Hour))))
	h.resumer.Expire(restarted)
	h.resumer.Hook = func(_, fingerprint string, _ bool) error {
		return errIf(fingerprint == second.Fingerprint(), "refused")
	}
	r := h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
	if r.Resume != ordermanager.ResumePending || r.Gone != "" {
		t.Errorf("got resume %s, gone %q", r.Resume, r.Gone)
	}
}

func TestManager_deliversAlthoughTheCallerHasGone(t *testing.T) {
	h := newHouse(t)
	first := h.start()
	ctx, cancel := context.WithCancel(t.Context())
	h.store.Hook = func(op, _ string, done bool) error {
		if op == "apply" && done {
			cancel()
		}
		return nil
	}
	if r := h.receipt(h.Handle(ctx, put())); r.Resume != ordermanager.ResumeDelivered {
		t.Errorf("got %+v", r)
	}
	if h.outcomes()[first.Reveal()] == "" || h.order().Owes() {
		t.Error("the caller's cancellation stopped the delivery")
	}
}

func TestManager_boundsTheTimeOfADelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, stuck := memory.NewStore(), stuckResumer{}
		manager := must[*ordermanager.Manager](t)(ordermanager.New(
			store, coffeeMenu, stuck, &ordermanager.Options{DeliveryTimeout: 3 * time.Second},
		))
		must[ordermanager.Receipt](t)(manager.WorkflowStarted(
			t.Context(), started(ordermanager.NewTaskToken("t"), time.Time{}),
		))
		begin := time.Now()
		r := must[ordermanager.Receipt](t)(manager.Put(t.Context(), put()))
		if took := time.Since(begin); took != 3*time.Second || r.Resume != ordermanager.ResumePending ||
			!errors.Is(r.Pending, context.DeadlineExceeded) {
			t.Errorf("took %v: %+v", took, r)
		}
	})
}

type stuckResumer struct{}

func (stuckResumer) Resume(
	ctx context.Context, _ ordermanager.TaskToken, _ ordermanager.Outcome,
) (ordermanager.Answer, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

func TestManager_doesNotTrustAResumerThatAnswersNonsense(t *testing.T) {
	manager := must[*ordermanager.Manager](t)(ordermanager.New(memory.NewStore(), coffeeMenu, nonsense{}, nil))
	must[ordermanager.Receipt](t)(manager.WorkflowStarted(
		t.Context(), started(ordermanager.NewTaskToken("t"), time.Time{}),
	))
	if r := must[ordermanager.Receipt](t)(manager.Put(t.Context(), put())); r.Resume != ordermanager.ResumePending ||
		!r.Order.Owes() {
		t.Errorf("got %+v", r)
	}
}

type nonsense struct{}

func (nonsense) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	return "", nil
}

func TestEvents_sayWhatHappenedEvenWhenTheyAreLate(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StatePending)
	h.publisher.Hook = failing("publish", false)
	h.wait()
	h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista(holder))))
	h.receipt(h.Handle(t.Context(), by("unmake", ordermanager.Barista(holder))))
	h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista("barista-2"))))
	cancel := by("cancel", ordermanager.Customer(owner))
	cancel.Reason = "too slow"
	h.receipt(h.Handle(t.Context(), cancel))
	h.publisher.Hook = nil
	must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	var got []string
	ids := map[string]bool{}
	for _, e := range h.publisher.Events() {
		got = append(
			got, fmt.Sprintf("%s v%d %s %q %q %s %s", e.Type, e.Version, e.State, e.Barista, e.Reason, e.Number, e.Drink.Name),
		)
		ids[e.ID] = true
	}
	want := []string{
		`WaitingCompletion v3 pending "" "" 7 Latte`, `MakeOrder v4 making "barista-1" "" 7 Latte`,
		`MakeOrder v5 pending "" "" 7 Latte`,
		`MakeOrder v6 making "barista-2" "" 7 Latte`, `OrderCancelled v7 cancelled "" "too slow" 7 Latte`,
	}
	if diff := cmp.Diff(want, got); diff != "" || len(ids) != len(want) {
		t.Errorf("%d ids, -want +got:\n%s", len(ids), diff)
	}
}

func TestManager_withoutAPublisherOwesNoEvents(t *testing.T) {
	h := newHouse(t, func(o *ordermanager.Options) { o.Publisher = nil })
	h.bring(ordermanager.StateMaking)
	if o := h.stored(); len(o.OwedEvents) != 0 || o.Owes() {
		t.Errorf("owed: %v", o.OwedEvents)
	}
}

func TestRedrive_keepsEventsForAManagerThatHasAPublisher(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StatePending)
	h.publisher.Hook = failing("publish", false)
	h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista(holder))))
	mute := must[*ordermanager.Manager](t)(ordermanager.New(h.store, coffeeMenu, h.resumer, nil))
	report := must[ordermanager.RedriveReport](t)(mute.Redrive(t.Context(), nil))
	if diff := cmp.Diff(ordermanager.RedriveReport{Orders: 1, Pending: 1}, report); diff != "" || !h.order().Owes() {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRedrive_dryRunDeliversNothing(t *testing.T) {
	h := newHouse(t)
	h.start()
	h.resumer.Hook = failing("resume", false)
	h.receipt(h.Handle(t.Context(), put()))
	h.resumer.Hook = nil
	var visited []ordermanager.Receipt
	report := must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), &ordermanager.RedriveOptions{
		DryRun: true, Visited: func(r ordermanager.Receipt) { visited = append(visited, r) },
	}))
	if diff := cmp.Diff(ordermanager.RedriveReport{Orders: 1, Pending: 1}, report); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(visited) != 1 || visited[0].Resume != ordermanager.ResumePending || visited[0].Order.ID != order {
		t.Errorf("visited %+v", visited)
	}
	if len(h.resumer.Answered()) != 0 || !h.order().Owes() {
		t.Error("the dry run did something")
	}
}

func TestRedrive_goesOnAfterAnOrderThatCannotBeDelivered(t *testing.T) {
	h := newHouse(t)
	h.resumer.Hook = failing("resume", false)
	poison := ""
	for i := range 5 {
		token := h.resumer.Issue()
		if i == 2 {
			poison = token.Fingerprint()
		}
		id := fmt.Sprint("order-", i)
		h.receipt(h.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{OrderID: id, Customer: owner, Token: token}))
		request := put()
		request.OrderID = id
		h.receipt(h.Handle(t.Context(), request))
	}
	h.resumer.Hook = func(_, fingerprint string, _ bool) error { return errIf(fingerprint == poison, "refused") }
	report := must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	if diff := cmp.Diff(ordermanager.RedriveReport{Orders: 5, Delivered: 4, Pending: 1}, report); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRedrive_countsWhatWasGone(t *testing.T) {
	h := newHouse(t)
	h.start()
	h.resumer.Hook = failing("resume", true)
	h.receipt(h.Handle(t.Context(), put()))
	h.resumer.Hook = nil
	report := must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	if diff := cmp.Diff(ordermanager.RedriveReport{Orders: 1, Gone: 1}, report); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRedrive_reportsAStoreThatFails(t *testing.T) {
	for _, op := range []string{"list", "get"} {
		h := newHouse(t)
		h.start()
		h.resumer.Hook = failing("resume", false)
		h.receipt(h.Handle(t.Context(), put()))
		h.store.Hook = failing(op, false)
		if _, err := h.Redrive(t.Context(), nil); !errors.Is(err, ordermanager.ErrStore) || !errors.Is(err, errNetwork) {
			t.Errorf("%s: got %v", op, err)
		}
	}
}

func TestRedrive_goesOnAfterAnOrderThatCannotBeRead(t *testing.T) {
	h := newHouse(t)
	h.resumer.Hook = failing("resume", false)
	for i := range 3 {
		id := fmt.Sprint("order-", i)
		h.startAt(id, "")
		request := put()
		request.OrderID = id
		h.receipt(h.Handle(t.Context(), request))
	}
	h.resumer.Hook = nil
	h.store.Hook = func(op, key string, _ bool) error { return errIf(op == "get" && key == "order-0", "mangled") }
	report, err := h.Redrive(t.Context(), nil)
	if diff := cmp.Diff(ordermanager.RedriveReport{Orders: 2, Delivered: 2, Pending: 1}, report); diff != "" ||
		!errors.Is(err, ordermanager.ErrStore) {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestRedrive_takesOffTheListingWhatOwesNothing(t *testing.T) {
	for state, ended := range map[ordermanager.State]ordermanager.State{
		ordermanager.StatePending: "", ordermanager.StateMaking: "",
		ordermanager.StateCompleted: ordermanager.StateCompleted, ordermanager.StateCancelled: ordermanager.StateCancelled,
	} {
		h := newHouse(t)
		h.bring(state)
		store := &lagging{Store: h.store, listed: h.stored()}
		manager := must[*ordermanager.Manager](t)(ordermanager.New(store, coffeeMenu, h.resumer, nil))
		report := must[ordermanager.RedriveReport](t)(manager.Redrive(t.Context(), nil))
		if report != (ordermanager.RedriveReport{}) {
			t.Errorf("%s: got %+v", state, report)
		}
		want := []ordermanager.Settlement{{OrderID: order, Version: store.listed.Version, Everything: true, Ended: ended}}
		if diff := cmp.Diff(want, store.settled); diff != "" {
			t.Errorf("%s: -want +got:\n%s", state, diff)
		}
	}
}

// lagging lists an order that owes nothing any more.
type lagging struct {
	ordermanager.Store
	listed  *ordermanager.Order
	settled []ordermanager.Settlement
}

func (l *lagging) List(context.Context, ordermanager.Query) (ordermanager.Page, error) {
	return ordermanager.Page{Orders: []*ordermanager.Order{l.listed}}, nil
}

func (l *lagging) Settle(_ context.Context, s ordermanager.Settlement) error {
	l.settled = append(l.settled, s)
	return nil
}

// Invariant 8: warnings name the order and the error, and never a token.
func TestLogger_isToldWhatIsPendingAndNoToken(t *testing.T) {
	var log bytes.Buffer
	h := newHouse(t, func(o *ordermanager.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	token := h.start()
	h.resumer.Hook = failing("resume", false)
	h.receipt(h.Handle(t.Context(), put()))
	h.resumer.Hook, h.store.Hook = nil, failing("settle", false)
	must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	h.store.Hook, h.publisher.Hook = nil, failing("publish", false)
	h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista(holder))))
	for _, want := range []string{
		"resume pending", "delivered but not settled", "events pending", order, errNetwork.Error(),
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), token.Reveal()) {
		t.Error("the log gives the token away")
	}
}

func TestOutcome_isCheckedAgainstTheLimits(t *testing.T) {
	big := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name  string
		give  ordermanager.Outcome
		valid bool
	}{
		{"a success", ordermanager.Outcome{Output: []byte(`{}`)}, true},
		{"the largest success", ordermanager.Outcome{Output: []byte(`"` + big(ordermanager.MaxOutputBytes-2) + `"`)}, true},
		{"a larger success", ordermanager.Outcome{Output: []byte(`"` + big(ordermanager.MaxOutputBytes-1) + `"`)}, false},
		{"no JSON", ordermanager.Outcome{Output: []byte(`{`)}, false},
		{"nothing", ordermanager.Outcome{}, false},
		{"a failure", ordermanager.Outcome{Error: "E", Cause: "because"}, true},
		{
			"the largest failure",
			ordermanager.Outcome{Error: big(ordermanager.MaxErrorBytes), Cause: big(ordermanager.MaxCauseBytes)}, true,
		},
		{"a longer error", ordermanager.Outcome{Error: big(ordermanager.MaxErrorBytes + 1)}, false},
		{"a longer cause", ordermanager.Outcome{Error: "E", Cause: big(ordermanager.MaxCauseBytes + 1)}, false},
		{"both", ordermanager.Outcome{Error: "E", Output: []byte(`{}`)}, false},
	}
	for _, tt := range tests {
		if err := tt.give.Validate(); (err == nil) != tt.valid ||
			err != nil && !errors.Is(err, ordermanager.ErrInvalidRequest) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// A store may list what is owed in any order; what happened is told in the order in which it happened.
func TestEvents_arePublishedInTheOrderOfTheHistory(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StatePending)
	h.publisher.Hook = failing("publish", false)
	for range 3 {
		h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista(holder))))
		h.receipt(h.Handle(t.Context(), by("unmake", ordermanager.Barista(holder))))
	}
	h.publisher.Hook = nil
	shuffled := must[*ordermanager.Manager](t)(ordermanager.New(
		reversed{h.store}, coffeeMenu, h.resumer, &ordermanager.Options{Publisher: h.publisher},
	))
	must[ordermanager.RedriveReport](t)(shuffled.Redrive(t.Context(), nil))
	var versions []int
	for _, event := range h.publisher.Events() {
		versions = append(versions, event.Version)
	}
	if diff := cmp.Diff([]int{3, 4, 5, 6, 7, 8}, versions); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

type reversed struct{ ordermanager.Store }

func (r reversed) Get(ctx context.Context, id string) (*ordermanager.Order, error) {
	o, err := r.Store.Get(ctx, id)
	slices.Reverse(o.OwedEvents)
	return o, err
}

func TestDefaultOutcome_isTheJSONOfItsType(t *testing.T) {
	for _, text := range []string{"", "plain", `"quoted" \`, "<a href='&'>", "café", "\u2028", "tab\t", "\xff"} {
		order := ordermanager.Order{
			ID: "order " + text, State: ordermanager.State(text), Barista: text, Number: text, Reason: text,
			SecondWait: ordermanager.WaitSlot{Decision: ordermanager.Cancelled},
		}
		outcome, err := ordermanager.DefaultOutcome(ordermanager.Decided{
			Order: order, Wait: ordermanager.FirstWait, Decision: ordermanager.Done,
			By: ordermanager.Entry{Action: ordermanager.Action(text)},
		})
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(ordermanager.WorkflowOutput{
			OrderID: order.ID, Action: ordermanager.Action(text), State: order.State, Cancelled: true,
			BaristaUserID: text, OrderNumber: text, Reason: text,
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(outcome.Output)); diff != "" {
			t.Errorf("%q, -want +got:\n%s", text, diff)
		}
	}
}
