package main

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

// functionsOf returns the template functions for a life cycle.
func functionsOf(t table) template.FuncMap {
	return template.FuncMap{
		"actOf":         t.actOf,
		"brief":         t.brief,
		"called":        called,
		"cardOf":        t.cardOf,
		"cancels":       func(r ordermanager.Rule) bool { return t.Answers(r.To) == ordermanager.Cancelled },
		"choiceOf":      func(o ordermanager.Order, item ordermanager.MenuItem) choice { return choice{o, item} },
		"cup":           cup,
		"customerLabel": customerLabel,
		"deed":          deed,
		"dropOf":        func(o ordermanager.Order, rule ordermanager.Rule) drop { return drop{o, rule, reasons} },
		"doorOf":        newEntrance,
		"half":          func(n int) int { return n / 2 },
		"iso":           func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"join":          strings.Join,
		"label":         label,
		"left":          func(t time.Time) string { return span(time.Until(t)) },
		"moment":        func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 MST") },
		"offers":        t.offers,
		"reason":        reason,
		"sentence":      sentence,
		"since":         func(t time.Time) string { return span(time.Since(t)) },
		"slug":          func(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "-") },
		"standing":      t.standing,
		"stateName":     func(s ordermanager.State) string { return sentence(spoken(s)) },
		"tone":          t.tone,
	}
}

// The arguments of templates that need more than one.
type (
	act struct {
		Order ordermanager.Order
		Rule  ordermanager.Rule
		Style string
	}
	choice struct {
		Order ordermanager.Order
		Item  ordermanager.MenuItem
	}
	card struct {
		Order ordermanager.Order
		// Whose is "mine" or "other" if a barista holds the order.
		Whose  string
		Offers []ordermanager.Rule
		Note   string
		Since  time.Time
	}
	drop struct {
		Order   ordermanager.Order
		Rule    ordermanager.Rule
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

// actOf is the button of a rule for an order.
func (t table) actOf(o ordermanager.Order, rule ordermanager.Rule) act {
	return act{o, rule, t.style(rule, o.State)}
}

// cardOf is an order on a barista's page.
func (t table) cardOf(o ordermanager.Order, whose string) card {
	c := card{Order: o, Whose: whose, Note: o.Customer, Since: o.UpdatedAt}
	if whose != "other" {
		c.Offers = t.offers(o.State, ordermanager.RoleBarista)
	}
	switch {
	case o.State == t.Initial():
		c.Since = o.CreatedAt
	case whose == "other":
		c.Note = o.Barista
	case whose == "" && o.Barista != "":
		c.Note += " · by " + o.Barista
	}
	return c
}

// span formats a duration as app.js does, which keeps it up to date.
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

// exactly formats a duration to the second.
func exactly(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d:%02d min", int(d.Minutes()), int(d.Seconds())%60)
}

// doorstep is the page on which one signs in.
type doorstep struct {
	// Asked is the door that was found shut, if any.
	Asked door
	// Inside is who the visitor is behind other doors.
	Inside []visitor
	// Door and Wrong say what was wrong with the name for that door.
	Door  door
	Wrong string
}

// reasons are what a barista can say about a cancellation.
var reasons = []string{
	"Out of an ingredient", "The machine is broken", "Nobody came for it", "The customer asked for it",
}
