package ordermanager_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

func TestManager_takesAnOrderThroughItsWholeLife(t *testing.T) {
	h := newHouse(t)
	first := h.start()
	if r := h.receipt(h.Put(t.Context(), put())); r.Resume != ordermanager.ResumeDelivered ||
		r.Order.State != ordermanager.StatePending {
		t.Errorf("put: %+v", r)
	}
	h.wantOutcome(first, `{"orderId":"order-1","action":"put","state":"pending","cancelled":false}`)
	second := h.wait()
	if r := h.receipt(h.Make(t.Context(), by("", ordermanager.Barista(holder)))); r.Resume != ordermanager.ResumeNone ||
		r.Order.Barista != holder {
		t.Errorf("make: %+v", r)
	}
	if r := h.receipt(h.Unmake(t.Context(), by("", ordermanager.Barista(holder)))); r.Order.Barista != "" ||
		r.Order.State != ordermanager.StatePending {
		t.Errorf("unmake: %+v", r)
	}
	h.receipt(h.Make(t.Context(), by("", ordermanager.Barista(holder))))
	if r := h.receipt(h.Complete(
		t.Context(), by("", ordermanager.Barista(holder)),
	)); r.Resume != ordermanager.ResumeDelivered || r.Events != ordermanager.EventsPublished {
		t.Errorf("complete: %+v", r)
	}
	h.wantOutcome(
		second,
		`{"orderId":"order-1","action":"complete","state":"completed","cancelled":false,`+
			`"baristaUserId":"barista-1","orderNumber":"7"}`,
	)

	want := view.Order{
		OrderID: order, State: "completed", UserID: owner, OrderNumber: "7", BaristaUserID: holder,
		Drink: "Latte", Modifiers: []string{"Oat"}, Icon: "latte", Version: 7,
	}
	o := h.order()
	if diff := cmp.Diff(want, view.OrderOf(&o)); diff != "" {
		t.Errorf("the order at the end (-want +got):\n%s", diff)
	}
	var path []string
	for i, entry := range o.History {
		path = append(path, fmt.Sprintf("%s %s>%s %s", entry.Action, entry.From, entry.To, entry.Actor.ID))
		if i > 0 && !entry.At.After(o.History[i-1].At) {
			t.Errorf("entry %d is not later than the one before", i)
		}
	}
	wantPath := []string{
		"workflow_started >pending workflow", "put pending>pending customer-1", "waiting_completion pending>pending workflow",
		"make pending>making barista-1", "unmake making>pending barista-1", "make pending>making barista-1",
		"complete making>completed barista-1",
	}
	if diff := cmp.Diff(wantPath, path); diff != "" {
		t.Errorf("the history (-want +got):\n%s", diff)
	}
	if o.Owes() {
		t.Error("the order owes something at the end")
	}
}

