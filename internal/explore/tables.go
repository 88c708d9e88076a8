package explore

import (
	"fmt"
	"math/rand/v2"
	"slices"

	om "github.com/brewline/ordermanager"
)

// The names for random tables. The built-in ones are among them, but mean only what the table says.
var (
	stateNames  = []om.State{"pending", "making", "ready", "on_hold", "collected", "cancelled", "refunded"}
	actionNames = []om.Action{
		"put", "make", "unmake", "complete", "cancel", "hold", "call-out", "collect", "refund", "hand_over",
	}
)

// drawTable draws a table from a seed: 4 to 7 states and 5 to 10 actions, each with one or two rules. It is sound just
// often enough to find sound tables, and unsound in ways that exercise every rule of validation.
func drawTable(seed uint64) *law {
	r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // what can be drawn again is what is wanted
	l := &law{}
	n := 4 + r.IntN(4)
	names := slices.Clone(stateNames)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	answering := 1 + r.IntN(n-2)
	held := map[om.State]bool{}
	for i, name := range names[:n] {
		s := om.StateRule{State: name, Initial: i == 0}
		if i >= n-answering {
			s.Answers = []om.Decision{om.Done, om.Cancelled}[r.IntN(2)]
		}
		held[name] = i > 0 && r.IntN(5) < 2
		l.states = append(l.states, s)
	}
	drawRules(r, l, held)
	return l
}

func drawRules(r *rand.Rand, l *law, held map[om.State]bool) {
	n := len(l.states)
	actions := slices.Clone(actionNames)
	r.Shuffle(len(actions), func(i, j int) { actions[i], actions[j] = actions[j], actions[i] })
	accepting := r.IntN(2)
	for i, action := range actions[:5+r.IntN(6)] {
		for range 1 + r.IntN(5)/3 {
			from := l.states[r.IntN(n)]
			if i == 0 {
				from = l.states[0]
			}
			if _, twice := l.rule(action, from.State); twice && r.IntN(20) > 0 {
				continue
			}
			rule := om.Rule{Action: action, From: []om.State{from.State}, To: l.states[r.IntN(n)].State}
			to, _ := l.answers(rule.To)
			// Usually, what a workflow was told stays true.
			if from.Answers != om.Undecided && to != from.Answers && r.IntN(8) > 0 {
				rule.To, to = from.State, from.Answers
			}
			for _, other := range l.states {
				answer := other.Answers
				alike := held[other.State] == held[from.State] && (answer == om.Undecided || answer == to)
				_, twice := l.rule(action, other.State)
				if !twice && alike && other.State != from.State && r.IntN(4) == 0 {
					rule.From = append(rule.From, other.State)
				}
			}
			drawMeaning(r, &rule, i <= accepting, held[from.State], held[rule.To])
			l.rules = append(l.rules, rule)
		}
	}
	for _, s := range l.states {
		if s.Answers == om.Undecided || r.IntN(6) == 0 {
			to := l.states[n-1]
			if s.Answers != om.Undecided {
				to = s
			}
			l.rules = append(l.rules, om.Rule{Action: om.ActionTimedOut, From: []om.State{s.State}, To: to.State})
		}
	}
}

func drawMeaning(r *rand.Rand, rule *om.Rule, accepts, fromHeld, toHeld bool) {
	switch {
	case !fromHeld && toHeld:
		rule.Claim = om.ClaimTakes
	case fromHeld && !toHeld:
		rule.Claim = om.ClaimReleases
	case r.IntN(2) == 0:
		rule.Claim = om.ClaimNeeds
	}
	switch {
	case accepts:
		rule.Drink = om.DrinkAccepts
	case r.IntN(4) == 0:
		rule.Drink = om.DrinkNeeds
	}
	if accepts || r.IntN(8) == 0 {
		rule.Answers = om.FirstWait
	}
	if r.IntN(3) > 0 {
		rule.Event = om.EventType(fmt.Sprintf("Event-%s", rule.Action))
	}
	for _, role := range []om.Role{om.RoleCustomer, om.RoleBarista, om.RoleAdmin, om.RoleSystem} {
		if r.IntN(5) == 0 {
			rule.By = append(rule.By, role)
		}
	}
}

// people are the actors on a table's order.
var people = []om.Actor{om.Customer(customer), om.Barista("bob"), om.Barista("cem"), om.Admin("dee"), om.System("till")}

// ask returns a person's call for an action of a table, with a drink if the state accepts one.
func (l *law) ask(name string, action om.Action, who om.Actor, at om.State) *call {
	r := om.Request{Reason: "the reason of " + name}
	rule, legal := l.rule(action, at)
	if !legal {
		rule = l.rules[slices.IndexFunc(l.rules, func(r om.Rule) bool { return r.Action == action })]
	}
	if rule.Drink == om.DrinkAccepts {
		r.Drink.Drink = "Espresso"
	}
	return request(name, action, who, r)
}

// scenario is a small scenario for a table: two or three people who together walk through the table, and one who
// interferes.
func (l *law) scenario(name string, seed uint64) *Scenario {
	r := rand.New(rand.NewPCG(seed, 8)) //nolint:gosec // as above
	calls := map[string][]*call{}
	at, steps := l.initial(), 0
	add := func(who om.Actor, action om.Action) {
		text := fmt.Sprintf("%s by %s, %d", action, who.ID, len(calls[who.ID])+1)
		calls[who.ID] = append(calls[who.ID], l.ask(text, action, who, at))
	}
	for try := 0; try < 30 && steps < 4; try++ {
		rule := l.rules[r.IntN(len(l.rules))]
		who := people[r.IntN(len(people))]
		if rule.Action == om.ActionTimedOut || !slices.Contains(rule.From, at) || !permits(&rule, who.Role) ||
			len(calls) == 2 && calls[who.ID] == nil {
			continue
		}
		add(who, rule.Action)
		at = rule.To
		steps++
	}
	for rival := false; !rival; {
		rule, who := l.rules[r.IntN(len(l.rules))], people[r.IntN(len(people))]
		if rival = rule.Action != om.ActionTimedOut && permits(&rule, who.Role); rival {
			add(who, rule.Action)
		}
	}
	sc := &Scenario{
		Name: name, Lifecycle: l.lifecycle(), law: l,
		TimeOuts: r.IntN(2) == 0, Redrivers: 1, Faults: 1, InFlight: 2,
	}
	for _, who := range people {
		if calls[who.ID] != nil {
			sc.Callers = append(sc.Callers, Caller{Name: who.ID, Calls: calls[who.ID]})
		}
	}
	return sc
}
