package ordermanager

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/looplab/fsm"
)

// Rule is one line of a life-cycle table: an action that leads from any of the From states to the To state, and what it
// means. An action may have several rules, as long as no state is in two of them.
type Rule struct {
	// Action is the name of the action: one of [Actions], [ActionTimedOut], or a name of your own.
	Action Action
	// From are the states in which the action is legal, To is the state that it leads to.
	From []State
	To   State
	// By lists the roles that may ask for it. A customer may then do it to their own order, a barista to an order that
	// nobody else holds, an admin and the system to any. Empty: the [Policy] decides.
	By []Role
	// Claim is what the action does to the barista's claim. Empty: nothing.
	Claim Claim
	// Drink is what the action does with the drink. Empty: nothing.
	Drink DrinkEffect
	// Answers is [FirstWait] if the action answers the first wait, unless that is answered already. The second wait is
	// answered by states: see [StateRule].
	Answers Wait
	// Event is the type of the event that announces the action. Empty: it is not announced.
	Event EventType
}

// Claim is what an action does to the claim of a barista.
type Claim string

const (
	// ClaimTakes gives the order to the barista who asks. It starts from states in which nobody can hold an order, and a
	// history of [MaxClaimHistory] entries stops it for baristas.
	ClaimTakes Claim = "takes"
	// ClaimNeeds is for the barista who holds the order, where somebody holds it. The claim stays, and an order that
	// nobody holds records who acted on it.
	ClaimNeeds Claim = "needs"
	// ClaimReleases gives the claim up.
	ClaimReleases Claim = "releases"
)

// DrinkEffect is what an action does with the drink of an order.
type DrinkEffect string

const (
	// DrinkAccepts checks the drink of the request against the menu and puts it on the order, which has none yet.
	DrinkAccepts DrinkEffect = "accepts"
	// DrinkNeeds requires that a drink was accepted.
	DrinkNeeds DrinkEffect = "needs"
)

// StateRule is what a life-cycle table says of one state.
type StateRule struct {
	// State is its name: one of [States], or a name of your own.
	State State
	// Initial marks the state in which orders begin.
	Initial bool
	// Event is the type of the event that announces that an order began here; for the initial state alone. Empty: it is
	// not announced.
	Event EventType
	// Answers is what the workflow is told as soon as an order is in this state; [Undecided] if it continues to wait. It
	// is the answer to the second wait, and to the first if that is open.
	Answers Decision
}

// Lifecycle is a life-cycle table: which action is legal in which state, where it leads and what it means. It is the
// only place that says so; guards, refusals, the actions offered to a user, events, answers and diagrams are all
// derived from it.
//
// The two tables of this package are [StandardLifecycle] and [ServerlesspressoLifecycle]. Build your own from one of
// them, or from the zero Lifecycle, which is empty; it is checked when a [Manager] is built with it. A Lifecycle never
// changes: its methods return new ones. It marshals to JSON and back: see [ParseLifecycle].
type Lifecycle struct {
	states []StateRule
	rules  []Rule
}

// NewLifecycle makes a table of rules between the states of [States] that they name. It checks nothing: see
// [Lifecycle.Validate].
func NewLifecycle(rules ...Rule) Lifecycle {
	named := func(state State) bool {
		return slices.ContainsFunc(rules, func(r Rule) bool { return r.To == state || slices.Contains(r.From, state) })
	}
	states := slices.DeleteFunc(standardStates(), func(s StateRule) bool { return !named(s.State) })
	return Lifecycle{states: states}.With(rules...)
}

func standardStates() []StateRule {
	return []StateRule{
		{State: StatePending, Initial: true},
		{State: StateMaking},
		{State: StateCompleted, Answers: Done},
		{State: StateCancelled, Answers: Cancelled},
	}
}

// StandardLifecycle returns the default table: a barista claims an order, and completes what is claimed.
func StandardLifecycle() Lifecycle { return standardLifecycle }

// ServerlesspressoLifecycle returns a table that also lets an order be completed that nobody claimed, because the robot
// barista of the Serverlesspresso sample completes without claiming.
func ServerlesspressoLifecycle() Lifecycle { return serverlesspressoLifecycle }

var (
	standardLifecycle         = standard(StateMaking)
	serverlesspressoLifecycle = standard(StatePending, StateMaking)
)

func standard(completable ...State) Lifecycle {
	pending, making, open := []State{StatePending}, []State{StateMaking}, []State{StatePending, StateMaking}
	return NewLifecycle(
		Rule{Action: ActionPut, From: pending, To: StatePending, Drink: DrinkAccepts, Answers: FirstWait},
		Rule{Action: ActionMake, From: pending, To: StateMaking, Claim: ClaimTakes, Drink: DrinkNeeds, Event: EventMakeOrder},
		Rule{Action: ActionUnmake, From: making, To: StatePending, Claim: ClaimReleases, Event: EventMakeOrder},
		Rule{Action: ActionComplete, From: completable, To: StateCompleted, Claim: ClaimNeeds, Drink: DrinkNeeds,
			Event: EventOrderCompleted},
		Rule{Action: ActionCancel, From: open, To: StateCancelled, Event: EventOrderCancelled},
		Rule{Action: ActionTimedOut, From: open, To: StateCancelled},
	)
}

