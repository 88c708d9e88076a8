package storetest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/brewline/ordermanager"
)

// The people of the cases.
const (
	anna = "anna"
	ben  = "ben"
)

var (
	workflow = ordermanager.System("workflow")
	open     = []ordermanager.State{ordermanager.StatePending, ordermanager.StateMaking}
)

// espresso is a drink with everything.
func espresso() *ordermanager.Drink {
	return &ordermanager.Drink{Name: "Espresso", Icon: "espresso-icon", Modifiers: []string{"Double", "Oat milk"}}
}

// order is an order in the store, with the model that the contract demands.
type order struct {
	c *checker
	// model is the order that the store must have; nil until it is created.
	model *ordermanager.Order
	id    string
	now   time.Time
}

// order returns an order that does not exist yet.
func (c *checker) order() *order {
	return &order{c: c, id: "order-" + rand.Text(), now: time.Now().UTC().Truncate(time.Millisecond)}
}

// begun returns an order that has just been created, with a token for the first wait.
func (c *checker) begun() *order {
	o := c.order()
	o.must(o.create("customer-"+rand.Text(), "venue-"+rand.Text()))
	return o
}

// withDrink returns an order that has its drink.
func (c *checker) withDrink() *order {
	o := c.begun()
	o.must(o.put())
	return o
}

// claimed returns an order that anna holds.
func (c *checker) claimed() *order {
	o := c.withDrink()
	o.must(o.claim(anna))
	return o
}

// do carries out a transition and checks all that the contract says about it: whether it applies, the order in the
// result, and the order that is read afterwards.
func (o *order) do(t ordermanager.Transition) (applied bool) {
	applied = o.answer(t)
	if err := same(o.c.get(o.id), o.model); err != nil {
		o.c.fail("Get after Apply (applied: %t; %s): %w", applied, describe(t), err)
	}
	return applied
}

// answer is do without reading the order.
func (o *order) answer(t ordermanager.Transition) (applied bool) {
	want := o.model
	failing := refusal(&t, o.model)
	if failing == "" {
		want = after(t, o.model)
	}
	result := o.c.apply(t)
	switch {
	case result.Applied && failing != "":
		o.c.fail("a transition was applied though this does not hold: %s (%s)", failing, describe(t))
	case !result.Applied && failing == "":
		o.c.fail("a transition was refused though every guard holds (%s)", describe(t))
	}
	if err := same(result.Order, want); err != nil {
		o.c.fail("the result of Apply (applied: %t; %s): %w", result.Applied, describe(t), err)
	}
	o.model = want
	return result.Applied
}

// must is do for a transition that must be applied.
func (o *order) must(t ordermanager.Transition) {
	if !o.do(t) {
		o.c.fail("a transition that the case needs was refused (%s)", describe(t))
	}
}

// mustNot is do for a transition that must be refused.
func (o *order) mustNot(t ordermanager.Transition) {
	if o.do(t) {
		o.c.fail("a transition was applied that must be refused (%s)", describe(t))
	}
}

// fill fills the history. The order is read once, at the end.
func (o *order) fill(entry func() ordermanager.Transition) {
	for len(o.model.History) < ordermanager.MaxHistory-1 {
		if t := entry(); !o.answer(t) {
			o.c.fail("a transition that the case needs was refused (%s)", describe(t))
		}
	}
	o.must(entry())
}

// settle settles, and checks the order that is read afterwards.
func (o *order) settle(s ordermanager.Settlement) {
	s.OrderID = o.id
	o.c.settle(s)
	if o.model != nil {
		o.model = settled(s, o.model)
	}
	if err := same(o.c.get(o.id), o.model); err != nil {
		o.c.fail("Get after Settle: %w", err)
	}
}

// settleAll settles everything that the order owes: a token is left alone while its wait is undecided.
func (o *order) settleAll() {
	s := ordermanager.Settlement{
		Version: o.model.Version, Events: append([]string(nil), o.model.OwedEvents...), Everything: true,
	}
	if w := o.model.FirstWait; w.Decision != ordermanager.Undecided {
		s.First, s.FirstSpare = w.Token, w.Spare
	}
	if w := o.model.SecondWait; w.Decision != ordermanager.Undecided {
		s.Second, s.SecondSpare = w.Token, w.Spare
	}
	if !slices.Contains(open, o.model.State) {
		s.Ended = o.model.State
	}
	o.settle(s)
}

// tick is the time of the next entry.
func (o *order) tick() time.Time {
	o.now = o.now.Add(1234 * time.Millisecond)
	return o.now
}

// step is a transition that only adds an entry.
func (o *order) step(action ordermanager.Action, actor ordermanager.Actor) ordermanager.Transition {
	return ordermanager.Transition{
		OrderID: o.id,
		Entry:   ordermanager.Entry{Action: action, Actor: actor, RequestID: "request-" + rand.Text(), At: o.tick()},
	}
}

// move is a step to a state.
func (o *order) move(
	action ordermanager.Action, actor ordermanager.Actor, to ordermanager.State, from ...ordermanager.State,
) ordermanager.Transition {
	t := o.step(action, actor)
	t.Guards.States, t.Assign.State, t.Entry.To = slices.Clone(from), to, to
	decide(&t.Assign)
	t.Owing = t.Assign.Ends
	return t
}

