package main

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/brewline/ordermanager"
)

// functions are what the templates can say.
var functions = template.FuncMap{
	"actOf":     func(o ordermanager.Order, action ordermanager.Action, label string) act { return act{o, action, label} },
	"brief":     brief,
	"called":    called,
	"choiceOf":  func(o ordermanager.Order, item ordermanager.MenuItem) choice { return choice{o, item} },
	"cup":       cup,
	"deed":      deed,
	"dropOf":    func(o ordermanager.Order, reasons []string) drop { return drop{o, reasons} },
	"doorOf":    newEntrance,
	"half":      func(n int) int { return n / 2 },
	"iso":       func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"join":      strings.Join,
	"left":      func(t time.Time) string { return span(time.Until(t)) },
	"moment":    func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 MST") },
	"reason":    reason,
	"sentence":  sentence,
	"since":     func(t time.Time) string { return span(time.Since(t)) },
	"slug":      func(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "-") },
	"standing":  standing,
	"stateName": func(s ordermanager.State) string { return stateNames[s] },
}

// What a part of a template gets that needs more than one thing.
type (
	act struct {
		Order  ordermanager.Order
		Action ordermanager.Action
		Label  string
	}
	choice struct {
		Order ordermanager.Order
		Item  ordermanager.MenuItem
	}
	drop struct {
		Order   ordermanager.Order
		Reasons []string
	}
	entrance struct {
		Door               door
		Title, Text, Label string
		Asked              bool
		Wrong              string
	}
)

func newEntrance(step doorstep, d door, title, text, label string) entrance {
	e := entrance{Door: d, Title: title, Text: text, Label: label, Asked: step.Asked == d}
	if step.Door == d {
		e.Wrong = step.Wrong
	}
	return e
}

var stateNames = map[ordermanager.State]string{
	ordermanager.StatePending: "Pending", ordermanager.StateMaking: "Making",
	ordermanager.StateCompleted: "Completed", ordermanager.StateCancelled: "Cancelled",
}

// span is a duration in the words of app.js, which goes on counting.
func span(d time.Duration) string {
	switch s := max(0, int(d.Seconds())); {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min", s/60)
	case s < 86400:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	default:
		return fmt.Sprintf("%d d", s/86400)
	}
}

// exactly is a duration to the second.
func exactly(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
}

// sentence begins with a capital letter.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// brief is how an order stands, in a word or two.
func brief(o ordermanager.Order) string {
	return strings.TrimPrefix(strings.TrimPrefix(standing(o), "is "), "has been ")
}

// deed says in words what an action did.
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
	}
	return string(action)
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
