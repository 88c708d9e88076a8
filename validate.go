package ordermanager

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/brewline/ordermanager/internal/texts"
	"github.com/brewline/ordermanager/internal/unsound"
)

// LifecycleError lists everything that is wrong with a life-cycle table. It is an [ErrInvalidLifecycle].
type LifecycleError struct {
	// Problems is never empty.
	Problems []LifecycleProblem
}

// LifecycleProblem is one thing that is wrong with a life-cycle table.
type LifecycleProblem struct {
	// Code is the stable name of the rule of validation that is broken.
	Code Code
	// Place is where it stands, as in the JSON form: "rules[3].to" or "states[1]"; empty for the table as a whole.
	Place string
	// Message says what is wrong, by the names of actions and states.
	Message string
}

func (p LifecycleProblem) String() string {
	if p.Place == "" {
		return p.Message
	}
	return p.Place + ": " + p.Message
}

func (e *LifecycleError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, problem := range e.Problems {
		parts[i] = problem.String()
	}
	return fmt.Sprintf("%v: %s", ErrInvalidLifecycle, strings.Join(parts, "; "))
}

// Unwrap returns [ErrInvalidLifecycle].
func (e *LifecycleError) Unwrap() error { return ErrInvalidLifecycle }

// The rules of validation. A table that keeps them keeps the invariants, whatever its states and actions.
const (
	codeForm           Code = "bad_form"
	codeName           Code = "bad_name"
	codeReserved       Code = "reserved_name"
	codeValue          Code = "unknown_value"
	codeStateTwice     Code = "state_twice"
	codeInitial        Code = "initial_state"
	codeUnknownState   Code = "unknown_state"
	codeNoFrom         Code = "starts_nowhere"
	codeActionTwice    Code = "action_twice"
	codeUnreachable    Code = "unreachable"
	codeContradiction  Code = "contradicted_answer"
	codeNoAnswer       Code = "no_answer"
	codeNoTimeout      Code = "no_timeout"
	codeTimeout        Code = "timeout_meaning"
	codeClaimTwice     Code = "claimed_twice"
	codeSometimesHeld  Code = "sometimes_held"
	codeNoClaim        Code = "nothing_to_release"
	codeDrinkTwice     Code = "drink_accepted_twice"
	codeNoDrink        Code = "no_drink"
	codeSometimesDrink Code = "sometimes_drink"
	codeNobody         Code = "nobody_can"
)

// Validate reports everything that is wrong with the table at once, as a [*LifecycleError]. A sound table
//
//   - has names that every store and event bus can carry, each state once, one of them initial, and no action twice
//     from one state;
//   - reaches each of its states;
//   - never contradicts an answer: what leaves a state that answers the workflow leads to one that answers the same;
//   - lets no workflow wait for ever: from a state that answers nothing what people do can lead to one that answers,
//     whoever holds the order and with its drink or without, and a time-out leads to one too, because the workflow of
//     an order that timed out is over;
//   - lets one barista hold an order: a claim is taken only where nobody can hold one, given up only where somebody
//     does, and a state that something leaves is either always held or never;
//   - accepts one drink, by all rules of an action or by none, and needs one only where one can have been accepted;
//   - has no rule that nobody can ever use: a barista cannot act on what an admin holds.
//
// Where a rule names no roles, this takes it that the [DefaultPolicy] decides.
func (l Lifecycle) Validate() error {
	c := &tableChecker{Lifecycle: l}
	c.checkNames()
	if len(c.problems) == 0 { // what follows makes sense only if every name means something
		c.reached = c.situations()
		c.checkPaths()
		c.checkAnswers()
		c.checkMeaning()
	}
	if len(c.problems) == 0 {
		return nil
	}
	return &LifecycleError{c.problems}
}

type tableChecker struct {
	Lifecycle
	// reached are the situations in which an order can be.
	reached  []situation
	problems []LifecycleProblem
}