// Invariants 1, 7 and 9, exhaustively: every action by every role in every state. The expectation is written out by
// hand from the design, not derived from the code under test.
func TestManager_allowsExactlyWhatTheDesignSays(t *testing.T) {
	const ok, again = "", "again"
	illegal, notOwner, claimed := "illegal_transition", "not_owner", "claimed"
	forbidden, notReady, accepted := "forbidden", "not_ready", "drink_accepted"
	states := []ordermanager.State{
		stateNew, ordermanager.StatePending, ordermanager.StateMaking, ordermanager.StateCompleted,
		ordermanager.StateCancelled,
	}
	customer, another := ordermanager.Customer(owner), ordermanager.Customer(stranger)
	claimant, other := ordermanager.Barista(holder), ordermanager.Barista("barista-2")
	admin, system := ordermanager.Admin("admin-1"), ordermanager.System("cron")
	all := func(code string) []string { return []string{code, code, code, code, code} }
	tests := []struct {
		action ordermanager.Action
		actor  ordermanager.Actor
		want   []string // by state: new, pending, making, completed, cancelled
	}{
		{"put", customer, []string{ok, accepted, illegal, illegal, illegal}},
		{"put", another, all(notOwner)},
		{"put", claimant, all(forbidden)},
		{"put", admin, all(forbidden)},
		{"put", system, all(forbidden)},
		{"make", customer, all(forbidden)},
		{"make", another, all(forbidden)},
		{"make", claimant, []string{notReady, ok, again, illegal, illegal}},
		{"make", other, []string{notReady, ok, claimed, illegal, illegal}},
		{"make", admin, []string{notReady, ok, illegal, illegal, illegal}},
		{"make", system, all(forbidden)},
		{"unmake", customer, all(forbidden)},
		{"unmake", claimant, []string{illegal, illegal, ok, illegal, illegal}},
		{"unmake", other, []string{illegal, illegal, claimed, illegal, illegal}},
		{"unmake", admin, []string{illegal, illegal, ok, illegal, illegal}},
		{"unmake", system, all(forbidden)},
		{"complete", customer, all(forbidden)},
		{"complete", claimant, []string{illegal, illegal, ok, illegal, illegal}},
		{"complete", other, []string{illegal, illegal, claimed, illegal, illegal}},
		{"complete", admin, []string{illegal, illegal, ok, illegal, illegal}},
		{"complete", system, all(forbidden)},
		{"cancel", customer, []string{ok, ok, ok, illegal, illegal}},
		{"cancel", another, all(notOwner)},
		{"cancel", claimant, []string{ok, ok, ok, illegal, illegal}},
		{"cancel", other, []string{ok, ok, claimed, illegal, illegal}},
		{"cancel", admin, []string{ok, ok, ok, illegal, illegal}},
		{"cancel", system, []string{ok, ok, ok, illegal, illegal}},
	}
	var written []ordermanager.Action
	for _, tt := range tests {
		if !slices.Contains(written, tt.action) {
			written = append(written, tt.action)
		}
	}
	// An action that the table has besides would go untested.
	table := ordermanager.StandardLifecycle()
	if diff := cmp.Diff(written, table.Actions()); diff != "" {
		t.Errorf("the actions of the table (-written +got):\n%s", diff)
	}
	if diff := cmp.Diff(table.Actions(), ordermanager.Actions()); diff != "" {
		t.Errorf("Actions (-table +got):\n%s", diff)
	}
	for _, tt := range tests {
		for i, state := range states {
			t.Run(fmt.Sprintf("%s by %s %s when %s", tt.action, tt.actor.Role, tt.actor.ID, state), func(t *testing.T) {
				h := newHouse(t)
				h.bring(state)
				request := by(tt.action, tt.actor)
				if tt.action == "put" {
					request.Drink = latte
				}
				explained := must[ordermanager.Explanation](t)(h.Explain(t.Context(), request))
				before := h.stored()
				receipt, err := h.Handle(t.Context(), request)
				if tt.want[i] == again { // who holds the order has what they ask for
					if err != nil || !receipt.Replayed || explained.Allowed {
						t.Errorf("got %+v, %v, explained as %+v", receipt, err, explained)
					}
					return
				}
				if got := string(ordermanager.CodeOf(err)); got != tt.want[i] {
					t.Fatalf("got %q (%v), want %q", got, err, tt.want[i])
				}
				if explained.Allowed != (err == nil) || err != nil && string(explained.Reasons[0].Code) != tt.want[i] {
					t.Errorf("the explanation was %+v", explained)
				}
				if err == nil {
					if receipt.Order.Version != before.Version+1 {
						t.Errorf("version %d follows %d", receipt.Order.Version, before.Version)
					}
					return
				}
				if diff := cmp.Diff(before, h.stored()); diff != "" {
					t.Errorf("a refusal changed the order:\n%s", diff)
				}
			})
		}
	}
}

func TestManager_serverlesspressoRobotCompletesWithoutClaiming(t *testing.T) {
	h := newHouse(t, func(o *ordermanager.Options) { o.Lifecycle = ordermanager.ServerlesspressoLifecycle() })
	h.start()
	h.refusesAction(ordermanager.ErrNotReady, by("complete", ordermanager.Barista("robot")))
	h.receipt(h.Handle(t.Context(), put()))
	second := h.wait()
	r := h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista("robot"))))
	if r.Order.State != ordermanager.StateCompleted || r.Order.Barista != "robot" {
		t.Errorf("got %+v", r.Order)
	}
	h.wantOutcome(
		second,
		`{"orderId":"order-1","action":"complete","state":"completed","cancelled":false,`+
			`"baristaUserId":"robot","orderNumber":"7"}`,
	)
}

