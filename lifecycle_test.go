package ordermanager_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
)

const (
	ready     ordermanager.State  = "ready"
	collected ordermanager.State  = "collected"
	finish    ordermanager.Action = "finish"
	collect   ordermanager.Action = "collect"
)

// readyLifecycle has a shelf between making and completed: the workflow is answered when the drink stands there.
func readyLifecycle() ordermanager.Lifecycle {
	return ordermanager.StandardLifecycle().
		WithStates(ordermanager.StateRule{State: ready, Answers: ordermanager.Done}).
		With(ordermanager.Rule{Action: finish, From: []ordermanager.State{ordermanager.StateMaking}, To: ready,
			Claim: ordermanager.ClaimNeeds, Drink: ordermanager.DrinkNeeds, Event: "OrderReady"}).
		With(ordermanager.Rule{Action: ordermanager.ActionComplete, From: []ordermanager.State{ready},
			To: ordermanager.StateCompleted, Claim: ordermanager.ClaimNeeds, Event: ordermanager.EventOrderCompleted})
}

func newReadyHouse(t *testing.T) *house {
	return newHouse(t, func(o *ordermanager.Options) { o.Lifecycle = readyLifecycle() })
}

func (h *house) bringReady() (second ordermanager.TaskToken) {
	h.t.Helper()
	h.start()
	h.receipt(h.Put(h.t.Context(), put()))
	second = h.wait()
	h.receipt(h.Make(h.t.Context(), by("", ordermanager.Barista(holder))))
	h.receipt(h.Do(h.t.Context(), finish, by("", ordermanager.Barista(holder))))
	return second
}