func (c *tableChecker) problem(code Code, place, format string, args ...any) {
	if unsound.Allows(string(code)) {
		return
	}
	p := LifecycleProblem{code, place, fmt.Sprintf(format, args...)}
	if !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

func (c *tableChecker) checkNames() {
	var initial []State
	for i, s := range c.states {
		place := fmt.Sprintf("states[%d]", i)
		c.checkName(place+".name", string(s.State), MaxStateBytes)
		if slices.ContainsFunc(c.states[:i], func(other StateRule) bool { return other.State == s.State }) {
			c.problem(codeStateTwice, place, "the state %s appears twice", s.State)
		}
		if s.Initial {
			initial = append(initial, s.State)
		}
		if s.Event != "" {
			c.checkName(place+".event", string(s.Event), MaxEventTypeBytes)
			if !s.Initial {
				c.problem(codeValue, place+".event",
					"%s announces the beginning of an order, and %s is not where it begins", s.Event, s.State)
			}
		}
		if !s.Answers.known() {
			c.problem(codeValue, place+".answers", "%q is neither %q nor %q", s.Answers, Done, Cancelled)
		}
	}
	switch {
	case len(initial) == 0:
		c.problem(codeInitial, "states", "no state is initial: mark the one in which orders begin")
	case len(initial) > 1:
		c.problem(codeInitial, "states", "%s and %s are both initial: orders begin in one state", initial[0], initial[1])
	case c.Answers(initial[0]) != Undecided:
		c.problem(codeInitial, "states",
			"orders begin in %s, which answers the workflow before anybody did anything", initial[0])
	}
	for i, r := range c.rules {
		c.checkRule(fmt.Sprintf("rules[%d]", i), i, &r)
	}
}

func (c *tableChecker) checkRule(place string, index int, r *Rule) {
	c.checkName(place+".action", string(r.Action), MaxActionBytes)
	if slices.Contains([]Action{ActionWorkflowStarted, ActionWaitingCompletion, ActionAbandoned, ActionResent}, r.Action) {
		c.problem(codeReserved, place+".action", "%s has a meaning of its own, which no table can change", r.Action)
	}
	if !c.Has(r.To) {
		c.problem(codeUnknownState, place+".to", "%s leads to %q, which is no state of the table", r.Action, r.To)
	}
	if len(r.From) == 0 {
		c.problem(codeNoFrom, place+".from", "%s has no state to start from", r.Action)
	}
	for j, from := range r.From {
		place := fmt.Sprintf("%s.from[%d]", place, j)
		if !c.Has(from) {
			c.problem(codeUnknownState, place, "%s starts from %q, which is no state of the table", r.Action, from)
		}
		twice := slices.Contains(r.From[:j], from) || slices.ContainsFunc(c.rules[:index], func(other Rule) bool {
			return other.Action == r.Action && slices.Contains(other.From, from)
		})
		if twice {
			c.problem(codeActionTwice, place, "%s starts from %s twice", r.Action, from)
		}
	}
	for j, role := range r.By {
		if !slices.Contains(roles[:], role) {
			c.problem(codeValue, fmt.Sprintf("%s.by[%d]", place, j), "%q is not a role", role)
		}
	}
	if !slices.Contains([]Claim{"", ClaimTakes, ClaimNeeds, ClaimReleases}, r.Claim) {
		c.problem(codeValue, place+".claim", "%q is none of %q, %q and %q", r.Claim, ClaimTakes, ClaimNeeds, ClaimReleases)
	}
	if !slices.Contains([]DrinkEffect{"", DrinkAccepts, DrinkNeeds}, r.Drink) {
		c.problem(codeValue, place+".drink", "%q is neither %q nor %q", r.Drink, DrinkAccepts, DrinkNeeds)
	}
	if r.Answers != 0 && r.Answers != FirstWait {
		c.problem(codeValue, place+".answers", "an action can answer the first wait alone; the second is answered by states")
	}
	if r.Event != "" {
		c.checkName(place+".event", string(r.Event), MaxEventTypeBytes)
		if r.Event == EventWaitingCompletion {
			c.problem(codeReserved, place+".event", "%s announces the second wait, which no table can change", r.Event)
		}
	}
	if r.Action == ActionTimedOut && (r.Claim != "" || r.Drink != "" || r.Answers != 0 || len(r.By) > 0) {
		c.problem(codeTimeout, place,
			"%s comes from the workflow: it has no claim, no drink, no answer and no roles", r.Action)
	}
}

// checkName checks what stores, paths and event buses must carry.
func (c *tableChecker) checkName(place, name string, limit int) {
	letters := !strings.ContainsFunc(name, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-'
	})
	switch {
	case name == "":
		c.problem(codeName, place, "a name is missing")
	case len(name) > limit:
		c.problem(codeName, place, "%q is longer than %d bytes", texts.Clip(name, MaxNameBytes), limit)
	case !letters || !unicode.IsLetter(rune(name[0])):
		c.problem(codeName, place, "%q must have only letters, digits, _ and -, and begin with a letter", name)
	}
}

