package ordermanager

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/looplab/fsm"
)

// Rule is one line of a life-cycle table: the action leads from any of the From states to the To state.
type Rule struct {
	Action Action
	From   []State
	To     State
}

// Lifecycle is a life-cycle table: which action is legal in which state, and where it leads. It is the only place that says so;
// guards, refusals, the actions offered to a user and the diagrams are all derived from it.
//
// The two tables of this package are [StandardLifecycle] and [ServerlesspressoLifecycle]. A table of one's own, made
// with [NewLifecycle], is checked when a [Manager] is built with it. The zero Lifecycle has no rules and is refused.
type Lifecycle struct {
	rules []Rule
}

// NewLifecycle makes a table. It keeps a copy of the rules and checks nothing: see [Lifecycle.Validate].
func NewLifecycle(rules ...Rule) Lifecycle {
	copied := slices.Clone(rules)
	for i := range copied {
		copied[i].From = slices.Clone(copied[i].From)
	}
	return Lifecycle{copied}
}

// StandardLifecycle is the default: a barista claims an order, and completes what is claimed.
var StandardLifecycle = NewLifecycle(
	Rule{ActionPut, []State{StatePending}, StatePending},
	Rule{ActionMake, []State{StatePending}, StateMaking},
	Rule{ActionUnmake, []State{StateMaking}, StatePending},
	Rule{ActionComplete, []State{StateMaking}, StateCompleted},
	Rule{ActionCancel, []State{StatePending, StateMaking}, StateCancelled},
	Rule{ActionTimedOut, []State{StatePending, StateMaking}, StateCancelled},
)

// ServerlesspressoLifecycle also lets an order be completed that nobody claimed, because the robot barista of the
// Serverlesspresso sample completes without claiming.
var ServerlesspressoLifecycle = NewLifecycle(
	Rule{ActionPut, []State{StatePending}, StatePending},
	Rule{ActionMake, []State{StatePending}, StateMaking},
	Rule{ActionUnmake, []State{StateMaking}, StatePending},
	Rule{ActionComplete, []State{StatePending, StateMaking}, StateCompleted},
	Rule{ActionCancel, []State{StatePending, StateMaking}, StateCancelled},
	Rule{ActionTimedOut, []State{StatePending, StateMaking}, StateCancelled},
)

// meaning fixes what a table may not change about an action: where it leads, and the states that it can make sense in.
// (Putting a drink or claiming an order twice would let a second caller win; releasing needs a claim.)
var meaning = map[Action]struct {
	from []State
	to   State
}{
	ActionPut:      {[]State{StatePending}, StatePending},
	ActionMake:     {[]State{StatePending}, StateMaking},
	ActionUnmake:   {[]State{StateMaking}, StatePending},
	ActionComplete: {[]State{StatePending, StateMaking}, StateCompleted},
	ActionCancel:   {[]State{StatePending, StateMaking}, StateCancelled},
	ActionTimedOut: {[]State{StatePending, StateMaking}, StateCancelled},
}

// Rules returns a copy of the table.
func (l Lifecycle) Rules() []Rule { return NewLifecycle(l.rules...).rules }

// Validate reports everything that is wrong with the table, as [ErrInvalidLifecycle]. A sound table has only known actions
// and states, names no action twice from one state, gives every action a sense that this package knows how to carry out (make
// leads from pending to making, and so on), lets nothing leave a terminal state, and reaches every state from pending.
func (l Lifecycle) Validate() error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%w: %s", ErrInvalidLifecycle, fmt.Sprintf(format, args...)))
	}
	seen := map[Action]map[State]bool{}
	for _, rule := range l.rules {
		sense, known := meaning[rule.Action]
		if !known {
			problem("unknown action %q", rule.Action)
			continue
		}
		if rule.To != sense.to {
			problem("%s leads to %q, it must lead to %q", rule.Action, rule.To, sense.to)
		}
		if len(rule.From) == 0 {
			problem("%s has no state to start from", rule.Action)
		}
		for _, from := range rule.From {
			switch {
			case !from.Known():
				problem("%s starts from the unknown state %q", rule.Action, from)
			case from.Terminal():
				problem("%s leaves the terminal state %s", rule.Action, from)
			case !slices.Contains(sense.from, from):
				problem("%s cannot start from %s", rule.Action, from)
			case seen[rule.Action][from]:
				problem("%s starts from %s twice", rule.Action, from)
			}
			if seen[rule.Action] == nil {
				seen[rule.Action] = map[State]bool{}
			}
			seen[rule.Action][from] = true
		}
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	reached := l.reachable()
	for _, state := range States() {
		if !slices.Contains(reached, state) {
			problem("no path leads from %s to %s", StatePending, state)
		}
	}
	return errors.Join(problems...)
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

func (l Lifecycle) reachable() []State {
	reached := []State{StatePending}
	for i := 0; i < len(reached); i++ {
		for _, rule := range l.rules {
			if to, legal := l.fire(rule.Action, reached[i]); legal && !slices.Contains(reached, to) {
				reached = append(reached, to)
			}
		}
	}
	return reached
}

// Allowed lists the actions of people that are legal in a state, in the order of [Actions].
func (l Lifecycle) Allowed(state State) []Action {
	return slices.DeleteFunc(Actions(), func(action Action) bool {
		_, legal := l.fire(action, state)
		return !legal
	})
}

// Mermaid returns the table as a Mermaid state diagram.
func (l Lifecycle) Mermaid() string {
	picture := l.draw(fsm.MermaidStateDiagram)
	for _, state := range States() {
		if state.Terminal() {
			picture += fmt.Sprintf("    %s --> [*]\n", state) // looplab draws the beginning only
		}
	}
	return picture
}

// DOT returns the table as a Graphviz graph.
func (l Lifecycle) DOT() string { return l.draw(fsm.GRAPHVIZ) }

func (l Lifecycle) draw(kind fsm.VisualizeType) string {
	picture, err := fsm.VisualizeWithType(l.machine(StatePending), kind)
	if err != nil {
		panic(err) // only for a kind that looplab does not know
	}
	return picture
}

// compiled is a table worked out for the hot path: every pair of action and state has been fired on a machine once, when
// the Manager was built, so that a transition costs a look-up.
type compiled struct {
	moves   map[Action]move
	allowed map[State][]Action
}

// move is what a table says of one action.
type move struct {
	from []State
	to   State
}

// nowhere is the move of an action that the table does not have: legal in a state that no order is ever in, because an
// empty guard would let it pass everywhere.
var nowhere = move{from: []State{"never"}}

func (l Lifecycle) compile() (*compiled, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	c := &compiled{moves: map[Action]move{}, allowed: map[State][]Action{}}
	for action := range meaning {
		legal := move{}
		for _, state := range States() {
			if to, ok := l.fire(action, state); ok {
				legal.from, legal.to = append(legal.from, state), to
			}
		}
		if legal.from == nil {
			legal = nowhere
		}
		c.moves[action] = legal
	}
	for _, state := range States() {
		c.allowed[state] = l.Allowed(state)
	}
	return c, nil
}
