package explore

import (
	"slices"

	om "github.com/brewline/ordermanager"
)

// law is a life-cycle table as the oracle reads it. The tables of the scenarios are deliberately written out again
// here: an oracle that asked the table under test, or the code that reads it, would agree with every mistake in them.
type law struct {
	states []om.StateRule
	rules  []om.Rule
}

// shopLaw is the life cycle of an ordinary order; with robots, orders can also be completed without a claim.
func shopLaw(robots bool) *law {
	completable := []om.State{"making"}
	if robots {
		completable = append(completable, "pending")
	}
	return &law{
		states: []om.StateRule{
			{State: "pending", Initial: true}, {State: "making"},
			{State: "completed", Answers: om.Done}, {State: "cancelled", Answers: om.Cancelled},
		},
		rules: []om.Rule{
			{Action: "put", From: []om.State{"pending"}, To: "pending", Drink: om.DrinkAccepts, Answers: om.FirstWait},
			{
				Action: "make", From: []om.State{"pending"}, To: "making", Claim: om.ClaimTakes, Drink: om.DrinkNeeds,
				Event: "MakeOrder",
			},
			{Action: "unmake", From: []om.State{"making"}, To: "pending", Claim: om.ClaimReleases, Event: "MakeOrder"},
			{
				Action: "complete", From: completable, To: "completed", Claim: om.ClaimNeeds, Drink: om.DrinkNeeds,
				Event: "OrderCompleted",
			},
			{Action: "cancel", From: []om.State{"pending", "making"}, To: "cancelled", Event: "OrderCancelled"},
			{Action: "timed_out", From: []om.State{"pending", "making"}, To: "cancelled"},
		},
	}
}

// lifecycle returns the table in the library's form.
func (l *law) lifecycle() om.Lifecycle {
	return om.Lifecycle{}.WithStates(l.states...).With(l.rules...)
}

// rule is what an action means in a state.
func (l *law) rule(action om.Action, from om.State) (rule om.Rule, legal bool) {
	for _, r := range l.rules {
		if r.Action == action && slices.Contains(r.From, from) {
			return r, true
		}
	}
	return om.Rule{}, false
}

func (l *law) actions() []om.Action {
	var all []om.Action
	for _, r := range l.rules {
		if r.Action != om.ActionTimedOut && !slices.Contains(all, r.Action) {
			all = append(all, r.Action)
		}
	}
	return all
}

func (l *law) initial() om.State {
	for _, s := range l.states {
		if s.Initial {
			return s.State
		}
	}
	return ""
}

// answers returns what a workflow is told in a state. A table that says two things about a state is broken, whichever
// is chosen.
func (l *law) answers(state om.State) (answer om.Decision, same bool) {
	same = true
	for i, s := range l.states {
		if s.State != state {
			continue
		}
		if answer != s.Answers &&
			slices.ContainsFunc(l.states[:i], func(other om.StateRule) bool { return other.State == state }) {
			return answer, false
		}
		answer = s.Answers
	}
	return answer, same
}

// final reports whether nothing leaves a state.
func (l *law) final(state om.State) bool {
	for _, r := range l.rules {
		if r.To != state && slices.Contains(r.From, state) {
			return false
		}
	}
	return true
}

// permits reports whether a rule lets the role ask at all: its roles do or, if it names none, the coffee shop's policy.
func permits(r *om.Rule, who om.Role) bool {
	if r.Action == om.ActionTimedOut {
		return who == om.RoleSystem
	}
	if len(r.By) > 0 {
		return slices.Contains(r.By, who)
	}
	switch who {
	case om.RoleCustomer:
		return r.Action == "put" || r.Action == "cancel"
	case om.RoleBarista, om.RoleAdmin:
		return r.Action != "put"
	default:
		return r.Action == "cancel"
	}
}