// Invariant 2.
func TestManager_letsOneOfManyRacingBaristasWin(t *testing.T) {
	for range 50 {
		h := newHouse(t, func(o *ordermanager.Options) { o.Now = nil })
		h.bring(ordermanager.StatePending)
		const racers = 16
		errs := make([]error, racers)
		var wg sync.WaitGroup
		for i := range racers {
			wg.Go(func() {
				_, errs[i] = h.Handle(t.Context(), by("make", ordermanager.Barista(fmt.Sprint("barista-", i))))
			})
		}
		wg.Wait()
		winner, winners := h.order().Barista, 0
		for i, err := range errs {
			if err == nil {
				winners++
				if winner != fmt.Sprint("barista-", i) {
					t.Errorf("barista-%d was told that it won, the order says %s", i, winner)
				}
				continue
			}
			refusal, ok := errors.AsType[*ordermanager.TransitionError](err)
			if !ok || !errors.Is(err, ordermanager.ErrClaimed) || refusal.Order.Barista != winner {
				t.Errorf("a loser did not learn who won: %v", err)
			}
		}
		if winners != 1 {
			t.Fatalf("%d baristas won", winners)
		}
	}
}

// Invariant 6.
func TestManager_appliesARequestOnceHoweverOftenItIsRepeated(t *testing.T) {
	steps := []ordermanager.Request{
		put(), by("make", ordermanager.Barista(holder)), by("unmake", ordermanager.Barista(holder)),
		by("make", ordermanager.Barista(holder)), by("complete", ordermanager.Barista(holder)),
	}
	h := newHouse(t)
	h.start()
	for i := range steps {
		steps[i].RequestID = fmt.Sprint("request-", i)
		first := h.receipt(h.Handle(t.Context(), steps[i]))
		if first.Replayed {
			t.Errorf("%s was called a repetition", steps[i].Action)
		}
		for j := range i + 1 { // this one again, and every earlier one, whatever the state is now
			again := h.receipt(h.Handle(t.Context(), steps[j]))
			if !again.Replayed || again.Order.Version != first.Order.Version {
				t.Errorf(
					"%s repeated after %s: replayed %v, version %d", steps[j].Action, steps[i].Action, again.Replayed,
					again.Order.Version,
				)
			}
		}
	}
	if n := len(h.resumer.Answered()); n != 1 { // the second wait never began
		t.Errorf("the workflow was answered %d times", n)
	}
}

func TestManager_refusesAReusedRequestID(t *testing.T) {
	h := newHouse(t)
	h.start()
	request := put()
	request.RequestID = "r"
	h.receipt(h.Handle(t.Context(), request))
	other := request
	other.Drink = ordermanager.DrinkOrder{Drink: "Cappuccino"}
	h.refusesAction(ordermanager.ErrRequestReused, other)
	other = by("cancel", ordermanager.Customer(owner))
	other.RequestID = "r"
	h.refusesAction(ordermanager.ErrRequestReused, other)
	h.receipt(h.Handle(t.Context(), by("cancel", ordermanager.Customer(owner))))
	reason := by("cancel", ordermanager.Customer(owner))
	reason.RequestID = h.order().History[2].RequestID
	reason.Reason = "another reason"
	h.refusesAction(ordermanager.ErrRequestReused, reason)
}

// Invariant 6: clients that count from 1 do not get in each other's way, and each one's repetition is recognised.
func TestManager_keepsTheRequestIDsOfTwoActorsApart(t *testing.T) {
	h := newHouse(t)
	h.start()
	one := func(r ordermanager.Request) ordermanager.Request { r.RequestID = "1"; return r }
	claim := one(by("make", ordermanager.Barista(holder)))
	h.receipt(h.Handle(t.Context(), one(put())))
	if r := h.receipt(h.Handle(t.Context(), claim)); r.Replayed {
		t.Error("the claim was taken for the put")
	}
	before := h.stored()
	for _, request := range []ordermanager.Request{one(put()), claim} {
		if r := h.receipt(h.Handle(t.Context(), request)); !r.Replayed {
			t.Errorf("the repetition of %s was applied", request.Action)
		}
	}
	if diff := cmp.Diff(before, h.stored()); diff != "" {
		t.Error(diff)
	}
	other := one(by("unmake", ordermanager.Barista(holder)))
	h.refusesAction(ordermanager.ErrRequestReused, other)
}

