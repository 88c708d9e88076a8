package dynamostore

import (
	"errors"
	"fmt"
	"slices"

	"github.com/brewline/ordermanager"
)

// keeps reports whether the layout has a word for a state.
func (sample) keeps(state ordermanager.State) bool {
	return slices.Contains([]ordermanager.State{
		ordermanager.StatePending, ordermanager.StateMaking, ordermanager.StateCompleted, ordermanager.StateCancelled,
	}, state)
}

func (l sample) checkLifecycle(lifecycle ordermanager.Lifecycle) error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	answers := map[ordermanager.State]ordermanager.Decision{
		ordermanager.StateCompleted: ordermanager.Done, ordermanager.StateCancelled: ordermanager.Cancelled,
	}
	for _, state := range lifecycle.States() {
		switch want := answers[state.State]; {
		case !l.keeps(state.State):
			refuse("the tables of the sample have no word for the state %q", state.State)
		case state.Answers != want && want == ordermanager.Undecided:
			refuse("in the tables of the sample the state %q answers nothing", state.State)
		case state.Answers != want:
			refuse("in the tables of the sample the state %q answers %q", state.State, want)
		case ends(state.State) && !lifecycle.Terminal(state.State):
			refuse("in the tables of the sample nothing leaves the state %q", state.State)
		case state.Initial && state.State != ordermanager.StatePending:
			refuse("in the tables of the sample orders begin as %q, not as %q", ordermanager.StatePending, state.State)
		}
	}
	for _, rule := range lifecycle.Rules() {
		if rule.Drink == ordermanager.DrinkAccepts && rule.Answers != ordermanager.FirstWait {
			refuse("in the tables of the sample an action that accepts a drink answers the first wait, and %q does not",
				rule.Action)
		}
		if !ends(rule.To) {
			for _, from := range rule.From {
				l.checkClaim(&rule, from, refuse)
			}
		}
	}
	return errors.Join(problems...)
}

// checkClaim refuses an action after which the barista on the order would not tell the state.
func (sample) checkClaim(rule *ordermanager.Rule, from ordermanager.State, refuse func(string, ...any)) {
	claimed := from == ordermanager.StateMaking
	switch rule.Claim {
	case ordermanager.ClaimTakes:
		claimed = true
	case ordermanager.ClaimReleases:
		claimed = false
	case ordermanager.ClaimNeeds: // on an order that nobody holds, it records who acted
		claimed = true
	}
	if claimed != (rule.To == ordermanager.StateMaking) {
		refuse("in the tables of the sample an order is %q while a barista is on it, which %q from %q does not keep",
			ordermanager.StateMaking, rule.Action, from)
	}
}