// With returns the table with these rules. They replace all its rules for the same actions; rules for other actions are
// added.
func (l Lifecycle) With(rules ...Rule) Lifecycle {
	next := Lifecycle{states: l.states}
	replaced := map[Action]bool{}
	replace := func(action Action) {
		for _, rule := range rules {
			if rule.Action == action && !replaced[action] {
				rule.From, rule.By = slices.Clone(rule.From), slices.Clone(rule.By)
				next.rules = append(next.rules, rule)
			}
		}
		replaced[action] = true
	}
	for _, old := range l.rules {
		if slices.ContainsFunc(rules, func(r Rule) bool { return r.Action == old.Action }) {
			replace(old.Action)
		} else {
			next.rules = append(next.rules, old)
		}
	}
	for _, rule := range rules {
		replace(rule.Action)
	}
	return next
}

// Without returns the table without these actions.
func (l Lifecycle) Without(actions ...Action) Lifecycle {
	l.rules = slices.DeleteFunc(slices.Clone(l.rules), func(r Rule) bool { return slices.Contains(actions, r.Action) })
	return l
}

// WithStates returns the table with these states. Each replaces the one of the same name, or is added.
func (l Lifecycle) WithStates(states ...StateRule) Lifecycle {
	l.states = slices.Clone(l.states)
	for _, state := range states {
		if i := slices.IndexFunc(l.states, func(old StateRule) bool { return old.State == state.State }); i >= 0 {
			l.states[i] = state
		} else {
			l.states = append(l.states, state)
		}
	}
	return l
}

// WithoutStates returns the table without these states, and without what starts from them or leads to them.
func (l Lifecycle) WithoutStates(states ...State) Lifecycle {
	l.states = slices.DeleteFunc(slices.Clone(l.states), func(s StateRule) bool {
		return slices.Contains(states, s.State)
	})
	rules := l.Rules()
	for i := range rules {
		rules[i].From = slices.DeleteFunc(rules[i].From, func(from State) bool { return slices.Contains(states, from) })
	}
	l.rules = slices.DeleteFunc(rules, func(r Rule) bool { return len(r.From) == 0 || slices.Contains(states, r.To) })
	return l
}

// Rules returns a copy of the table's rules.
func (l Lifecycle) Rules() []Rule {
	rules := slices.Clone(l.rules)
	for i := range rules {
		rules[i].From, rules[i].By = slices.Clone(rules[i].From), slices.Clone(rules[i].By)
	}
	return rules
}

// States returns a copy of the table's states.
func (l Lifecycle) States() []StateRule { return slices.Clone(l.states) }

// Actions lists the actions of people, in the order of the table: all but [ActionTimedOut].
func (l Lifecycle) Actions() []Action {
	var actions []Action
	for _, rule := range l.rules {
		if rule.Action != ActionTimedOut && !slices.Contains(actions, rule.Action) {
			actions = append(actions, rule.Action)
		}
	}
	return actions
}

// Has reports whether the table has the state.
func (l Lifecycle) Has(state State) bool {
	return slices.ContainsFunc(l.states, func(s StateRule) bool { return s.State == state })
}

// Initial is the state in which orders begin.
func (l Lifecycle) Initial() State { return l.initial().State }

func (l Lifecycle) initial() StateRule {
	for _, state := range l.states {
		if state.Initial {
			return state
		}
	}
	return StateRule{}
}

// Terminal reports whether nothing leaves the state: an order in it has ended.
func (l Lifecycle) Terminal(state State) bool {
	return !slices.ContainsFunc(l.rules, func(r Rule) bool { return slices.Contains(r.From, state) && r.To != state })
}

// Answers returns what the workflow is told when an order is in the state; [Undecided] if it continues to wait.
func (l Lifecycle) Answers(state State) Decision {
	for _, s := range l.states {
		if s.State == state {
			return s.Answers
		}
	}
	return Undecided
}

// machine returns a new machine of the table in the given state. A machine is never shared: looplab's own lock does not
// cover what happens between asking and firing.
func (l Lifecycle) machine(state State) *fsm.FSM {
	events := make([]fsm.EventDesc, 0, len(l.rules))
	for _, rule := range l.rules {
		from := make([]string, len(rule.From))
		for i, state := range rule.From {
			from[i] = string(state)
		}
		events = append(events, fsm.EventDesc{Name: string(rule.Action), Src: from, Dst: string(rule.To)})
	}
	return fsm.NewFSM(string(state), events, nil)
}

// fire asks a fresh machine what an action does in a state.
func (l Lifecycle) fire(action Action, from State) (to State, legal bool) {
	machine := l.machine(from)
	err := machine.Event(context.Background(), string(action))
	// looplab answers a transition to the same state with an error of this type; put is such a transition.
	if errors.As(err, &fsm.NoTransitionError{}) {
		err = nil
	}
	return State(machine.Current()), err == nil
}

// Allowed lists the actions of people that are legal in a state, in the order of [Lifecycle.Actions].
func (l Lifecycle) Allowed(state State) []Action {
	allowed := []Action{}
	for _, action := range l.Actions() {
		if _, legal := l.fire(action, state); legal {
			allowed = append(allowed, action)
		}
	}
	return allowed
}

// Mermaid returns the table as a Mermaid state diagram.
func (l Lifecycle) Mermaid() string {
	picture := l.draw(fsm.MermaidStateDiagram)
	for _, state := range l.states {
		if l.Terminal(state.State) {
			picture += fmt.Sprintf("    %s --> [*]\n", state.State) // looplab draws the beginning only
		}
	}
	return picture
}

// DOT returns the table as a Graphviz graph.
func (l Lifecycle) DOT() string { return l.draw(fsm.GRAPHVIZ) }

func (l Lifecycle) draw(kind fsm.VisualizeType) string {
	picture, err := fsm.VisualizeWithType(l.machine(l.Initial()), kind)
	if err != nil {
		panic(err) // only for a kind that looplab does not know
	}
	return picture
}

func (s StateRule) name() string { return string(s.State) }
func (a Action) name() string    { return string(a) }