// A list of modifiers is a set: a client that sends it in another order repeats itself.
func TestManager_recognisesTheSameDrinkInAnotherOrder(t *testing.T) {
	h := newHouse(t)
	h.start()
	request := put()
	request.RequestID = "r"
	request.Drink = ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat", "Large"}}
	h.receipt(h.Handle(t.Context(), request))
	h.receipt(h.Handle(t.Context(), request))
	request.Drink.Modifiers = []string{"Large", "Oat"}
	if r := h.receipt(h.Handle(t.Context(), request)); !r.Replayed {
		t.Error("it was not recognised")
	}
}

// Somebody else's repetition of a request id must neither succeed nor tell about the order.
func TestManager_doesNotReplayForSomebodyElse(t *testing.T) {
	h := newHouse(t)
	h.start()
	request := put()
	request.RequestID = "r"
	h.receipt(h.Handle(t.Context(), request))
	request.Actor = ordermanager.Customer(stranger)
	err := h.refusesAction(ordermanager.ErrNotOwner, request)
	if refusal, _ := errors.AsType[*ordermanager.TransitionError](err); refusal.Order != nil || refusal.State != "" {
		t.Errorf("a stranger learned %+v", refusal)
	}
}

func TestManager_repeatsAPutThatTheMenuWouldRefuseToday(t *testing.T) {
	menu := &changingMenu{ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}}}
	h := newHouse(t)
	manager := must[*ordermanager.Manager](t)(ordermanager.New(h.store, menu, h.resumer, nil))
	h.start()
	request := ordermanager.Request{
		OrderID: order, Actor: ordermanager.Customer(owner), Drink: ordermanager.DrinkOrder{Drink: "Latte"}, RequestID: "r",
	}
	h.receipt(manager.Put(t.Context(), request))
	menu.menu.Items = []ordermanager.MenuItem{{Drink: "Tea"}}
	if r := h.receipt(manager.Put(t.Context(), request)); !r.Replayed {
		t.Error("not called a repetition")
	}
	h.store.Hook = failing("get", false) // it cannot be found out whether this put was accepted
	if _, err := manager.Put(t.Context(), request); !errors.Is(err, ordermanager.ErrStore) {
		t.Errorf("an unknown outcome was called %v", err)
	}
	h.store.Hook = nil
	another := request
	another.Actor = ordermanager.Customer(stranger)
	if _, err := manager.Put(t.Context(), another); !errors.Is(err, ordermanager.ErrInvalidOrder) ||
		view.ProblemOf(err).Order != nil {
		t.Errorf("a stranger got %v and the order %v", err, view.ProblemOf(err).Order)
	}
	request.RequestID = "another"
	if _, err := manager.Put(t.Context(), request); !errors.Is(err, ordermanager.ErrInvalidOrder) {
		t.Errorf("a new put got %v", err)
	}
	request.RequestID, request.Reason = "r", "another"
	if _, err := manager.Put(t.Context(), request); !errors.Is(err, ordermanager.ErrInvalidOrder) {
		t.Errorf("another reason under the same request id got %v", err)
	}
	request.Reason, request.Drink.Modifiers = "", []string{"Oat"}
	if _, err := manager.Put(t.Context(), request); !errors.Is(err, ordermanager.ErrInvalidOrder) {
		t.Errorf("another drink under the same request id got %v", err)
	}
}

type changingMenu struct{ menu ordermanager.Menu }

func (m *changingMenu) Menu(context.Context, string) (*ordermanager.Menu, error) { return &m.menu, nil }

