package ordermanager

import "slices"

// table is a life cycle compiled for the hot path: every pair of action and state is fired on a machine once, when the
// Manager is built, so that a transition costs a look-up.
type table struct {
	initial State
	// began is announced when an order begins.
	began  move
	moves  map[Action][]*move
	states map[State]*stateInfo
	// held are the states in which a barista holds the order.
	held []State
}

// takes reports whether the action claims an order that comes to the state by it.
func (t *table) takes(action Action, state State) bool {
	return slices.ContainsFunc(t.moves[action], func(m *move) bool { return m.Claim == ClaimTakes && m.To == state })
}

// move is a compiled rule.
type move struct {
	Rule
	// from are the states in which the action is legal.
	from []State
	// first and second are the decisions that it records.
	first, second Decision
	// ends says that nothing leaves the state that it leads to.
	ends bool
}

// stateInfo is what the table says of one state.
type stateInfo struct {
	answers Decision
	actions []Action
	// ended says that nothing leaves it.
	ended bool
}

func (l Lifecycle) compile() (*table, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	began := move{Rule: Rule{Action: ActionWorkflowStarted, Event: l.initial().Event}}
	t := &table{initial: l.Initial(), began: began, moves: map[Action][]*move{}, states: map[State]*stateInfo{}}
	for _, state := range l.states {
		t.states[state.State] = &stateInfo{state.Answers, l.Allowed(state.State), l.Terminal(state.State)}
	}
	for _, at := range l.situations() {
		if at.holder != "" && !l.Terminal(at.state) && !slices.Contains(t.held, at.state) {
			t.held = append(t.held, at.state)
		}
	}
	slices.Sort(t.held)
	for _, rule := range l.rules {
		t.moves[rule.Action] = append(t.moves[rule.Action], l.moves(rule)...)
	}
	return t, nil
}

// moves works a rule out. What it does in states whose workflow has its answer is a move of its own, which decides
// nothing.
func (l Lifecycle) moves(rule Rule) []*move {
	decides := &move{Rule: rule, ends: l.Terminal(rule.To), first: l.Answers(rule.To), second: l.Answers(rule.To)}
	if rule.Answers == FirstWait {
		decides.first = Done
	}
	follows := &move{Rule: rule, ends: decides.ends}
	for _, from := range rule.From {
		m := decides
		if l.Answers(from) != Undecided {
			m = follows
		}
		if to, legal := l.fire(rule.Action, from); legal && to == rule.To {
			m.from = append(m.from, from)
		}
	}
	return slices.DeleteFunc([]*move{decides, follows}, func(m *move) bool { return m.from == nil })
}

// moveFrom returns the rule of an action that is legal in a state; without one, any rule of the action, which a guard
// will refuse.
func (t *table) moveFrom(action Action, state State) (m *move, legal bool) {
	moves := t.moves[action]
	for _, m := range moves {
		if slices.Contains(m.from, state) {
			return m, true
		}
	}
	return moves[0], false
}

// made returns the rule that made a history entry; nil if the table has none, as after it was changed. Where another
// program moves orders too, the state before an entry may be one that the history does not tell: then it is the rule
// that leads where the entry does.
func (t *table) made(e *Entry) *move {
	var led *move
	for _, m := range t.moves[e.Action] {
		switch {
		case m.To != e.To:
		case slices.Contains(m.from, e.From):
			return m
		case led == nil:
			led = m
		}
	}
	return led
}

// decided returns the history entry that decided a wait. Another program's write has no entry: then it is made up.
func (t *table) decided(o *Order, w Wait) *Entry {
	for i := range o.History {
		e := &o.History[i]
		if m := t.made(e); m != nil && (w == FirstWait && m.first != Undecided || w == SecondWait && m.second != Undecided) {
			return e
		}
	}
	e := &Entry{Action: ActionComplete, To: o.State, At: o.UpdatedAt}
	switch {
	case o.slot(w).Decision == Cancelled:
		e.Action = ActionCancel
	case w == FirstWait:
		e.Action = ActionPut
	}
	return e
}
