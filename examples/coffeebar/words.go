package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/brewline/ordermanager"
)

// What the pages call things. A state or action without a word here is called by its name.

// What the bar's own life cycle has beyond the standard one.
const (
	stateReady    ordermanager.State  = "ready"
	stateNoShow   ordermanager.State  = "no_show"
	actionCollect ordermanager.Action = "collect"
	actionGiveUp  ordermanager.Action = "give_up"
)

// spoken is a name from the table as people read it.
func spoken[T ~string](name T) string { return strings.ReplaceAll(string(name), "_", " ") }

// sentence begins with a capital letter.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// called is what an order is called at the counter.
func called(o ordermanager.Order) string {
	if o.Number != "" {
		return "order " + o.Number
	}
	return "the order of " + o.Customer
}

// standing completes a sentence that begins with the order.
func (t table) standing(o ordermanager.Order) string {
	switch {
	case o.State == ordermanager.StatePending && o.Drink == nil:
		return "waits for its drink"
	case o.State == ordermanager.StatePending:
		return "is in the queue"
	case o.State == ordermanager.StateMaking:
		return "is being made by " + o.Barista
	case o.State == ordermanager.StateCompleted && len(t.shelf()) > 0:
		return "has been collected"
	case o.State == ordermanager.StateCompleted:
		return "is ready"
	case o.State == stateNoShow:
		return "has not been collected"
	case o.State == ordermanager.StateCancelled:
		return "is cancelled"
	}
	return "is " + spoken(o.State)
}

// brief is how an order stands, in a word or two.
func (t table) brief(o ordermanager.Order) string {
	if o.State == stateNoShow {
		return "Not collected"
	}
	return sentence(strings.TrimPrefix(strings.TrimPrefix(t.standing(o), "is "), "has been "))
}

// heading tells a customer the state of their order.
func (t table) heading(o ordermanager.Order) string {
	switch {
	case o.State == ordermanager.StateMaking:
		return o.Barista + " is making it"
	case o.State == stateReady, o.State == ordermanager.StateCompleted && len(t.shelf()) == 0:
		return "Your drink is ready"
	}
	return t.brief(o)
}

// advice is what a customer should know besides the heading and the number of orders before theirs. It ends without a
// full stop, because the page adds how long ago that was.
func (t table) advice(o ordermanager.Order) string {
	switch {
	case t.Answers(o.State) == ordermanager.Cancelled:
		return reason(o.Reason)
	case o.State == stateNoShow:
		return "It stood for too long, and was cleared away"
	case o.State == ordermanager.StateCompleted && len(t.shelf()) > 0:
		return "Enjoy!"
	case t.done(o.State):
		return "Pick it up at the counter. Enjoy!"
	}
	return "It will not be long"
}

// station is what a state is called on the way of an order.
func (t table) station(state ordermanager.State) string {
	switch {
	case state == ordermanager.StatePending:
		return "In the queue"
	case state == ordermanager.StateMaking:
		return "Being made"
	case state == ordermanager.StateCompleted && len(t.shelf()) > 0:
		return "Collected"
	case state == ordermanager.StateCompleted:
		return "Ready"
	}
	return sentence(spoken(state))
}

// deed describes what an action did.
func deed(action ordermanager.Action) string {
	switch action {
	case ordermanager.ActionWorkflowStarted:
		return "Began the order"
	case ordermanager.ActionPut:
		return "Chose the drink"
	case ordermanager.ActionWaitingCompletion:
		return "Gave it a number"
	case ordermanager.ActionMake:
		return "Began to make it"
	case ordermanager.ActionUnmake:
		return "Put it back"
	case ordermanager.ActionComplete:
		return "Finished it"
	case ordermanager.ActionCancel:
		return "Cancelled it"
	case ordermanager.ActionTimedOut:
		return "Gave up waiting"
	case actionCollect:
		return "Collected it"
	case actionGiveUp:
		return "Cleared it away"
	}
	return sentence(spoken(action))
}

// label is a barista's button for an action.
func label(action ordermanager.Action) string {
	switch action {
	case ordermanager.ActionUnmake:
		return "Put back"
	case ordermanager.ActionComplete:
		return "Ready"
	case actionCollect:
		return "Collected"
	case actionGiveUp:
		return "Clear away"
	}
	return sentence(spoken(action))
}

// customerLabel is a customer's button for it.
func customerLabel(action ordermanager.Action) string {
	switch action {
	case ordermanager.ActionCancel:
		return "Cancel this order"
	case actionCollect:
		return "I have it"
	}
	return label(action)
}

// reason says why an order was cancelled, in the words of a coffee bar.
func reason(text string) string {
	switch text {
	case "":
		return "No reason was given"
	case "Customer timedout":
		return "No drink was chosen in time"
	case "Barista timedout":
		return "It could not be made in time"
	}
	return text
}