// Invariant 9.
func TestManager_refusesBadInputAndWritesNothing(t *testing.T) {
	long := strings.Repeat("x", ordermanager.MaxReasonBytes+1)
	change := func(do func(*ordermanager.Request)) ordermanager.Request {
		request := put()
		do(&request)
		return request
	}
	tests := []struct {
		name    string
		request ordermanager.Request
		want    error
		field   string
	}{
		{"unknown action", by("brew", ordermanager.Barista(holder)), ordermanager.ErrUnknownAction, ""},
		{"a notification is not an action", by("timed_out", ordermanager.System("x")), ordermanager.ErrUnknownAction, ""},
		{"no order", change(func(r *ordermanager.Request) { r.OrderID = "" }), ordermanager.ErrInvalidRequest, "orderId"},
		{
			"over-long order", change(func(r *ordermanager.Request) { r.OrderID = long }), ordermanager.ErrInvalidRequest,
			"orderId",
		},
		{
			"control character", change(func(r *ordermanager.Request) { r.OrderID = "a\nb" }), ordermanager.ErrInvalidRequest,
			"orderId",
		},
		{
			"broken text", change(func(r *ordermanager.Request) { r.OrderID = "a\xffb" }), ordermanager.ErrInvalidRequest,
			"orderId",
		},
		{
			"no customer", change(func(r *ordermanager.Request) { r.Actor.ID = "" }), ordermanager.ErrInvalidRequest,
			"body.userId",
		},
		{"no barista", by("make", ordermanager.Barista("")), ordermanager.ErrInvalidRequest, "baristaUserId"},
		{"no actor", by("make", ordermanager.Actor{}), ordermanager.ErrInvalidRequest, "actor"},
		{
			"over-long venue", change(func(r *ordermanager.Request) { r.Venue = long }), ordermanager.ErrInvalidRequest,
			"eventId",
		},
		{
			"over-long request id", change(func(r *ordermanager.Request) { r.RequestID = long }), ordermanager.ErrInvalidRequest,
			"requestId",
		},
		{
			"request id of another actor's kind", change(func(r *ordermanager.Request) { r.RequestID = "scope:x" }),
			ordermanager.ErrInvalidRequest, "requestId",
		},
		{
			"reserved request id", change(func(r *ordermanager.Request) { r.RequestID = "token:x" }),
			ordermanager.ErrInvalidRequest, "requestId",
		},
		{
			"unknown order", change(func(r *ordermanager.Request) { r.OrderID = "nobody's" }), ordermanager.ErrOrderNotFound, "",
		},
		{
			"another venue", change(func(r *ordermanager.Request) { r.OrderID, r.Venue = "at the hall", "NYC" }),
			ordermanager.ErrWrongVenue, "",
		},
		{"no venue", change(func(r *ordermanager.Request) { r.OrderID = "at the hall" }), ordermanager.ErrWrongVenue, ""},
		{
			"not on the menu", change(func(r *ordermanager.Request) { r.Drink.Drink = "milkshake" }),
			ordermanager.ErrInvalidOrder, "",
		},
		{
			"no drink", change(func(r *ordermanager.Request) { r.Drink = ordermanager.DrinkOrder{} }),
			ordermanager.ErrInvalidOrder, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			h.start()
			h.startAt("at the hall", "hall")
			err := h.refusesAction(tt.want, tt.request)
			if tt.field != "" {
				if bad, ok := errors.AsType[*ordermanager.RequestError](err); !ok || bad.Field != tt.field {
					t.Errorf("%v does not name the field %s", err, tt.field)
				}
			}
			if _, explained := h.Explain(t.Context(), tt.request); tt.field != "" && explained.Error() != err.Error() {
				t.Errorf("explained as %v, refused as %v", explained, err)
			}
		})
	}
}

func TestManager_refusesADoneContext(t *testing.T) {
	h := newHouse(t)
	h.start()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the shop burnt down")
	cancel(cause)
	for name, attempt := range map[string]func() error{
		"action":           func() error { _, err := h.Handle(ctx, put()); return err },
		"explain":          func() error { _, err := h.Explain(ctx, put()); return err },
		"workflow started": func() error { _, err := h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{}); return err },
		"waiting completion": func() error {
			_, err := h.WaitingCompletion(
				ctx, ordermanager.WaitingCompletion{},
			)
			return err
		},
		"timed out": func() error { _, err := h.TimedOut(ctx, ordermanager.TimedOut{}); return err },
		"redrive":   func() error { _, err := h.Redrive(ctx, nil); return err },
	} {
		err := h.refuses(ordermanager.ErrContextDone, func(context.Context) error { return attempt() })
		if !errors.Is(err, cause) {
			t.Errorf("%s: %v does not say why", name, err)
		}
	}
}