// situation is what a table can make of an order: its state, in which role somebody holds it, whether it has its drink.
type situation struct {
	state  State
	holder Role
	drink  bool
}

// after lists the situations that a rule leads to, one for each role that can ask for it; none where what it needs is
// not there.
func (l Lifecycle) after(at situation, r *Rule) []situation {
	if !slices.Contains(r.From, at.state) || r.Drink == DrinkAccepts && at.drink || r.Drink == DrinkNeeds && !at.drink {
		return nil
	}
	var all []situation
	for _, role := range roles {
		locked := role == RoleBarista && at.holder != "" && at.holder != RoleBarista && !l.Terminal(at.state)
		if locked || !r.permission(Actor{Role: role}, DefaultPolicy).Allowed {
			continue
		}
		next := situation{r.To, at.holder, at.drink || r.Drink == DrinkAccepts}
		switch r.Claim {
		case ClaimTakes:
			next.holder = role
		case ClaimReleases:
			next.holder = ""
		}
		all = append(all, next)
	}
	return all
}

// reach lists every situation that an order can come to from one, by the rules that count where it is, given by their
// index.
func (l Lifecycle) reach(from situation, counts func(rule int, from State) bool) []situation {
	reached := []situation{from}
	for i := 0; i < len(reached); i++ {
		for j := range l.rules {
			if at := reached[i].state; !slices.Contains(l.rules[j].From, at) || !counts(j, at) {
				continue
			}
			for _, next := range l.after(reached[i], &l.rules[j]) {
				if !slices.Contains(reached, next) {
					reached = append(reached, next)
				}
			}
		}
	}
	return reached
}

// situations lists every situation that an order can be in.
func (l Lifecycle) situations() []situation {
	return l.reach(situation{state: l.Initial()}, func(int, State) bool { return true })
}

// can reports whether an order can be in a situation that is like that.
func (c *tableChecker) can(like func(situation) bool) bool {
	return slices.ContainsFunc(c.reached, like)
}

func (c *tableChecker) checkPaths() {
	for i, s := range c.states {
		if !c.can(func(at situation) bool { return at.state == s.State }) {
			c.problem(codeUnreachable, fmt.Sprintf("states[%d]", i), "no path leads from %s to %s", c.Initial(), s.State)
		}
	}
}

func (c *tableChecker) checkAnswers() {
	for i, r := range c.rules {
		for j, from := range r.From {
			if before, after := c.Answers(from), c.Answers(r.To); before != Undecided && before != after {
				c.problem(codeContradiction, fmt.Sprintf("rules[%d].from[%d]", i, j),
					"%s leads from %s, where the workflow was told %q, to %s, which %s",
					r.Action, from, before, r.To, map[bool]string{
						true: "says nothing", false: fmt.Sprintf("says %q", after),
					}[after == Undecided])
			}
		}
	}
	for i, s := range c.states {
		if s.Answers != Undecided {
			continue
		}
		place := fmt.Sprintf("states[%d]", i)
		stuck := slices.IndexFunc(c.reached, func(at situation) bool { return at.state == s.State && !c.answered(at) })
		if stuck >= 0 {
			c.problem(codeNoAnswer, place, "the workflow of an order in %s would wait for ever: "+
				"nothing that people can do leads to a state that answers", c.reached[stuck])
		}
		timeout := slices.ContainsFunc(c.rules, func(r Rule) bool {
			return r.Action == ActionTimedOut && slices.Contains(r.From, s.State) && c.Answers(r.To) != Undecided
		})
		if !timeout {
			c.problem(codeNoTimeout, place, "an order in %s would stay open when its workflow has timed out: "+
				"add a rule %s from %s to a state that answers", s.State, ActionTimedOut, s.State)
		}
	}
}

