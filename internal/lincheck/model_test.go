package lincheck_test

import (
	"fmt"
	"strings"

	"github.com/anishathalye/porcupine"

	"github.com/brewline/ordermanager"
)

// life is what the model knows of one order. The rules below are written out by hand from the design, and share no code
// with what they judge.
type life struct {
	exists bool
	seen
	// first and second are the times of the newest registration of each wait.
	first, second int64
	// requests are the request ids that were applied, each as ";id=what;".
	requests string
}

// seen is what a caller gets to see of an order.
type seen struct {
	state, drink, barista, number, reason string
	version                               int
}

// call is what was asked.
type call struct {
	action  ordermanager.Action
	order   string
	actor   ordermanager.Actor
	request string // the request id, or the token
	detail  string // the drink, the reason or the number
	at      int64  // the time of a registration
}

const read ordermanager.Action = "read"

// answer is what came back.
type answer struct {
	kind kind
	code ordermanager.Code // of a refusal
	// seen is the order that came with it; nil if none did.
	seen *seen
}

type kind string

const (
	// applied: this call changed the order, and here it is as it was then.
	applied kind = "applied"
	// done: it is certain that the request has taken effect, or has none; it may have been this call or an earlier one.
	done kind = "done"
	// refused: nothing was written by this call.
	refused kind = "refused"
	// unknown: it may have been applied, now, later or never. Whether it ever was is found out at the end of the history.
	unknown kind = "unknown"
	// looked: the order as it is, or nil.
	looked kind = "looked"
)

const owner = "ann"

// entry is how the model remembers a request.
func (c call) entry() string { return ";" + c.request + "=" + string(c.action) + "/" + c.detail + ";" }

// repeated reports whether the request id is known.
func (l life) repeated(c call) bool { return strings.Contains(l.requests, ";"+c.request+"=") }

// idle reports whether there is nothing to do: a notification that brings nothing new, or a barista who asks for what
// they hold.
func (l life) idle(c call) bool {
	switch c.action {
	case ordermanager.ActionWorkflowStarted, ordermanager.ActionWaitingCompletion:
		return l.repeated(c)
	case ordermanager.ActionTimedOut:
		return l.ended()
	case ordermanager.ActionMake:
		return l.state == "making" && l.barista == c.actor.ID
	}
	return false
}

func (l life) ended() bool { return l.state == "completed" || l.state == "cancelled" }

// refusal is the code with which a new request is refused; empty if it is not.
func (l life) refusal(c call) ordermanager.Code {
	held := c.actor.Role == ordermanager.RoleBarista && l.state == "making" && l.barista != c.actor.ID
	switch {
	case c.action == ordermanager.ActionWorkflowStarted:
		return ""
	case !l.exists:
		return "order_not_found"
	case c.actor.Role == ordermanager.RoleCustomer && c.actor.ID != owner:
		return "not_owner"
	case held && c.action != ordermanager.ActionPut:
		return "claimed"
	}
	switch c.action {
	case ordermanager.ActionPut:
		switch {
		case l.state != "pending":
			return "illegal_transition"
		case l.drink != "":
			return "drink_accepted"
		}
	case ordermanager.ActionMake:
		switch {
		case l.state != "pending":
			return "illegal_transition"
		case l.drink == "":
			return "not_ready"
		}
	case ordermanager.ActionUnmake, ordermanager.ActionComplete:
		if l.state != "making" {
			return "illegal_transition"
		}
	case ordermanager.ActionCancel:
		if l.ended() {
			return "illegal_transition"
		}
	}
	return ""
}

// after is the order after a new request was applied.
func (l life) after(c call) life {
	switch c.action {
	case ordermanager.ActionWorkflowStarted:
		if !l.exists {
			l.exists, l.state = true, "pending"
		}
		at := c.at
		if l.drink != "" || l.ended() {
			at++ // it begins again, after a second wait of the same time
		}
		l.first = max(l.first, at)
	case ordermanager.ActionWaitingCompletion:
		if c.at >= l.second { // an older one is kept as the spare one, and says nothing
			l.second, l.number = c.at, c.detail
		}
	case ordermanager.ActionPut:
		l.drink = c.detail
	case ordermanager.ActionMake:
		l.state, l.barista = "making", c.actor.ID
	case ordermanager.ActionUnmake:
		l.state, l.barista = "pending", ""
	case ordermanager.ActionComplete:
		l.state = "completed"
		if c.actor.Role == ordermanager.RoleBarista {
			l.barista = c.actor.ID
		}
	case ordermanager.ActionCancel, ordermanager.ActionTimedOut:
		l.state, l.reason = "cancelled", c.detail
	}
	l.version++
	l.requests += c.entry()
	return l
}

// step says whether the answer can be explained by the call taking effect now, and what the order is then.
func step(l life, c call, a answer) (bool, life) {
	shows := func(l life) bool { return a.seen == nil || l.exists && *a.seen == l.seen }
	switch a.kind {
	case looked:
		return l.exists == (a.seen != nil) && shows(l), l
	case refused:
		if a.code == "request_reused" {
			return l.exists && l.repeated(c) && !strings.Contains(l.requests, c.entry()) && shows(l), l
		}
		return !l.repeated(c) && !l.idle(c) && l.refusal(c) == a.code && shows(l), l
	}
	fresh := !l.repeated(c) && !l.idle(c) && l.refusal(c) == ""
	switch {
	case fresh:
		l = l.after(c)
		return a.kind != applied || shows(l), l
	case a.kind == applied:
		return false, l
	default:
		return strings.Contains(l.requests, c.entry()) || l.idle(c), l
	}
}

// model is the model in porcupine's form.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		at := map[string]int{}
		var parts [][]porcupine.Operation
		for _, op := range history {
			id := op.Input.(call).order
			if _, met := at[id]; !met {
				at[id] = len(parts)
				parts = append(parts, nil)
			}
			parts[at[id]] = append(parts[at[id]], op)
		}
		return parts
	},
	Init: func() any { return life{} },
	Step: stepAny,
	DescribeOperation: func(input, output any) string {
		c, a := input.(call), output.(answer)
		text := fmt.Sprintf("%s %s %s by %s %q → %s %s", c.action, c.order, c.request, c.actor.ID, c.detail, a.kind, a.code)
		if a.seen != nil {
			text += fmt.Sprintf(" %+v", *a.seen)
		}
		return text
	},
	DescribeState: func(state any) string { return fmt.Sprintf("%+v", state.(life)) },
}

func stepAny(state, input, output any) (bool, any) {
	ok, next := step(state.(life), input.(call), output.(answer))
	return ok, next
}