func TestManager_aPolicyOfOnesOwnDecides(t *testing.T) {
	h := newHouse(t, func(o *ordermanager.Options) {
		o.Policy = func(action ordermanager.Action, actor ordermanager.Actor) ordermanager.Permission {
			return ordermanager.Permission{Allowed: action == "put" || actor.ID == "chef"}
		}
	})
	h.start()
	request := put()
	request.Actor = ordermanager.Customer(stranger) // this policy lets anybody choose
	h.receipt(h.Handle(t.Context(), request))
	h.refusesAction(ordermanager.ErrForbidden, by("make", ordermanager.Barista(holder)))
	h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista("chef"))))
}

// A table of one's own may have loops without a claim. An order that went round one for ever could end too large to be
// written, and so could not be ended.
func TestManager_stopsLoopsBeforeAHistoryGrowsForEver(t *testing.T) {
	customers, baristas := []ordermanager.Role{"customer"}, []ordermanager.Role{"barista", "admin"}
	open := []ordermanager.State{"pending", "making", "waiting", "paused"}
	table := ordermanager.StandardLifecycle().
		WithStates(ordermanager.StateRule{State: "waiting"}, ordermanager.StateRule{State: "paused"}).
		With(
			// Whoever waits must come back to end the order, so it is the way there that has the limit.
			ordermanager.Rule{Action: "back", From: []ordermanager.State{"waiting"}, To: "pending", By: customers},
			ordermanager.Rule{Action: "wait", From: []ordermanager.State{"pending"}, To: "waiting", By: customers},
			ordermanager.Rule{Action: "pause", From: []ordermanager.State{"making"}, To: "paused", By: baristas},
			ordermanager.Rule{Action: "go_on", From: []ordermanager.State{"paused"}, To: "making", By: baristas},
			ordermanager.Rule{Action: "remind", From: []ordermanager.State{"making"}, To: "making", By: baristas},
			ordermanager.Rule{Action: "rate", From: []ordermanager.State{"completed"}, To: "completed", By: customers},
			ordermanager.Rule{Action: ordermanager.ActionTimedOut, From: open, To: "cancelled"},
		)
	customer, barista := ordermanager.Customer(owner), ordermanager.Barista(holder)
	for _, tt := range []struct {
		state ordermanager.State
		loop  []ordermanager.Action
		actor ordermanager.Actor
		end   ordermanager.Action // that is still possible
	}{
		{"pending", []ordermanager.Action{"wait", "back"}, customer, "cancel"},
		{"making", []ordermanager.Action{"pause", "go_on"}, barista, "complete"},
		{"making", []ordermanager.Action{"remind"}, barista, "complete"},
		{"completed", []ordermanager.Action{"rate"}, customer, ""},
	} {
		t.Run(string(tt.loop[0]), func(t *testing.T) {
			h := newHouse(t, func(o *ordermanager.Options) { o.Lifecycle = table })
			h.bring(tt.state)
			for h.stored().Version < ordermanager.MaxClaimHistory || h.stored().State != tt.state {
				for _, action := range tt.loop {
					h.receipt(h.Handle(t.Context(), by(action, tt.actor)))
				}
			}
			h.refusesAction(ordermanager.ErrTooManyTransitions, by(tt.loop[0], tt.actor))
			explained := must[ordermanager.Explanation](t)(h.Explain(t.Context(), by(tt.loop[0], tt.actor)))
			if explained.Allowed {
				t.Error("it is explained as allowed")
			}
			if tt.actor == barista {
				h.receipt(h.Handle(t.Context(), by(tt.loop[0], ordermanager.Admin("chief"))))
				if len(tt.loop) > 1 {
					h.receipt(h.Handle(t.Context(), by(tt.loop[1], tt.actor)))
				}
			}
			if tt.end != "" {
				h.receipt(h.Handle(t.Context(), by(tt.end, tt.actor)))
			}
		})
	}
}

