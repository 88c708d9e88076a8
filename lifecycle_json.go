package ordermanager

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/brewline/ordermanager/internal/strictjson"
	"github.com/brewline/ordermanager/internal/texts"
)

// lifecycleJSON is the JSON form of a table: docs/lifecycle.schema.json describes it.
type lifecycleJSON struct {
	States []stateJSON `json:"states"`
	Rules  []ruleJSON  `json:"rules"`
}

type stateJSON struct {
	Name    State     `json:"name"`
	Initial bool      `json:"initial,omitempty"`
	Answers Decision  `json:"answers,omitempty"`
	Event   EventType `json:"event,omitempty"`
}

type ruleJSON struct {
	Action  Action      `json:"action"`
	From    []State     `json:"from"`
	To      State       `json:"to"`
	By      []Role      `json:"by,omitempty"`
	Claim   Claim       `json:"claim,omitempty"`
	Drink   DrinkEffect `json:"drink,omitempty"`
	Answers string      `json:"answers,omitempty"`
	Event   EventType   `json:"event,omitempty"`
}

// firstWait is the JSON form of [FirstWait] in a rule.
const firstWait = "first_wait"

// MarshalJSON returns the JSON form of the table, which [ParseLifecycle] reads.
func (l Lifecycle) MarshalJSON() ([]byte, error) {
	form := lifecycleJSON{States: []stateJSON{}, Rules: []ruleJSON{}}
	for _, s := range l.states {
		form.States = append(form.States, stateJSON{s.State, s.Initial, s.Answers, s.Event})
	}
	for _, r := range l.rules {
		rule := ruleJSON{Action: r.Action, From: r.From, To: r.To, By: r.By, Claim: r.Claim, Drink: r.Drink, Event: r.Event}
		if r.Answers == FirstWait {
			rule.Answers = firstWait
		}
		form.Rules = append(form.Rules, rule)
	}
	return json.Marshal(form)
}

// UnmarshalJSON is [ParseLifecycle].
func (l *Lifecycle) UnmarshalJSON(data []byte) error {
	parsed, err := ParseLifecycle(data)
	if err == nil {
		*l = parsed
	}
	return err
}

// ParseLifecycle reads the JSON form of a table, at most [MaxRequestBytes] long, and checks it as [Lifecycle.Validate]
// does:
//
//	{"states": [{"name": "pending", "initial": true}, {"name": "making"}, {"name": "completed", "answers": "done"}, …],
//	 "rules":  [{"action": "make", "from": ["pending"], "to": "making", "by": ["barista"], "claim": "takes",
//	             "drink": "needs", "event": "MakeOrder"}, …]}
//
// The names and values are those of [StateRule] and [Rule]; "answers" of a rule is "first_wait". People write such
// files, so unknown and duplicate names are refused like everything else that is wrong: with their place, all at once,
// as a [*LifecycleError]. Of an object with a duplicate name, only that is reported. A byte-order mark is skipped.
func ParseLifecycle(data []byte) (Lifecycle, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	c := &tableChecker{}
	if len(data) > MaxRequestBytes {
		c.problem(codeForm, "", "the table is longer than %d bytes", MaxRequestBytes)
		return Lifecycle{}, &LifecycleError{c.problems}
	}
	table, err := strictjson.Parse("", data)
	if bad, ok := errors.AsType[*strictjson.Error](err); ok {
		c.problem(codeForm, "", "the table %s", bad.Rule)
		return Lifecycle{}, &LifecycleError{c.problems}
	}
	l := c.readTable(table)
	if len(c.problems) > 0 {
		return Lifecycle{}, &LifecycleError{c.problems}
	}
	return l, l.Validate()
}

func (c *tableChecker) readTable(table strictjson.Value) Lifecycle {
	var l Lifecycle
	var states, rules []strictjson.Value
	c.readObject(table, map[string]any{"states": &states, "rules": &rules})
	for _, state := range states {
		var s StateRule
		c.readObject(state, map[string]any{
			"name": &s.State, "initial": &s.Initial, "answers": &s.Answers, "event": &s.Event,
		})
		l.states = append(l.states, s)
	}
	for _, rule := range rules {
		var r Rule
		var answers string
		c.readObject(rule, map[string]any{
			"action": &r.Action, "from": &r.From, "to": &r.To, "by": &r.By, "claim": &r.Claim, "drink": &r.Drink,
			"answers": &answers, "event": &r.Event,
		})
		switch answers {
		case "":
		case firstWait:
			r.Answers = FirstWait
		default:
			c.problem(codeValue, rule.Path()+".answers", "%q is not %q", texts.Clip(answers, MaxNameBytes), firstWait)
		}
		l.rules = append(l.rules, r)
	}
	return l
}

// readObject reads an object of known names, each spelt exactly and there once.
func (c *tableChecker) readObject(v strictjson.Value, fields map[string]any) {
	object, err := v.Object()
	if bad, ok := errors.AsType[*strictjson.Error](err); ok {
		c.problem(codeForm, bad.Path, "it %s", bad.Rule)
		return
	}
	for _, name := range object.Names() {
		member := object.Get(name)
		if into, known := fields[name]; !known {
			c.problem(codeForm, member.Path(), "nothing is called %q here", texts.Clip(name, MaxNameBytes))
		} else if !readInto(member, into) {
			c.problem(codeForm, member.Path(), "it has the wrong type")
		}
	}
}

func readInto(v strictjson.Value, into any) bool {
	if list, ok := into.(*[]strictjson.Value); ok {
		*list, ok = v.List()
		return ok || v.Absent()
	}
	return json.Unmarshal([]byte(v.Raw()), into) == nil
}
