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
	// endless says that it could be done over and over, if nothing stopped it.
	endless bool
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
	situations := l.situations()
	for _, at := range situations {
		if at.holder != "" && !l.Terminal(at.state) && !slices.Contains(t.held, at.state) {
			t.held = append(t.held, at.state)
		}
	}
	slices.Sort(t.held)
	endless := l.endless(situations)
	for i, rule := range l.rules {
		t.moves[rule.Action] = append(t.moves[rule.Action], l.moves(rule, endless[i])...)
	}
	return t, nil
}

// moves works a rule out, which is endless from some states. What it does in states whose workflow has its answer is a
// move of its own, which decides nothing, and so is what is endless.
func (l Lifecycle) moves(rule Rule, endless []State) []*move {
	decides := move{Rule: rule, ends: l.Terminal(rule.To), first: l.Answers(rule.To), second: l.Answers(rule.To)}
	if rule.Answers == FirstWait {
		decides.first = Done
	}
	follows := move{Rule: rule, ends: decides.ends}
	endlessly := func(m move) *move { m.endless = true; return &m }
	moves := []*move{&decides, &follows, endlessly(decides), endlessly(follows)}
	for _, from := range rule.From {
		i := 0
		if l.Answers(from) != Undecided {
			i = 1
		}
		if slices.Contains(endless, from) {
			i += 2
		}
		if to, legal := l.fire(rule.Action, from); legal && to == rule.To {
			moves[i].from = append(moves[i].from, from)
		}
	}
	return slices.DeleteFunc(moves, func(m *move) bool { return m.from == nil })
}

// endless returns from which states each rule, by its index, needs a limit, so that no history grows for ever: those
// that are on a loop. Claims have a limit of their own, and a drink is accepted once. Of each loop it takes what is not
// needed to bring an order to its answer and its end.
func (l Lifecycle) endless(situations []situation) map[int][]State {
	limited := map[int][]State{}
	open := func(rule int, from State) bool {
		r := &l.rules[rule]
		return r.Claim != ClaimTakes && r.Action != ActionTimedOut && !slices.Contains(limited[rule], from)
	}
	ends := func(at situation) (answered, ended bool) {
		for _, next := range l.reach(at, open) {
			answered, ended = answered || l.Answers(next.state) != Undecided, ended || l.Terminal(next.state)
		}
		return answered, ended
	}
	for i := range l.rules {
		loops := func(at situation) bool {
			return slices.ContainsFunc(l.after(at, &l.rules[i]), func(next situation) bool {
				return slices.Contains(l.reach(next, open), at)
			})
		}
		for _, from := range l.rules[i].From {
			here := slices.DeleteFunc(slices.Clone(situations), func(at situation) bool { return at.state != from })
			if !open(i, from) || !slices.ContainsFunc(here, loops) {
				continue
			}
			others := limited[i]
			needed := slices.ContainsFunc(here, func(at situation) bool {
				limited[i] = others
				answered, ended := ends(at)
				limited[i] = append(slices.Clone(others), from)
				answeredStill, endedStill := ends(at)
				return answered != answeredStill || ended != endedStill
			})
			if needed {
				limited[i] = others
			}
		}
	}
	return limited
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
