package explore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

// op is the next step of I/O of a call, as data.
type op struct {
	kind       opKind
	text       string
	transition ordermanager.Transition
	settlement ordermanager.Settlement
	token      token
	outcome    ordermanager.Outcome
	publisher  string
	events     []ordermanager.Event
}

type opKind uint8

var opNames = [opKinds]string{"apply", "settle", "get", "list", "resume", "publish", "menu"}

// answer is the answer to one step of I/O.
type answer struct {
	kind  answerKind
	order orderRef // of applied, refused and read
	// answered is the set of waits that the write answered.
	answered uint8
}

type answerKind uint8

// errInjected is the error of every failed step of I/O.
var errInjected = errors.New("injected fault")

// nodeRef is the number of a node; zero means none.
type nodeRef uint32

// node is a call with the answers that it got so far. A call of the Manager keeps nothing but its request and those
// answers, so they determine what it does next, or what it returned.
type node struct {
	call   *call
	parent nodeRef
	answer answer // to the parent's step
	// next is the call's next step; nil if it has returned.
	next      *op
	receipt   ordermanager.Receipt
	err       error
	violation *Violation
}

// tree remembers calls: every node is computed once, by running the Manager's code from the start of the call with the
// recorded answers.
type tree struct {
	newManager func() (*ordermanager.Manager, error)
	manager    *ordermanager.Manager
	player     *player
	nodes      []node
	roots      map[*call]nodeRef
	edges      map[edge]nodeRef
}

type edge struct {
	parent nodeRef
	answer answer
}

func newTree(sc *Scenario, orders *orders) (*tree, error) {
	player := &player{orders: orders, otherMenu: sc.OtherMenu}
	ports := Ports{Store: player, Resumer: player, Publishers: map[string]ordermanager.Publisher{}}
	for _, name := range sc.publishers() {
		ports.Publishers[name] = playerOf{player, name}
	}
	if sc.Mutation != nil && sc.Mutation.Ports != nil {
		ports = sc.Mutation.Ports(ports)
	}
	unnamed := ports.Publishers[""]
	delete(ports.Publishers, "")
	t := &tree{player: player, nodes: make([]node, 1), roots: map[*call]nodeRef{}, edges: map[edge]nodeRef{}}
	t.newManager = func() (*ordermanager.Manager, error) {
		return ordermanager.New(ports.Store, player, ports.Resumer, &ordermanager.Options{
			Lifecycle:       sc.Lifecycle,
			Publisher:       unnamed,
			Publishers:      ports.Publishers,
			Now:             func() time.Time { return start },
			DeliveryTimeout: time.Hour,
			CallTimeout:     time.Hour,
		})
	}
	var err error
	t.manager, err = t.newManager()
	return t, err
}

func (t *tree) node(ref nodeRef) *node { return &t.nodes[ref] }

func (t *tree) root(c *call) nodeRef {
	ref, found := t.roots[c]
	if !found {
		ref = t.add(node{call: c})
		t.roots[c] = ref
	}
	return ref
}

// child returns the node after one more answer.
func (t *tree) child(parent nodeRef, a answer) nodeRef {
	ref, found := t.edges[edge{parent, a}]
	if !found {
		ref = t.add(node{call: t.nodes[parent].call, parent: parent, answer: a})
		t.edges[edge{parent, a}] = ref
	}
	return ref
}

// answers lists the answers that the call got, and its steps.
func (t *tree) answers(ref nodeRef) (answers []answer, steps []*op) {
	for n := t.node(ref); n.parent != 0; n = t.node(n.parent) {
		answers = append(answers, n.answer)
		steps = append(steps, t.node(n.parent).next)
	}
	slices.Reverse(answers)
	slices.Reverse(steps)
	return answers, steps
}

func (t *tree) add(n node) nodeRef {
	ref := nodeRef(len(t.nodes)) //nolint:gosec // memory ends before that
	t.nodes = append(t.nodes, n)
	t.run(ref)
	return ref
}

// run computes a node.
func (t *tree) run(ref nodeRef) {
	n := t.node(ref)
	p := t.player
	p.answers, p.steps = t.answers(ref)
	p.at, p.next, p.violation = 0, nil, nil
	manager := t.manager
	if n.call.id == "" {
		// A Manager remembers orders that it recently failed to redrive. This one is new, as after a restart.
		manager, _ = t.newManager() // it was possible before
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				p.violation = violated(NoPanic, "%s panics: %v", n.call.name, r)
			}
		}()
		n.receipt, n.err = n.call.run(context.Background(), manager)
	}()
	<-done
	n.next, n.violation = p.next, p.violation
	if n.next == nil && n.violation == nil {
		if p.at != len(p.answers) {
			n.violation = violated(Deterministic, "%s returns before it has used its answers", n.call.name)
		} else {
			n.violation = checkResult(n)
		}
	}
}

// player replays the recorded answers to the Manager, and cuts off the call at the first step without one.
type player struct {
	orders    *orders
	answers   []answer
	steps     []*op
	at        int
	next      *op
	violation *Violation
	otherMenu bool // the menu can change, so that reading it is a step
}

// ask returns the recorded answer or cuts off the call by ending its goroutine. That is also what a crash looks like
// from inside: nothing but deferred functions still runs. A redrive waits for the goroutine that delivers an order, so
// if that one is cut off, the redrive is cut off in its own goroutine.
func (p *player) ask(o op) answer {
	switch {
	case p.next != nil, p.violation != nil:
		runtime.Goexit()
	case p.at == len(p.answers):
		p.next = &o
		runtime.Goexit()
	case p.steps[p.at].text != o.text:
		p.violation = violated(Deterministic, "asked %q and then, with the same answers, %q", p.steps[p.at].text, o.text)
		runtime.Goexit()
	}
	p.at++
	return p.answers[p.at-1]
}

