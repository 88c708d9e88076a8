package explore

import (
	"fmt"
	"strings"
)

// Step is one step of a schedule: who did what, and what became of it.
type Step struct {
	Actor string
	// Op is the step of I/O; empty for the workflow and for somebody who gives up.
	Op  string
	Did string
}

// Trace is a schedule. It prints as text with one step on a line, which [ParseTrace] reads and [Replay] runs again.
type Trace []Step

const (
	workflowName = "workflow"
	arrow        = " -> "
	againMark    = " (again)"
)

// String returns the line of one step.
func (s Step) String() string {
	if s.Op == "" {
		return s.Actor + ": " + s.Did
	}
	return s.Actor + ": " + s.Op + arrow + s.Did
}

// String returns the text of the trace.
func (t Trace) String() string {
	var b strings.Builder
	for _, step := range t {
		b.WriteString(step.String() + "\n")
	}
	return b.String()
}

// ParseTrace reads a trace from its text. Empty lines and lines that begin with # are skipped.
func ParseTrace(text string) (Trace, error) {
	var trace Trace
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		actor, rest, found := strings.Cut(line, ": ")
		if !found {
			return nil, fmt.Errorf("not a step: %q", line)
		}
		step := Step{Actor: actor, Did: rest}
		if o, did, hasOp := strings.Cut(rest, arrow); hasOp {
			step.Op, step.Did = o, did
		}
		trace = append(trace, step)
	}
	return trace, nil
}

// step is a successor as it stands in a trace.
func (e *explorer) step(next *successor) Step {
	if next.choice.actor == workflowActor {
		return Step{Actor: workflowName, Did: next.did}
	}
	step := Step{Actor: e.sc.actors[next.choice.actor].name, Did: next.did}
	if next.choice.again {
		step.Actor += againMark
	}
	if next.step != nil {
		step.Op = next.step.text
	}
	return step
}

// Replay runs a schedule again, checking everything on the way as an exploration does, whatever the bounds of the scenario are. It
// returns the first violation, nil if there is none, and what each step led to. A step that is not possible is an error.
func Replay(sc *Scenario, trace Trace) (*Violation, []string, error) {
	unbounded := *sc
	unbounded.Faults, unbounded.InFlight = -1, 0
	sc = &unbounded
	e, err := newExplorer(sc)
	if err != nil {
		return nil, nil, err
	}
	s, err := e.initial()
	if err != nil {
		return nil, nil, err
	}
	var states []string
	for i, want := range trace {
		var (
			possible  []string
			taken     bool
			violation *Violation
		)
		e.successors(&s, func(next *successor) bool {
			got := e.step(next)
			possible = append(possible, "  "+got.String())
			if taken = got == want; !taken {
				return true
			}
			s, violation = next.state, next.violation
			return false
		})
		if !taken {
			return nil, states, fmt.Errorf("step %d is not possible: %v\npossible are:\n%s", i+1, want, strings.Join(possible, "\n"))
		}
		states = append(states, fmt.Sprintf("%v\n    %s", want, e.describe(&s)))
		if violation == nil {
			violation = e.checkWorld(&s)
		}
		if violation != nil {
			return violation, states, nil
		}
	}
	s.at = [maxActors]nodeRef{}
	_, violation := e.heal(s)
	return violation, states, nil
}