func TestManager_stopsClaimsBeforeAHistoryGrowsForEver(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StatePending)
	for h.stored().Version < ordermanager.MaxClaimHistory {
		h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista(holder))))
		h.receipt(h.Handle(t.Context(), by("unmake", ordermanager.Barista(holder))))
	}
	h.refusesAction(ordermanager.ErrTooManyTransitions, by("make", ordermanager.Barista(holder)))
	for i := h.stored().Version; i < ordermanager.MaxHistory; i++ {
		h.wait()
	}
	h.refuses(ordermanager.ErrTooManyTransitions, func(ctx context.Context) error {
		_, err := h.WaitingCompletion(ctx, ordermanager.WaitingCompletion{OrderID: order, Token: h.resumer.Issue()})
		return err
	})
	if r := h.receipt(h.Handle(t.Context(), by("make", ordermanager.Admin("chief")))); r.Order.Barista != "chief" {
		t.Error("an admin could not go on")
	}
	if r := h.receipt(h.Handle(
		t.Context(), by("cancel", ordermanager.Customer(owner)),
	)); r.Order.State != ordermanager.StateCancelled {
		t.Error("the order could not be ended")
	}
	before, redriven := h.stored(), h.resumer.Issue()
	r := h.receipt(h.WaitingCompletion(t.Context(), ordermanager.WaitingCompletion{OrderID: order, Token: redriven}))
	if diff := cmp.Diff(before, h.stored()); diff != "" || r.Resume != ordermanager.ResumeDelivered {
		t.Errorf("a workflow that was redriven then was not answered: %+v\n%s", r, diff)
	}
	h.resumer.Hook = failing("resume", false)
	_, err := h.WaitingCompletion(t.Context(), ordermanager.WaitingCompletion{OrderID: order, Token: h.resumer.Issue()})
	if !errors.Is(err, ordermanager.ErrStore) {
		t.Errorf("an answer that nothing will redrive was called %v", err)
	}
}

// Where there is only one venue, a client of the other version of the sample may name one all the same.
func TestPut_ignoresAVenueWhereThereIsOnlyOne(t *testing.T) {
	h := newHouse(t)
	h.start()
	request := put()
	request.Venue, request.RequestID = "NYC", "tap"
	if e := must[ordermanager.Explanation](t)(h.Explain(t.Context(), request)); !e.Allowed {
		t.Errorf("explained as refused: %v", e.Reasons)
	}
	if r := h.receipt(h.Handle(t.Context(), request)); r.Replayed || r.Order.Drink == nil || r.Order.Venue != "" {
		t.Errorf("the put: %+v", r)
	}
	if r := h.receipt(h.Handle(t.Context(), request)); !r.Replayed {
		t.Error("invariant 6: the repetition was applied")
	}
	request.RequestID = "another"
	h.refusesAction(ordermanager.ErrDrinkAccepted, request)
}

func TestExplain_givesEveryReason(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StateMaking)
	request := put()
	request.Venue = "NYC"
	request.Drink = ordermanager.DrinkOrder{Drink: "milkshake"}
	e := must[ordermanager.Explanation](t)(h.Explain(t.Context(), request))
	var codes []ordermanager.Code
	for _, reason := range e.Reasons {
		codes = append(codes, reason.Code)
	}
	want := []ordermanager.Code{"invalid_order", "illegal_transition", "drink_accepted"}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]ordermanager.Violation{{Code: "unknown_drink", Value: "milkshake"}}, e.Violations); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	h.startAt("at the hall", "hall")
	request.OrderID = "at the hall"
	e = must[ordermanager.Explanation](t)(h.Explain(t.Context(), request))
	if !slices.ContainsFunc(e.Reasons, func(r ordermanager.Reason) bool { return r.Code == "wrong_venue" }) {
		t.Errorf("at another venue: %v", e.Reasons)
	}
	if e = must[ordermanager.Explanation](t)(h.Explain(
		t.Context(), by("cancel", ordermanager.Customer(stranger)),
	)); e.Order != nil {
		t.Error("a stranger was shown the order")
	}
	request = put()
	request.OrderID = "nobody's"
	if _, err := h.Explain(t.Context(), request); !errors.Is(err, ordermanager.ErrOrderNotFound) {
		t.Errorf("an unknown order gave %v", err)
	}
}

