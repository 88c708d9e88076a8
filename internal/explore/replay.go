package explore

import (
	"fmt"
	"strings"
)

// Replay runs a schedule again, with all checks of an exploration but without the scenario's bounds. It returns the
// first violation, or nil, and the result of each step. An impossible step is an error.
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
			return nil, states, fmt.Errorf(
				"step %d is not possible: %v\npossible are:\n%s", i+1, want, strings.Join(possible, "\n"),
			)
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
