package explore

import (
	"fmt"
	"slices"

	om "github.com/brewline/ordermanager"
)

// place determines what can be done to an order: two orders in the same place have the same possibilities.
type place struct {
	state         om.State
	holder        string
	drink         bool
	first, second om.Decision
	stage         stage
}

// road is a complete call that leads from one place to another.
type road struct {
	to     place
	person bool // an action of a person, not a time-out
}

// roamer takes one order through everything that its table allows: in every place, everybody asks for every action, and
// the workflow times out. Nobody interferes, and nothing fails.
type roamer struct {
	*explorer
	traces  map[place]Trace
	roads   map[place][]road
	applied map[string]bool
}

// Roam visits every place of a table. It returns their number and, if there is one, the violation with its schedule.
func Roam(sc *Scenario) (places int, trace Trace, v *Violation, err error) {
	alone := *sc
	alone.Callers, alone.Redrivers, alone.NoPublisher, alone.TimeOuts = nil, 1, true, true
	e, err := newExplorer(&alone)
	if err != nil {
		return 0, nil, nil, err
	}
	r := &roamer{explorer: e, traces: map[place]Trace{}, roads: map[place][]road{}, applied: map[string]bool{}}
	s := state{workflow: begin()}
	if trace, v = r.healed(&s, nil); v != nil {
		return 0, trace, v, nil
	}
	type stop struct {
		s  state
		at place
	}
	r.traces[r.place(&s)] = trace
	for queue := []stop{{s, r.place(&s)}}; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		arrive := func(s state, trace Trace, person bool) {
			to := r.place(&s)
			r.roads[from.at] = append(r.roads[from.at], road{to, person})
			if _, known := r.traces[to]; !known {
				r.traces[to] = trace
				queue = append(queue, stop{s, to})
			}
		}
		if trace, v = r.leave(&from.s, r.traces[from.at], arrive); v != nil {
			return len(r.traces), trace, v, nil
		}
	}
	trace, v = r.judge()
	return len(r.traces), trace, v, nil
}

func (r *roamer) place(s *state) place {
	lf := r.orders.life(r.orders.get(s.order))
	p := place{state: lf.state, holder: lf.holder, drink: lf.drink, stage: s.workflow.stage}
	p.first, p.second = lf.waits[om.FirstWait].decision, lf.waits[om.SecondWait].decision
	return p
}

// leave tries everything in a place.
func (r *roamer) leave(s *state, trace Trace, arrive func(s state, trace Trace, person bool)) (Trace, *Violation) {
	o := r.orders.get(s.order)
	allowed := map[om.Actor][]om.Action{}
	for _, who := range people {
		allowed[who] = r.sc.allowed(r.orders.life(o), o, who)
	}
	for _, action := range r.sc.law.actions() {
		for _, who := range people {
			next, steps := *s, slices.Clone(trace)
			name := fmt.Sprintf("%s by %s at version %d", action, who.ID, o.Version)
			steps, done, v := r.whole(&next, who.ID, r.sc.law.ask(name, action, who, o.State), steps)
			if v != nil {
				return steps, v
			}
			applied := next.order != s.order && len(r.orders.get(next.order).History) > len(o.History)
			if may := slices.Contains(allowed[who], action); applied != may {
				return steps, violated(ClearRefusal, "%s by %s is allowed: %t, and happens: %t", action, who.ID, may, applied)
			}
			if !done || !applied {
				continue
			}
			r.applied[string(action)+" from "+string(o.State)] = true
			if steps, v = r.healed(&next, steps); v == nil {
				v = r.checkRecovered(&next)
			}
			if v != nil {
				return steps, v
			}
			arrive(next, steps, true)
		}
	}
	next, steps := *s, slices.Clone(trace)
	if !next.workflow.move(moveTimeOut, r.sc) {
		return nil, nil
	}
	steps = append(steps, Step{Actor: workflowName, Did: moveNames[moveTimeOut]})
	steps, v := r.healed(&next, steps)
	if v == nil {
		v = r.checkRecovered(&next)
	}
	if v != nil {
		return steps, v
	}
	if len(r.orders.get(next.order).History) > len(o.History) {
		r.applied[string(om.ActionTimedOut)+" from "+string(o.State)] = true
	}
	arrive(next, steps, false)
	return nil, nil
}

// judge checks all places together: people's actions can answer every waiting workflow, and everything in the table can
// happen.
func (r *roamer) judge() (Trace, *Violation) {
	answered := map[place]bool{}
	for grown := true; grown; {
		grown = false
		for at := range r.traces {
			leads := at.second != om.Undecided || slices.ContainsFunc(
				r.roads[at], func(road road) bool { return road.person && answered[road.to] },
			)
			if leads && !answered[at] {
				answered[at], grown = true, true
			}
		}
	}
	var stuck Trace
	var v *Violation
	for at, trace := range r.traces {
		if !answered[at] && at.second == om.Undecided && (v == nil || len(trace) < len(stuck)) {
			stuck = trace
			v = violated(
				TokenConservation, "the order is %s, and nothing that anybody can do leads to an answer for its workflow", at.state,
			)
		}
	}
	if v != nil {
		return stuck, v
	}
	for i, s := range r.sc.law.states {
		reached := false
		for at := range r.traces {
			reached = reached || at.state == s.State
		}
		if !reached || s.Initial && s.State != r.sc.law.initial() {
			return nil, violated(NothingDead, "states[%d]: no order is ever %s", i, s.State)
		}
	}
	for i, rule := range r.sc.law.rules {
		if len(rule.From) == 0 {
			return nil, violated(NothingDead, "rules[%d]: %s never happens", i, rule.Action)
		}
		for _, from := range rule.From {
			// The workflow has its answer, so a time-out has no effect.
			if answer, _ := r.sc.law.answers(from); rule.Action == om.ActionTimedOut && answer != om.Undecided {
				continue
			}
			if !r.applied[string(rule.Action)+" from "+string(from)] {
				return nil, violated(NothingDead, "rules[%d]: %s never happens in %s", i, rule.Action, from)
			}
		}
	}
	return nil, nil
}