func TestOwnLifecycle_answersTheWorkflowInTheStateThatSaysSo(t *testing.T) {
	h := newReadyHouse(t)
	second := h.bringReady()
	h.wantOutcome(
		second,
		`{"orderId":"order-1","action":"finish","state":"ready","cancelled":false,`+
			`"baristaUserId":"barista-1","orderNumber":"7"}`,
	)
	if o := h.order(); o.State != ready || o.Owes() {
		t.Errorf("the order is %s and owes: %t", o.State, o.Owes())
	}
	if r := h.receipt(h.Complete(
		t.Context(), by("", ordermanager.Barista(holder)),
	)); r.Order.State != ordermanager.StateCompleted ||
		r.Resume != ordermanager.ResumeNone {
		t.Errorf("completing an answered order: %+v", r)
	}
	var types []ordermanager.EventType
	for _, event := range h.publisher.Events() {
		types = append(types, event.Type)
	}
	if diff := cmp.Diff(
		[]ordermanager.EventType{"WaitingCompletion", "MakeOrder", "OrderReady", "OrderCompleted"}, types,
	); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Invariant 7: a claim that is kept is respected, whatever the state is called.
func TestOwnLifecycle_respectsTheClaimInItsOwnStates(t *testing.T) {
	h := newReadyHouse(t)
	h.bringReady()
	h.refusesAction(ordermanager.ErrClaimed, by("complete", ordermanager.Barista("barista-2")))
	h.refusesAction(ordermanager.ErrIllegalTransition, by("cancel", ordermanager.Customer(owner)))
}

// Invariant 3: what arrives late is told what was decided.
func TestOwnLifecycle_answersALateWaitInItsOwnStates(t *testing.T) {
	h := newReadyHouse(t)
	h.bringReady()
	late := h.wait()
	h.wantOutcome(
		late,
		`{"orderId":"order-1","action":"finish","state":"ready","cancelled":false,`+
			`"baristaUserId":"barista-1","orderNumber":"7"}`,
	)
	if r := h.receipt(h.TimedOut(t.Context(), ordermanager.TimedOut{OrderID: order, Cause: "late"})); !r.Unchanged ||
		r.Order.State != ready {
		t.Errorf("a time-out after the answer: %+v", r)
	}
}

func TestOwnLifecycle_saysWhichActionsThereAre(t *testing.T) {
	h := newReadyHouse(t)
	h.bringReady()
	err := h.refusesAction(ordermanager.ErrUnknownAction, by("brew", ordermanager.Barista(holder)))
	if !strings.Contains(err.Error(), "put, make, unmake, complete, cancel, finish") {
		t.Errorf("%v does not say which there are", err)
	}
	all := must[[]ordermanager.Explanation](t)(h.Actions(t.Context(), by("", ordermanager.Barista(holder))))
	var allowed []ordermanager.Action
	for _, e := range all {
		if e.Allowed {
			allowed = append(allowed, e.Action)
		} else if len(e.Reasons) == 0 {
			t.Errorf("%s is refused without a reason", e.Action)
		}
	}
	if diff := cmp.Diff([]ordermanager.Action{"complete"}, allowed); diff != "" || len(all) != 6 {
		t.Errorf("%d actions, allowed (-want +got):\n%s", len(all), diff)
	}
}

// An action may have a rule for each group of states; which applies is found out by the write.
func TestOwnLifecycle_anActionMayLeadToDifferentStates(t *testing.T) {
	const hold, onHold, shelved ordermanager.State = "hold", "on_hold", "shelved"
	to := func(from, to ordermanager.State) ordermanager.Rule {
		return ordermanager.Rule{
			Action: "hold", From: []ordermanager.State{from}, To: to, By: []ordermanager.Role{ordermanager.RoleAdmin},
		}
	}
	open := []ordermanager.State{ordermanager.StatePending, ordermanager.StateMaking, onHold, shelved}
	table := ordermanager.StandardLifecycle().
		WithStates(ordermanager.StateRule{State: onHold}, ordermanager.StateRule{State: shelved}).
		With(to(ordermanager.StatePending, onHold), to(ordermanager.StateMaking, shelved),
			ordermanager.Rule{Action: ordermanager.ActionCancel, From: open, To: ordermanager.StateCancelled},
			ordermanager.Rule{Action: ordermanager.ActionTimedOut, From: open, To: ordermanager.StateCancelled})
	h := newHouse(t, func(o *ordermanager.Options) { o.Lifecycle = table })
	h.bring(ordermanager.StateMaking)
	request := by("hold", ordermanager.Admin("chief"))
	request.RequestID = "r"
	if r := h.receipt(h.Handle(t.Context(), request)); r.Order.State != shelved || r.Replayed {
		t.Errorf("making was put on hold as %s", r.Order.State)
	}
	if r := h.receipt(h.Handle(t.Context(), request)); !r.Replayed {
		t.Error("the repetition was not recognised")
	}
	h.refusesAction(ordermanager.ErrForbidden, by("hold", ordermanager.Barista(holder)))
	h.refusesAction(ordermanager.ErrIllegalTransition, by("hold", ordermanager.Admin("chief")))
}

// A table was changed while orders were open.
func TestUnknownState_isNamedAndPassedOver(t *testing.T) {
	h := newReadyHouse(t)
	h.bringReady()
	old := must[*ordermanager.Manager](t)(ordermanager.New(h.store, coffeeMenu, h.resumer, nil))
	before := h.stored()
	_, err := old.Handle(t.Context(), by("complete", ordermanager.Barista(holder)))
	if !errors.Is(err, ordermanager.ErrUnknownState) || !errors.Is(err, ordermanager.ErrIllegalTransition) ||
		!strings.Contains(err.Error(), "ready") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, h.stored()); diff != "" {
		t.Error(diff)
	}
	page := must[ordermanager.OrderPage](t)(old.Page(t.Context(), ordermanager.Query{Customer: owner}))
	if len(page.Orders) != 0 || len(page.Skipped) != 1 || page.Skipped[0].OrderID != order ||
		!errors.Is(page.Skipped[0].Err, ordermanager.ErrUnknownState) {
		t.Errorf("the listing has %+v", page)
	}
	if _, err := old.Page(t.Context(), ordermanager.Query{State: ready}); !errors.Is(err, ordermanager.ErrInvalidRequest) {
		t.Errorf("a listing of a state that there is not: %v", err)
	}
	if o, err := old.Order(t.Context(), order); err != nil || o.State != ready {
		t.Errorf("it cannot be looked at: %v", err)
	}
}

func TestRedrive_passesOverAnUnknownStateAndReportsIt(t *testing.T) {
	h := newReadyHouse(t)
	h.resumer.Hook = failing("resume", false)
	h.bringReady()
	h.resumer.Hook = nil
	old := must[*ordermanager.Manager](t)(ordermanager.New(h.store, coffeeMenu, h.resumer, nil))
	report, err := old.Redrive(t.Context(), nil)
	if !errors.Is(err, ordermanager.ErrUnknownState) || report.Pending != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	if report, err := h.Redrive(t.Context(), nil); err != nil || report.Pending != 0 {
		t.Errorf("the table that knows the state got %+v, %v", report, err)
	}
}