// decide adds what the states of the standard life cycle decide about the waits.
func decide(a *ordermanager.Assignment) {
	switch a.State {
	case ordermanager.StateCompleted:
		a.First, a.Second, a.Ends = ordermanager.Done, ordermanager.Done, true
	case ordermanager.StateCancelled:
		a.First, a.Second, a.Ends = ordermanager.Cancelled, ordermanager.Cancelled, true
	}
}

// held are the states in which a barista holds an order.
var held = []ordermanager.State{ordermanager.StateMaking}

// create is the creation of the order, with a token for its first wait.
func (o *order) create(customer, venue string) ordermanager.Transition {
	t := o.register(ordermanager.FirstWait, newToken(), o.now)
	t.Guards = ordermanager.Guards{}
	t.Create = &ordermanager.NewOrder{Customer: customer, Venue: venue, State: ordermanager.StatePending}
	return t
}

func (o *order) put() ordermanager.Transition {
	t := o.move(
		ordermanager.ActionPut, ordermanager.Customer(o.model.Customer), ordermanager.StatePending, ordermanager.StatePending,
	)
	venue := o.model.Venue
	t.Guards.Customer, t.Guards.Venue, t.Guards.NoDrink = o.model.Customer, &venue, true
	t.Assign.Drink, t.Assign.First = espresso(), ordermanager.Done
	t.Owing = true
	return t
}

func (o *order) claim(barista string) ordermanager.Transition {
	t := o.move(
		ordermanager.ActionMake, ordermanager.Barista(barista), ordermanager.StateMaking, ordermanager.StatePending,
	)
	t.Guards.HasDrink, t.Guards.FreeFor, t.Guards.HeldIn = true, barista, held
	t.Guards.HistoryBelow = ordermanager.MaxClaimHistory
	t.Assign.Barista = &barista
	return t
}

func (o *order) release(barista string) ordermanager.Transition {
	t := o.move(
		ordermanager.ActionUnmake, ordermanager.Barista(barista), ordermanager.StatePending, ordermanager.StateMaking,
	)
	t.Guards.FreeFor, t.Guards.HeldIn = barista, held
	t.Assign.Barista = new(string)
	return t
}

func (o *order) complete(barista string) ordermanager.Transition {
	t := o.move(
		ordermanager.ActionComplete, ordermanager.Barista(barista), ordermanager.StateCompleted, ordermanager.StateMaking,
	)
	t.Guards.HasDrink, t.Guards.FreeFor, t.Guards.HeldIn = true, barista, held
	t.Assign.Barista = &barista
	return t
}

func (o *order) cancel(reason string) ordermanager.Transition {
	t := o.move(ordermanager.ActionCancel, ordermanager.Customer(o.model.Customer), ordermanager.StateCancelled, open...)
	t.Guards.Customer = o.model.Customer
	t.Assign.Reason, t.Entry.Reason = reason, reason
	return t
}

// register puts a token into a slot, whatever the order's state.
func (o *order) register(wait ordermanager.Wait, token ordermanager.TaskToken, at time.Time) ordermanager.Transition {
	action := map[ordermanager.Wait]ordermanager.Action{
		ordermanager.FirstWait:  ordermanager.ActionWorkflowStarted,
		ordermanager.SecondWait: ordermanager.ActionWaitingCompletion,
	}[wait]
	t := o.step(action, workflow)
	t.Entry.RequestID = token.Fingerprint()
	t.Guards.HistoryBelow = ordermanager.MaxHistory
	t.Assign.Register = &ordermanager.Registration{Wait: wait, Token: token, At: at}
	t.Owing = true
	return t
}

// reached is the registration of the second wait, which answers the first.
func (o *order) reached(number string, token ordermanager.TaskToken, at time.Time) ordermanager.Transition {
	t := o.register(ordermanager.SecondWait, token, at)
	t.Assign.Number, t.Assign.AnswerFirst = number, true
	return t
}

// withEvent makes a transition owe its event, to a publisher without a name.
func withEvent(t ordermanager.Transition) ordermanager.Transition {
	t.Assign.Events, t.Owing = []string{t.Entry.RequestID}, true
	return t
}

// withEvents makes a transition owe its event to two publishers, one of them with a name.
func withEvents(t ordermanager.Transition) ordermanager.Transition {
	t.Assign.Events, t.Owing = []string{t.Entry.RequestID, named(t.Entry.RequestID)}, true
	return t
}

// named is an event owed to a publisher with a name, as a Manager writes it. To a store it is just a text.
func named(requestID string) string { return " a-hook " + requestID }

// unique is a name that nothing else in the store has.
func unique(what string) string { return what + "-" + rand.Text() }

func newToken() ordermanager.TaskToken { return ordermanager.NewTaskToken("token-" + rand.Text()) }

func plural(n int, what string) string { return fmt.Sprintf("%d %s", n, what) }

const (
	firstWait  = ordermanager.FirstWait
	secondWait = ordermanager.SecondWait
)

type settlement = ordermanager.Settlement

var allOwing = ordermanager.Query{Owing: true, Limit: ordermanager.MaxPageSize}

// owes checks that the order is in the listing of owing orders, and no longer once everything is settled.
func (o *order) owes() {
	o.c.contains(allOwing, o.id, true)
	o.settleAll()
	o.c.contains(allOwing, o.id, false)
}

// owing returns an order that owes an answer to both waits, and three events.
func owing(c *checker) *order {
	o := c.begun()
	o.must(o.put())
	second := o.register(secondWait, newToken(), o.now)
	o.must(withEvent(second))
	o.must(withEvent(o.claim(anna)))
	o.must(withEvent(o.complete(anna)))
	return o
}
