package explore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

func slotOf(o *ordermanager.Order, w ordermanager.Wait) ordermanager.WaitSlot {
	if w == ordermanager.SecondWait {
		return o.SecondWait
	}
	return o.FirstWait
}

// kept lists the tokens in the slot of a wait.
func kept(o *ordermanager.Order, w ordermanager.Wait) (all []token) {
	slot := slotOf(o, w)
	for _, value := range []ordermanager.TaskToken{slot.Token, slot.Spare} {
		if t := tokenOf(value); t != noToken {
			all = append(all, t)
		}
	}
	return all
}

func has(o *ordermanager.Order, requestID string) bool {
	return slices.ContainsFunc(o.History, func(e ordermanager.Entry) bool { return e.RequestID == requestID })
}

// nameOf returns a readable form of a request id: for a registration, the name of its token.
func nameOf(requestID string) string {
	if t := tokenWithID(requestID); t != noToken {
		return tokens[t].name
	}
	return requestID
}

// owed returns the key under which an event is owed to a publisher, and owing parses it. The format is repeated here on
// purpose: what a Manager has written must stay readable.
func owed(publisher, requestID string) string {
	if publisher == "" {
		return requestID
	}
	return " " + publisher + " " + requestID
}

func owing(key string) (publisher, requestID string) {
	if key[0] != ' ' {
		return "", key
	}
	parts := strings.SplitN(key, " ", 3)
	return parts[1], parts[2]
}

// eventOf describes what is owed.
func eventOf(key string) string {
	publisher, id := owing(key)
	if publisher != "" {
		publisher = " for " + publisher
	}
	return "event of " + nameOf(id) + publisher
}

func transitionText(t *ordermanager.Transition) string {
	text := nameOf(t.Entry.RequestID)
	switch {
	case t.Create != nil:
		text += ", creating the order"
	case t.Assign.Register != nil && t.Guards.Undecided != 0:
		text += ", to be held"
	case t.Assign.Register != nil:
		text += ", to be answered at once"
	}
	if r := t.Assign.Register; r != nil && r.Spare {
		text += " as the spare one"
	}
	if t.Assign.AnswerFirst {
		text += ", first wait over"
	}
	return text
}

func settlementText(s *ordermanager.Settlement) string {
	var parts []string
	for _, value := range []ordermanager.TaskToken{s.First, s.FirstSpare, s.Second, s.SecondSpare} {
		if !value.IsZero() {
			parts = append(parts, tokens[tokenOf(value)].name)
		}
	}
	for _, id := range s.Events {
		parts = append(parts, eventOf(id))
	}
	if s.Everything {
		parts = append(parts, fmt.Sprintf("all of version %d", s.Version))
	}
	return strings.Join(parts, ", ")
}

func outcomeText(o ordermanager.Outcome) string {
	if o.Failure() {
		return "failure " + o.Error
	}
	var output ordermanager.WorkflowOutput
	if err := json.Unmarshal(o.Output, &output); err != nil {
		return "output that is not JSON"
	}
	return fmt.Sprintf("success (%s, %s)", output.Action, output.State)
}