func TestRefusal_saysWhatTheCallerCouldDoInstead(t *testing.T) {
	tests := []struct {
		state   ordermanager.State
		request ordermanager.Request
		want    []ordermanager.Action
	}{
		{stateNew, by("unmake", ordermanager.Barista(holder)), []ordermanager.Action{"cancel"}},
		{ordermanager.StatePending, by("unmake", ordermanager.Barista(holder)), []ordermanager.Action{"make", "cancel"}},
		{ordermanager.StatePending, put(), []ordermanager.Action{"cancel"}},
		{
			ordermanager.StateMaking, by("make", ordermanager.Admin("chief")),
			[]ordermanager.Action{"unmake", "complete", "cancel"},
		},
		{ordermanager.StateMaking, by("make", ordermanager.Barista("barista-2")), []ordermanager.Action{}},
		{ordermanager.StateCompleted, by("unmake", ordermanager.Barista(holder)), []ordermanager.Action{}},
	}
	for _, tt := range tests {
		h := newHouse(t)
		h.bring(tt.state)
		_, err := h.Handle(t.Context(), tt.request)
		refusal, ok := errors.AsType[*ordermanager.TransitionError](err)
		if !ok {
			t.Fatalf("%s: %v", tt.state, err)
		}
		if diff := cmp.Diff(tt.want, refusal.Allowed); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.state, diff)
		}
	}
}

func TestRefusal_readsLikeASentence(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StateMaking)
	_, err := h.Handle(t.Context(), by("complete", ordermanager.Barista("barista-2")))
	want := "cannot complete order order-1, which is making: another barista holds the order (barista-1)"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	request := put()
	request.Drink.Drink = "milkshake"
	_, err = h.Handle(t.Context(), request)
	want = `the order is not valid: unknown drink "milkshake"`
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	request.Actor = ordermanager.Admin("chief")
	_, err = h.Handle(t.Context(), request)
	want = "not permitted to this actor: put by an admin"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

// A barista of one venue has no say over another venue's orders, and learns nothing about them.
func TestManager_bindsAnActorToTheirVenues(t *testing.T) {
	h := newHouse(t)
	h.startAt(order, "ABC")
	request := put()
	request.Venue = "ABC"
	h.receipt(h.Handle(t.Context(), request))
	claim := by("make", ordermanager.Barista(holder))
	claim.Venues = []string{"NYC", "XYZ"}
	err := h.refusesAction(ordermanager.ErrWrongVenue, claim)
	if refusal, ok := errors.AsType[*ordermanager.TransitionError](err); !ok || refusal.Order != nil ||
		refusal.State != "" {
		t.Errorf("the refusal shows the order: %+v", refusal)
	}
	if e := must[ordermanager.Explanation](t)(h.Explain(t.Context(), claim)); e.Allowed || e.Order != nil {
		t.Errorf("the explanation shows the order: %+v", e)
	}
	claim.Venues = append(claim.Venues, "ABC")
	h.receipt(h.Handle(t.Context(), claim))
}

func TestManager_bindsAnActorToTheVenuesOfThePolicyToo(t *testing.T) {
	h := newHouse(t, func(o *ordermanager.Options) {
		o.Policy = func(action ordermanager.Action, actor ordermanager.Actor) ordermanager.Permission {
			p := ordermanager.DefaultPolicy(action, actor)
			p.Venues = []string{"ABC", "NYC"}
			return p
		}
	})
	h.startAt(order, "ABC")
	cancel := by("cancel", ordermanager.Barista(holder))
	cancel.Venues = []string{"XYZ"}
	h.refusesAction(ordermanager.ErrForbidden, cancel)
	cancel.Venues = []string{"NYC", "XYZ"}
	h.refusesAction(ordermanager.ErrWrongVenue, cancel)
	cancel.Venues = nil
	h.receipt(h.Handle(t.Context(), cancel))
}
