package ordermanager_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// house is a Manager in memory with everything around it that a test may want to look at.
type house struct {
	*ordermanager.Manager
	t         *testing.T
	store     *memory.Store
	resumer   *memory.Resumer
	publisher *memory.Publisher
	now       time.Time
}

func newHouse(t *testing.T, change ...func(*ordermanager.Options)) *house {
	t.Helper()
	h := &house{
		t:         t,
		store:     memory.NewStore(),
		resumer:   new(memory.Resumer),
		publisher: new(memory.Publisher),
		now:       time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
	}
	options := &ordermanager.Options{Publisher: h.publisher, Now: h.tick}
	for _, c := range change {
		c(options)
	}
	manager, err := ordermanager.New(h.store, coffeeMenu, h.resumer, options)
	if err != nil {
		t.Fatal(err)
	}
	h.Manager = manager
	return h
}

// tick is a clock that moves a second each time it is looked at.
func (h *house) tick() time.Time {
	h.now = h.now.Add(time.Second)
	return h.now
}

const (
	order    = "order-1"
	owner    = "customer-1"
	holder   = "barista-1"
	stranger = "customer-2"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func (h *house) receipt(r ordermanager.Receipt, err error) ordermanager.Receipt {
	h.t.Helper()
	return must[ordermanager.Receipt](h.t)(r, err)
}

// start begins an order of the owner and returns the token of its first wait.
func (h *house) start() ordermanager.TaskToken {
	h.t.Helper()
	token := h.resumer.Issue()
	h.receipt(h.WorkflowStarted(
		h.t.Context(), ordermanager.WorkflowStarted{OrderID: order, Customer: owner, Token: token},
	))
	return token
}

// startAt begins another order of the owner's, at a venue.
func (h *house) startAt(id, venue string) {
	h.t.Helper()
	h.receipt(h.WorkflowStarted(h.t.Context(), ordermanager.WorkflowStarted{
		OrderID: id, Customer: owner, Venue: venue, Token: h.resumer.Issue(),
	}))
}

// wait registers a second wait and returns its token.
func (h *house) wait() ordermanager.TaskToken {
	h.t.Helper()
	token := h.resumer.Issue()
	h.receipt(h.WaitingCompletion(
		h.t.Context(), ordermanager.WaitingCompletion{OrderID: order, Number: "7", Token: token},
	))
	return token
}

var latte = ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat"}}

func put() ordermanager.Request {
	return ordermanager.Request{
		Action: ordermanager.ActionPut, OrderID: order, Actor: ordermanager.Customer(owner), Drink: latte,
	}
}

func by(action ordermanager.Action, actor ordermanager.Actor) ordermanager.Request {
	return ordermanager.Request{Action: action, OrderID: order, Actor: actor}
}

// bring takes a new order to a state. A pending order has its drink; "new" is one that does not.
func (h *house) bring(state ordermanager.State) {
	h.t.Helper()
	h.start()
	if state == stateNew {
		return
	}
	steps := map[ordermanager.State][]ordermanager.Request{
		ordermanager.StatePending: {put()},
		ordermanager.StateMaking:  {put(), by("make", ordermanager.Barista(holder))},
		ordermanager.StateCompleted: {
			put(), by("make", ordermanager.Barista(holder)), by("complete", ordermanager.Barista(holder)),
		},
		ordermanager.StateCancelled: {put(), by("cancel", ordermanager.Customer(owner))},
	}
	for _, step := range steps[state] {
		h.receipt(h.Handle(h.t.Context(), step))
	}
}

const stateNew ordermanager.State = "new"

func (h *house) order() ordermanager.Order {
	h.t.Helper()
	return must[ordermanager.Order](h.t)(h.Order(h.t.Context(), order))
}

// stored is the order as the store has it, with its tokens.
func (h *house) stored() *ordermanager.Order {
	h.t.Helper()
	return must[*ordermanager.Order](h.t)(h.store.Get(h.t.Context(), order))
}

// refuses runs an attempt that must fail as wanted, and checks that it wrote, resumed and published nothing (invariant
// 9).
func (h *house) refuses(want error, attempt func(context.Context) error) error {
	h.t.Helper()
	before, answered, events := h.stored(), h.resumer.Answered(), h.publisher.Events()
	err := attempt(h.t.Context())
	if !errors.Is(err, want) {
		h.t.Errorf("got the error %v, want %v", err, want)
	}
	if code := ordermanager.CodeOf(err); code != ordermanager.CodeOf(want) {
		h.t.Errorf("got the code %s, want %s", code, ordermanager.CodeOf(want))
	}
	if diff := cmp.Diff(before, h.stored()); diff != "" {
		h.t.Errorf("a refusal changed the order:\n%s", diff)
	}
	if len(h.resumer.Answered()) != len(answered) || len(h.publisher.Events()) != len(events) {
		h.t.Error("a refusal resumed or published something")
	}
	return err
}

func (h *house) refusesAction(want error, r ordermanager.Request) error {
	h.t.Helper()
	return h.refuses(want, func(ctx context.Context) error {
		_, err := h.Handle(ctx, r)
		return err
	})
}

func (h *house) outcomes() map[string]string {
	outcomes := map[string]string{}
	for _, a := range h.resumer.Answered() {
		text := string(a.Outcome.Output)
		if a.Outcome.Failure() {
			text = a.Outcome.Error + ": " + a.Outcome.Cause
		}
		outcomes[a.Token.Reveal()] = text
	}
	return outcomes
}

func (h *house) wantOutcome(token ordermanager.TaskToken, want string) {
	h.t.Helper()
	if got := h.outcomes()[token.Reveal()]; got != want {
		h.t.Errorf("the workflow was given %q, want %q", got, want)
	}
}

func containsText(err error, text string) bool { return strings.Contains(err.Error(), text) }
