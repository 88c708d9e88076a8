package explore

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Result is the result of an exploration.
type Result struct {
	// States is the number of distinct states, and Transitions that of the steps between them.
	States, Transitions int
	// Depth is the number of steps to the farthest state.
	Depth int
	// Worlds is the number of distinct worlds: states that differ in more than the positions of calls. From each, all
	// calls crash and the world recovers.
	Worlds int
	// Taken counts the steps of I/O by what became of them.
	Taken Taken
	// Calls is how often a call of the Manager was run from its start.
	Calls int
	// Complete is set if the limit was not reached: every state was visited or, after a violation, every schedule that
	// is shorter than the violation's.
	Complete bool
	// Violation is the violation found, or nil, and Trace the schedule that leads to it: a shortest one if Complete.
	Violation *Violation
	Trace     Trace
	Took      time.Duration
}

// Taken counts the steps of I/O by what became of them.
type Taken [opKinds][outcomeCount]int

func (t *Taken) add(u *Taken) {
	for kind := range t {
		for o := range t[kind] {
			t[kind][o] += u[kind][o]
		}
	}
}

// String returns a line for each kind of step.
func (t *Taken) String() string {
	var b strings.Builder
	for kind := range t {
		fmt.Fprintf(&b, "%s:", opNames[kind])
		for o, n := range t[kind] {
			if n > 0 {
				fmt.Fprintf(&b, " %s %d;", outcomeNames[o], n)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (r *Result) String() string {
	return fmt.Sprintf("%d states, %d transitions, depth %d, %d worlds recovered, %d runs of a call, %v",
		r.States, r.Transitions, r.Depth, r.Worlds, r.Calls, r.Took.Round(time.Millisecond))
}

// Explore visits the states of a scenario, nearest first, until it finds a violation or has visited limit states (0: no
// limit).
func Explore(sc *Scenario, limit int) (Result, error) {
	began := time.Now()
	e, err := newExplorer(sc)
	if err != nil {
		return Result{}, err
	}
	s, err := e.initial()
	if err != nil {
		return Result{}, err
	}
	result := e.search(s, limit)
	result.Calls = len(e.tree.nodes) - 1
	result.Worlds = len(e.worlds)
	result.Took = time.Since(began)
	return result, nil
}

func (e *explorer) search(s state, limit int) (result Result) {
	e.found[s] = 0
	e.links = append(e.links, link{})
	// keep keeps the violation with the shortest schedule. One that appears only during recovery has a tail, and a
	// shorter schedule of ordinary steps may exist, so the search continues past that length.
	keep := func(from *state, last *successor, rest Trace, v *Violation) {
		if trace := append(e.path(e.found[*from], last), rest...); result.Violation == nil || len(trace) < len(result.Trace) {
			result.Violation, result.Trace = v, trace
		}
	}
	for queue := []state{s}; len(queue) > 0; result.Depth++ {
		var ahead []state
		for i := range queue {
			from := &queue[i]
			number := e.found[*from]
			e.successors(from, func(next *successor) bool {
				result.Transitions++
				if next.step != nil {
					result.Taken[next.step.kind][next.choice.outcome]++
				}
				if next.violation != nil {
					keep(from, next, nil, next.violation)
					return true
				}
				if _, known := e.found[next.state]; known {
					return true
				}
				e.found[next.state] = uint32(len(e.links)) //nolint:gosec // memory ends before that
				e.links = append(e.links, link{number, next.choice})
				if rest, v := e.visitWorld(&next.state); v != nil {
					keep(from, next, rest, v)
					return true
				}
				ahead = append(ahead, next.state)
				return true
			})
			result.States = len(e.links)
			if result.Violation != nil && result.Depth+1 >= len(result.Trace) {
				result.Complete = true
				return result
			}
			if limit > 0 && result.States >= limit {
				return result
			}
		}
		queue = ahead
	}
	result.Depth--
	result.Complete = true
	return result
}

// visitWorld checks the world of a state, and that it recovers after every call has crashed. It does so once per world:
// recovery does not depend on where the crashed calls were.
func (e *explorer) visitWorld(s *state) (Trace, *Violation) {
	world := *s
	world.at = [maxActors]nodeRef{}
	world.faults = 0
	for i, a := range e.sc.actors {
		if a.notice == 0 {
			world.done[i] = 0
		}
	}
	if _, known := e.worlds[world]; known {
		return nil, nil
	}
	e.worlds[world] = struct{}{}
	if v := e.checkWorld(&world); v != nil {
		return nil, v
	}
	rest, v := e.heal(world)
	if v == nil {
		return nil, nil
	}
	return append(e.crashes(s), rest...), v
}

// crashes lets every running call crash.
func (e *explorer) crashes(s *state) Trace {
	var trace Trace
	for i, at := range s.at {
		if at != 0 {
			trace = append(
				trace, Step{Actor: e.sc.actors[i].name, Op: e.tree.node(at).next.text, Did: outcomeNames[crashBefore]},
			)
		}
	}
	return trace
}

// heal delivers everything in a world without running calls, without faults: notifications that were not taken, and
// what the order owes, until nothing changes any more.
func (e *explorer) heal(s state) (Trace, *Violation) {
	trace, v := e.healed(&s, nil)
	if v != nil {
		return trace, v
	}
	return trace, e.checkRecovered(&s)
}

func (e *explorer) healed(s *state, trace Trace) (Trace, *Violation) {
	for range 20 {
		before := *s
		if s.workflow.move(moveReach, e.sc) {
			trace = append(trace, Step{Actor: workflowName, Did: moveNames[moveReach]})
		}
		for i, a := range e.sc.actors {
			if !a.forever && (a.notice == 0 || s.done[i] > 0 || !s.workflow.emitted.has(a.notice)) {
				continue
			}
			var v *Violation
			if trace, v = e.runCall(s, i, trace); v != nil {
				return trace, v
			}
		}
		if *s == before {
			break
		}
	}
	return trace, nil
}

// runCall runs the next call of an actor to its end.
func (e *explorer) runCall(s *state, i int, trace Trace) (Trace, *Violation) {
	a := e.sc.actors[i]
	trace, done, v := e.whole(s, a.name, a.calls[s.done[i]], trace)
	if done && !a.forever {
		s.done[i]++
	}
	return trace, v
}

// whole runs a call to its end, without faults and undisturbed, and reports whether it succeeded.
func (e *explorer) whole(s *state, who string, c *call, trace Trace) (_ Trace, done bool, _ *Violation) {
	for ref := e.tree.root(c); ; {
		n := e.tree.node(ref)
		switch {
		case n.violation != nil:
			return trace, false, n.violation
		case n.next == nil:
			return trace, n.err == nil, e.checkReturn(s, ref)
		}
		next := successor{step: n.next, state: *s}
		a, did, _ := e.perform(&next, ref, asAsked)
		trace = append(trace, Step{Actor: who, Op: next.step.text, Did: did})
		*s = next.state
		if v := first(func() *Violation { return next.violation }, func() *Violation { return e.checkWorld(s) }); v != nil {
			return trace, false, v
		}
		ref = e.tree.child(ref, a)
	}
}

// path is the trace to a state, plus one step.
func (e *explorer) path(number uint32, last *successor) Trace {
	var choices []choice
	for ; number != 0; number = e.links[number].parent {
		choices = append(choices, e.links[number].choice)
	}
	slices.Reverse(choices)
	var trace Trace
	s, err := e.initial()
	if err != nil {
		panic(err) // it was possible before
	}
	for _, c := range choices {
		e.successors(&s, func(next *successor) bool {
			if next.choice != c {
				return true
			}
			trace = append(trace, e.step(next))
			s = next.state
			return false
		})
	}
	return append(trace, e.step(last))
}

// initial is the state after the scenario's prelude.
func (e *explorer) initial() (state, error) {
	s := state{workflow: begin()}
	for _, name := range e.sc.Prelude {
		moved := false
		for move := range moveCount {
			moved = moved || moveNames[move] == name && s.workflow.move(move, e.sc)
		}
		if moved {
			continue
		}
		i := slices.IndexFunc(e.sc.actors, func(a actor) bool { return a.name == name })
		if i < 0 {
			return s, fmt.Errorf("prelude: nobody can %s", name)
		}
		if _, v := e.runCall(&s, i, nil); v != nil {
			return s, fmt.Errorf("prelude: %s: %v", name, v)
		}
	}
	return s, nil
}