// answered reports whether what people do can lead to a state that answers.
func (c *tableChecker) answered(from situation) bool {
	byPeople := c.reach(from, func(rule int, _ State) bool { return c.rules[rule].Action != ActionTimedOut })
	return slices.ContainsFunc(byPeople, func(at situation) bool { return c.Answers(at.state) != Undecided })
}

// checkMeaning checks claims and drinks in every situation in which an order can be.
func (c *tableChecker) checkMeaning() {
	for i, r := range c.rules {
		accepts := slices.ContainsFunc(c.rules, func(other Rule) bool {
			return other.Action == r.Action && (other.Drink == DrinkAccepts) != (r.Drink == DrinkAccepts)
		})
		if accepts && r.Drink == DrinkAccepts {
			c.problem(codeSometimesDrink, fmt.Sprintf("rules[%d].drink", i),
				"%s accepts a drink by one rule and not by another: "+
					"what a request brings is checked before the state is known", r.Action)
		}
		for j, from := range r.From {
			c.checkFrom(fmt.Sprintf("rules[%d].from[%d]", i, j), &r, from)
		}
	}
	for i, s := range c.states {
		held := c.can(func(at situation) bool { return at.state == s.State && at.holder != "" })
		free := c.can(func(at situation) bool { return at.state == s.State && at.holder == "" })
		if held && free && !c.Terminal(s.State) {
			c.problem(codeSometimesHeld, fmt.Sprintf("states[%d]", i),
				"%s is reached with a claim and without one: either take or give it up on every way there", s.State)
		}
	}
}

// checkFrom checks what a rule means in one state that it starts from.
func (c *tableChecker) checkFrom(place string, r *Rule, from State) {
	here := func(like func(situation) bool) bool {
		return c.can(func(at situation) bool { return at.state == from && like(at) })
	}
	switch {
	case r.Claim == ClaimTakes && here(func(at situation) bool { return at.holder != "" }):
		c.problem(codeClaimTwice, place, "%s takes a claim in %s, where a barista may hold the order already", r.Action, from)
	case r.Claim == ClaimReleases && here(func(at situation) bool { return at.holder == "" }):
		c.problem(codeNoClaim, place, "%s gives a claim up in %s, where nobody may hold the order", r.Action, from)
	}
	reached := here(func(situation) bool { return true })
	used := here(func(at situation) bool { return len(c.after(at, r)) > 0 })
	switch {
	case !reached || used:
	case r.Drink == DrinkAccepts && !here(func(at situation) bool { return !at.drink }):
		c.problem(codeDrinkTwice, place, "%s accepts a drink in %s, where the order has one already", r.Action, from)
	case r.Drink == DrinkNeeds && !here(func(at situation) bool { return at.drink }):
		c.problem(codeNoDrink, place, "%s needs a drink in %s, where none can have been accepted", r.Action, from)
	default:
		at := c.reached[slices.IndexFunc(c.reached, func(at situation) bool { return at.state == from })]
		c.problem(codeNobody, place, "nobody who may ask for %s can do it to an order in %s", r.Action, at)
	}
}

// String completes a sentence about an order.
func (at situation) String() string {
	text := string(at.state)
	if !at.drink {
		text += " without a drink"
	}
	if at.holder != "" {
		text += " that is held by the role " + string(at.holder)
	}
	return text
}