func TestLifecycle_roundTripsThroughItsJSON(t *testing.T) {
	for _, want := range []ordermanager.Lifecycle{
		ordermanager.StandardLifecycle(), ordermanager.ServerlesspressoLifecycle(), readyLifecycle(),
	} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got ordermanager.Lifecycle
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Rules(), got.Rules()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want.States(), got.States()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestParseLifecycle_saysEverythingThatIsWrongWithItsPlace(t *testing.T) {
	standard := string(must[[]byte](t)(json.Marshal(ordermanager.StandardLifecycle())))
	for name, tt := range map[string]struct {
		old, new string
		want     []string
	}{
		"a typo in a state": {
			`"to":"making"`, `"to":"makin"`, []string{`rules[1].to: make leads to "makin", which is no state of the table`},
		},
		"a key in another case": {
			`"claim":"takes"`, `"Claim":"takes"`, []string{`rules[1].Claim: nothing is called "Claim" here`},
		},
		"a key twice": {
			`"claim":"takes"`, `"claim":"takes","claim":"needs"`, []string{"rules[1].claim: it appears twice"},
		},
		"a value that is not one": {`"claim":"takes"`, `"claim":"steals"`, []string{`rules[1].claim: "steals" is none of`}},
		"a wait that is not one": {
			`"answers":"first_wait"`, `"answers":"second_wait"`, []string{`rules[0].answers: "second_wait" is not "first_wait"`},
		},
		"a wrong type":   {`"to":"making"`, `"to":7`, []string{"rules[1].to: it has the wrong type"}},
		"no JSON":        {`"states"`, "\n\nstates", []string{"the table is not valid JSON (line 3: "}},
		"something else": {standard, `[]`, []string{"it is not an object"}},
		"two things at once": {
			`"action":"put","from":["pending"]`, `"action":"put","from":["pendng"]`,
			[]string{`rules[0].from[0]: put starts from "pendng"`},
		},
		"two initial states": {
			`{"name":"making"}`, `{"name":"making","initial":true}`, []string{"pending and making are both initial"},
		},
		"a state twice": {
			`{"name":"making"}`, `{"name":"making"},{"name":"making"}`, []string{"the state making appears twice"},
		},
		"a reserved action": {
			`"action":"cancel"`, `"action":"waiting_completion"`, []string{"which no table can change"},
		},
		"a name with a blank": {`"action":"cancel"`, `"action":"can cel"`, []string{`"can cel" must have only letters`}},
		"a state without time-out": {
			`"action":"timed_out","from":["pending","making"]`, `"action":"timed_out","from":["pending"]`,
			[]string{"an order in making would stay open when its workflow has timed out"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := strings.Replace(standard, tt.old, tt.new, 1)
			_, err := ordermanager.ParseLifecycle([]byte(data))
			if !errors.Is(err, ordermanager.ErrInvalidLifecycle) {
				t.Fatalf("got %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
	broken := strings.NewReplacer(
		`"to":"making"`, `"to":"makin"`, `"claim":"releases"`, `"claim":"drops"`,
	).Replace(standard)
	_, err := ordermanager.ParseLifecycle([]byte(broken))
	if e, ok := errors.AsType[*ordermanager.LifecycleError](err); !ok || len(e.Problems) != 2 {
		t.Errorf("not every problem is told: %v", err)
	}
}

// Each rule of validation by a table that breaks it, built from the standard one.
func TestValidate_refusesWhatWouldBreakAnInvariant(t *testing.T) {
	type (
		states = []ordermanager.State
		rule   = ordermanager.Rule
		stated = ordermanager.StateRule
	)
	standard := ordermanager.StandardLifecycle()
	pending, making := states{ordermanager.StatePending}, states{ordermanager.StateMaking}
	for name, tt := range map[string]struct {
		table ordermanager.Lifecycle
		want  string
	}{
		"an answer that is contradicted": {
			standard.With(rule{Action: "refund", From: states{"completed"}, To: "cancelled"}), "refund leads from completed"},
		"an answer that is taken back": {
			standard.With(rule{Action: "again", From: states{"completed"}, To: "pending"}), "says nothing"},
		"a state in which a workflow waits for ever": {
			standard.WithStates(stated{State: "lost"}).With(rule{
				Action: "lose", From: pending, To: "lost",
			}), "would wait for ever"},
		"a state that outlives its workflow": {
			standard.WithStates(stated{State: "held"}).With(rule{Action: "hold", From: pending, To: "held"},
				rule{Action: "go_on", From: states{"held"}, To: "pending"}), "would stay open when its workflow has timed out"},
		"a claim of what is held": {
			standard.With(rule{
				Action: "steal", From: making, To: "making", Claim: ordermanager.ClaimTakes,
			}), "steal takes a claim in making"},
		"a release of what nobody holds": {
			standard.With(rule{
				Action: "drop", From: pending, To: "pending", Claim: ordermanager.ClaimReleases,
			}), "nobody may hold the order"},
		"a state that is sometimes held": {
			standard.With(rule{Action: "begin", From: pending, To: "making"}), "with a claim and without one"},
		"a second drink": {
			standard.With(rule{
				Action: "swap", From: making, To: "making", Drink: ordermanager.DrinkAccepts,
			}), "has one already"},
		"a drink that nobody can have accepted": {
			standard.With(rule{Action: ordermanager.ActionPut, From: pending, To: "pending"}), "none can have been accepted"},
		"a time-out with a meaning of its own": {
			standard.With(rule{Action: ordermanager.ActionTimedOut, From: states{"pending", "making"}, To: "cancelled",
				Claim: ordermanager.ClaimReleases}), "comes from the workflow"},
		"an answer of the second wait by an action": {
			standard.With(rule{
				Action: "say", From: pending, To: "pending", Answers: ordermanager.SecondWait,
			}), "answered by states"},
		"a beginning that answers": {
			standard.WithStates(stated{
				State: "pending", Initial: true, Answers: ordermanager.Done,
			}), "before anybody did anything"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.table.Validate()
			if e, ok := errors.AsType[*ordermanager.LifecycleError](err); !ok || !slices.ContainsFunc(e.Problems,
				func(p ordermanager.LifecycleProblem) bool { return strings.Contains(p.Message, tt.want) }) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Whatever the store makes of a cursor, one of another listing, or of nobody, is the caller's mistake.
func TestPage_refusesACursorThatIsNotOfThisListing(t *testing.T) {
	h := newHouse(t)
	for _, id := range []string{"a", "b", "c"} {
		h.startAt(id, "")
	}
	q := ordermanager.Query{Customer: owner, Limit: 1}
	page := must[ordermanager.OrderPage](t)(h.Page(t.Context(), q))
	if q.Cursor = page.Cursor; q.Cursor == "" {
		t.Fatal("there is no second page")
	}
	if page := must[ordermanager.OrderPage](t)(h.Page(t.Context(), q)); page.Orders[0].ID != "b" {
		t.Errorf("the second page begins with %s", page.Orders[0].ID)
	}
	for name, q := range map[string]ordermanager.Query{
		"of another listing": {State: ordermanager.StatePending, Cursor: q.Cursor},
		"forged":             {Customer: owner, Cursor: "forged"},
		"shortened":          {Customer: owner, Cursor: q.Cursor[:9]},
		"changed":            {Customer: owner, Cursor: q.Cursor[:9] + "AAAA"},
	} {
		if _, err := h.Page(t.Context(), q); !errors.Is(err, ordermanager.ErrInvalidRequest) ||
			errors.Is(err, ordermanager.ErrStore) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A house without the sample's functions hears of everything that happens to an order.
func TestOwnLifecycle_announcesBeginningDrinkAndTimeOut(t *testing.T) {
	pending := []ordermanager.State{ordermanager.StatePending}
	table := ordermanager.StandardLifecycle().
		WithStates(ordermanager.StateRule{
			State: ordermanager.StatePending, Initial: true, Event: ordermanager.EventOrderCreated,
		}).
		With(
			ordermanager.Rule{Action: ordermanager.ActionPut, From: pending, To: ordermanager.StatePending,
				Drink: ordermanager.DrinkAccepts, Answers: ordermanager.FirstWait, Event: ordermanager.EventDrinkAccepted},
			ordermanager.Rule{Action: ordermanager.ActionTimedOut, From: []ordermanager.State{
				"pending", "making",
			}, To: "cancelled",
				Event: ordermanager.EventOrderTimedOut},
		)
	h := newHouse(t, func(o *ordermanager.Options) { o.Lifecycle = table })
	h.publisher.Hook = failing("publish", false)
	h.start()
	h.receipt(h.WorkflowStarted(
		t.Context(), started(h.resumer.Issue(), h.now),
	)) // an execution that was redriven is no new order
	h.receipt(h.Put(t.Context(), put()))
	h.receipt(h.TimedOut(t.Context(), ordermanager.TimedOut{OrderID: order, Cause: "Barista timedout"}))
	h.publisher.Hook = nil
	must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	var got []ordermanager.EventType
	for _, e := range h.publisher.Events() {
		got = append(got, e.Type)
	}
	want := []ordermanager.EventType{
		ordermanager.EventOrderCreated, ordermanager.EventDrinkAccepted, ordermanager.EventOrderTimedOut,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
