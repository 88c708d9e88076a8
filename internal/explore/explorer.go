package explore

import (
	"fmt"
	"slices"
	"strings"
)

type explorer struct {
	sc       *Scenario
	model    Model
	orders   *orders
	tree     *tree
	requests []string
	writes   map[write]written
	checks   map[check]*Violation

	// found numbers the visited states; links leads back from each to the beginning.
	found  map[state]uint32
	links  []link
	worlds map[state]struct{}
}

type link struct {
	parent uint32
	choice choice
}

func newExplorer(sc *Scenario) (*explorer, error) {
	e := &explorer{
		sc:     sc,
		writes: map[write]written{},
		checks: map[check]*Violation{},
		found:  map[state]uint32{},
		worlds: map[state]struct{}{},
	}
	if sc.Mutation != nil {
		e.model = sc.Mutation.Model
	}
	e.model = e.model.withDefaults()
	sc.prepare()
	e.orders = newOrders(sc)
	for _, a := range sc.actors {
		for _, c := range a.calls {
			if c.id != "" && !slices.Contains(e.requests, c.id) {
				e.requests = append(e.requests, c.id)
			}
		}
	}
	if len(sc.actors) > maxActors || len(e.requests) > 32 {
		return nil, fmt.Errorf(
			"scenario %s has %d actors and %d requests: too many", sc.Name, len(sc.actors), len(e.requests),
		)
	}
	var err error
	e.tree, err = newTree(sc, e.orders)
	return e, err
}

// describe describes a state in one line.
func (e *explorer) describe(s *state) string {
	o := e.orders.get(s.order)
	if o == nil {
		return "no order; workflow " + s.workflow.stage.String()
	}
	var owes []string
	for _, w := range waits {
		how := "held"
		if e.orders.life(o).decided(w) {
			how = "being answered"
		}
		for _, t := range kept(o, w) {
			owes = append(owes, tokens[t].name+" "+how)
		}
	}
	for _, id := range o.OwedEvents {
		owes = append(owes, eventOf(id)+" owed")
	}
	return fmt.Sprintf(
		"%s at version %d (%s); workflow %s", o.State, o.Version, strings.Join(owes, ", "), s.workflow.stage,
	)
}

// outcome is the outcome of one step of I/O.
type outcome uint8

const (
	// asAsked: the step succeeds, and the call gets its answer.
	asAsked outcome = iota
	// lost: the step succeeds, but its answer is lost, so the call gets an error.
	lost
	// failed: nothing happens, and the call gets an error.
	failed
	// partly: the first of several events is published, and the call gets an error.
	partly
	// named: the first of several events is published, and the call is told that the others were not.
	named
	// retried: the write succeeds, its answer is lost below the store's interface, and the store's client repeats it.
	// The call is told that the repetition was refused.
	retried
	// apart: the write succeeds without the workflow's part in it.
	apart
	// otherMenu: the menu has changed, and no longer has the drink.
	otherMenu
	// crashBefore and crashAfter: the process that runs the call dies before or after the step.
	crashBefore
	crashAfter
	outcomeCount
)

// fault reports whether an outcome counts against a scenario's bound of faults.
func (o outcome) fault() bool { return o != asAsked && o != otherMenu }

// outcomeNames are the names of the outcomes in a trace. What a step leads to if it succeeds depends on the step.
var outcomeNames = [outcomeCount]string{
	asAsked:     "done as asked",
	lost:        "done, answer lost",
	failed:      "failed",
	partly:      "the first done, answer lost",
	named:       "the first done, the others not accepted",
	retried:     "applied, repeated by the client, refused",
	apart:       "applied, without the workflow",
	otherMenu:   "it has no such drink any more",
	crashBefore: "crash before",
	crashAfter:  "done, crash after",
}

// choice is one step of the whole system, as stored with every state.
type choice struct {
	actor   uint8 // workflowActor, or an index of Scenario.actors
	again   bool  // repeats a call that was answered
	outcome uint8 // an outcome, a move of the workflow, or givesUp
}

const (
	workflowActor = 255
	givesUp       = uint8(outcomeCount)
)

// written is the result of a write to a record.
type written struct {
	applied   bool
	order     orderRef
	violation *Violation
}

type write struct {
	order orderRef
	node  nodeRef
}

// check is the key of a check: everything that it depends on.
type check struct {
	order     orderRef
	node      nodeRef
	live      token
	published requestSet
}

// remembered makes a check once per key.
func (e *explorer) remembered(c check, look func() *Violation) *Violation {
	v, found := e.checks[c]
	if !found {
		v = look()
		e.checks[c] = v
	}
	return v
}

// requestBit returns the bit of a request id, owed to a publisher, in a requestSet.
func (e *explorer) requestBit(id string) requestSet {
	i := slices.Index(e.requests, id)
	if i < 0 { // one that the Manager made up
		i = len(e.requests)
		e.requests = append(e.requests, id)
	}
	if i >= 32 {
		panic("too many request ids")
	}
	return 1 << i
}

func (e *explorer) published(s *state, owed string) bool { return s.published&e.requestBit(owed) != 0 }