// order returns a record as the Manager gets it. A store may keep the owed events in any order; here the newest comes
// first.
func (p *player) order(ref orderRef) *ordermanager.Order {
	o := p.orders.copy(ref)
	if o != nil {
		slices.Reverse(o.OwedEvents)
	}
	return o
}

// Apply implements ordermanager.Store.
func (p *player) Apply(_ context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	a := p.ask(op{kind: opApply, text: "apply " + transitionText(&t), transition: t})
	if a.kind == answerError {
		return ordermanager.Result{}, errInjected
	}
	result := ordermanager.Result{Applied: a.kind == answerApplied, Order: p.order(a.order)}
	for _, w := range waits {
		if a.answered&(1<<w) != 0 {
			result.Answered = append(result.Answered, w)
		}
	}
	return result, nil
}

// Settle implements ordermanager.Store.
func (p *player) Settle(_ context.Context, s ordermanager.Settlement) error {
	s.Events = slices.Clone(s.Events)
	return p.ask(op{kind: opSettle, text: "settle " + settlementText(&s), settlement: s}).err()
}

// Get implements ordermanager.Store.
func (p *player) Get(context.Context, string) (*ordermanager.Order, error) {
	a := p.ask(op{kind: opGet, text: "get"})
	return p.order(a.order), a.err()
}

// List implements ordermanager.Store. It returns only what a listing must have.
func (p *player) List(context.Context, ordermanager.Query) (ordermanager.Page, error) {
	a := p.ask(op{kind: opList, text: "list owing orders"})
	if a.kind == answerListed {
		return ordermanager.Page{Orders: []*ordermanager.Order{{ID: orderID}}}, nil
	}
	return ordermanager.Page{}, a.err()
}

// Resume implements ordermanager.Resumer.
func (p *player) Resume(
	_ context.Context,
	value ordermanager.TaskToken,
	outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	t := tokenOf(value)
	text := "resume " + tokens[t].name + " with " + outcomeText(outcome)
	switch a := p.ask(op{kind: opResume, text: text, token: t, outcome: outcome}); a.kind {
	case answerAccepted:
		return ordermanager.Accepted, nil
	case answerGone:
		return ordermanager.Gone, nil
	default:
		return "", a.err()
	}
}

// playerOf is one of the player's publishers.
type playerOf struct {
	*player
	name string
}

// Publish implements ordermanager.Publisher.
func (p playerOf) Publish(_ context.Context, events []ordermanager.Event) error {
	names := make([]string, len(events))
	for i, event := range events {
		names[i] = fmt.Sprintf("%s of %s", event.Type, nameOf(strings.TrimPrefix(event.ID, orderID+"/")))
	}
	text := "publish " + strings.Join(names, ", ")
	if p.name != "" {
		text += " to " + p.name
	}
	a := p.ask(op{kind: opPublish, text: text, publisher: p.name, events: slices.Clone(events)})
	if a.kind != answerNamed {
		return a.err()
	}
	failed := map[string]error{}
	for _, event := range events[1:] {
		failed[event.ID] = errInjected
	}
	return &ordermanager.PublishError{Failed: failed}
}

// Menu implements ordermanager.MenuSource.
func (p *player) Menu(context.Context, string) (*ordermanager.Menu, error) {
	menu := &ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Espresso"}, {Drink: "Latte"}}}
	if !p.otherMenu {
		return menu, nil
	}
	a := p.ask(op{kind: opMenu, text: "read the menu"})
	if a.kind == answerOtherMenu {
		menu = &ordermanager.Menu{}
	}
	return menu, a.err()
}

func (a answer) err() error {
	if a.kind == answerError {
		return errInjected
	}
	return nil
}

const (
	opApply opKind = iota
	opSettle
	opGet
	opList
	opResume
	opPublish
	opMenu
	opKinds
)

const (
	answerNone answerKind = iota
	answerApplied
	answerRefused
	answerRead
	answerListed
	answerEmpty
	answerAccepted
	answerGone
	answerDone
	answerOtherMenu
	answerNamed
	answerError
)

// checkResult checks what must hold for a call's result in any world.
func checkResult(n *node) *Violation {
	shown := []*ordermanager.Order{&n.receipt.Order}
	if e, ok := errors.AsType[*ordermanager.TransitionError](n.err); ok && e.Order != nil {
		shown = append(shown, e.Order)
	}
	if e, ok := errors.AsType[*ordermanager.MenuError](n.err); ok && e.Order != nil {
		shown = append(shown, e.Order)
	}
	for _, o := range shown {
		for _, slot := range []ordermanager.WaitSlot{o.FirstWait, o.SecondWait} {
			if slot.Token.Reveal() != "" || slot.Spare.Reveal() != "" {
				return violated(NoLeak, "%s hands out a token", n.call.name)
			}
		}
	}
	data, err := json.Marshal(n.receipt)
	if err != nil {
		return violated(NoLeak, "the receipt of %s cannot be marshalled: %v", n.call.name, err)
	}
	if text := fmt.Sprintf("%s %+v %#v %v %+v", data, n.receipt, n.receipt, n.err, n.err); strings.Contains(text, secret) {
		return violated(NoLeak, "%s prints a token", n.call.name)
	}
	return nil
}
