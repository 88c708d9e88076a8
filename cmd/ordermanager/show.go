package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

type showCommand struct {
	Order string `arg:"" help:"The identifier of the order."`
	storeFlags
	lifecycleFlag
	outputFlags
}

// Help is the long help of the command.
func (*showCommand) Help() string {
	return `For each wait of the workflow it says whether the wait has begun, is open, was answered, or has an answer that
is still owed. Below that is the history, one line for each entry: when it was, how long after the entry before, and a
full circle where the state changed. Task tokens are never shown; request ids are in the JSON only. redrive delivers
what is owed. The exit code is 1 if there is no such order.`
}

// Run shows the order.
func (c *showCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout}
	defer backends.close()
	manager, err := backends.manager(ctx, c.Store, c.lifecycleFlag)
	if err != nil {
		return backends.explain(err)
	}
	order, err := manager.Order(ctx, c.Order)
	switch {
	case errors.Is(err, ordermanager.ErrOrderNotFound):
		fmt.Fprintf(std.err, "ordermanager: there is no order %s in %s; %s\n",
			cell(c.Order), masked(c.Store), listThem(c.Store))
		return errRefused
	case errors.Is(err, ordermanager.ErrInvalidRequest):
		return advise(err, listThem(c.Store))
	case err != nil:
		return backends.explain(err)
	}
	details := detailsOf(&order)
	details.ended = manager.Lifecycle().Terminal(order.State)
	if c.inJSON() {
		return encoder(std.out).Encode(details)
	}
	return details.print(std.out, time.Now())
}

// listThem says how to list the orders.
func listThem(store string) string {
	return "list them with: ordermanager orders --store " + masked(store)
}

// details has everything about an order that may be shown.
type details struct {
	orderLine
	Robot   bool         `json:"robot"`
	History []view.Entry `json:"history"`
	Waits   []waitLine   `json:"waits"`
	// OwedEvents are still to be published, one for each publisher, oldest first.
	OwedEvents []eventLine `json:"owedEvents"`
	Owes       bool        `json:"owes"`

	drink string
	// ended is set if the order has ended.
	ended bool
}

// eventLine is the version of an event, and the name of the publisher that it is owed to, if it has one.
type eventLine struct {
	Version   int    `json:"version"`
	Publisher string `json:"publisher,omitempty"`
}

type waitLine struct {
	Wait   string     `json:"wait"`
	Status waitStatus `json:"status"`
	// RegisteredAt is when the workflow last registered this wait.
	RegisteredAt time.Time `json:"registeredAt,omitzero"`
}

// waitStatus is the status of a wait.
type waitStatus string

const (
	waitNotBegun waitStatus = "not begun"
	waitWaiting  waitStatus = "waiting"
	waitOwed     waitStatus = "answer owed"
	waitAnswered waitStatus = "answered"
)

// statusOf returns the status of a wait. The library decides whether its answer is owed.
func statusOf(o *ordermanager.Order, wait ordermanager.Wait) waitStatus {
	alone, slot := *o, o.FirstWait
	alone.OwedEvents = nil
	if wait == ordermanager.FirstWait {
		alone.SecondWait = ordermanager.WaitSlot{}
	} else {
		alone.FirstWait, slot = ordermanager.WaitSlot{}, o.SecondWait
	}
	switch {
	case alone.Owes():
		return waitOwed
	case !slot.Token.IsZero(), !slot.Spare.IsZero():
		return waitWaiting
	case !slot.RegisteredAt.IsZero():
		return waitAnswered
	}
	return waitNotBegun
}

func detailsOf(o *ordermanager.Order) details {
	d := details{
		orderLine: lineOf(o), Robot: o.Robot, Owes: o.Owes(), History: view.HistoryOf(o), OwedEvents: []eventLine{},
		drink: drinkText(o),
	}
	d.Waits = []waitLine{
		{"first", statusOf(o, ordermanager.FirstWait), o.FirstWait.RegisteredAt},
		{"second", statusOf(o, ordermanager.SecondWait), o.SecondWait.RegisteredAt},
	}
	for _, owed := range o.OwedEvents {
		publisher, requestID := ordermanager.SplitOwed(owed)
		_, version, _ := o.Entry(requestID)
		d.OwedEvents = append(d.OwedEvents, eventLine{version, publisher})
	}
	slices.SortFunc(d.OwedEvents, func(a, b eventLine) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Publisher, b.Publisher))
	})
	return d
}

// print prints the fields and the timeline, for people.
func (d *details) print(out io.Writer, now time.Time) error {
	var page strings.Builder
	field := func(name, value string) { hang(&page, fmt.Sprintf("%-13s", name), cell(value)) }
	field("order", d.OrderID)
	field("state", string(d.State))
	field("number", d.OrderNumber)
	field("customer", d.UserID)
	field("barista", d.BaristaUserID)
	field("venue", d.EventID)
	field("drink", d.drink)
	if d.Robot {
		field("robot", "yes")
	}
	if d.Reason != "" {
		field("reason", d.Reason)
	}
	field("created", moment(d.CreatedAt))
	field("updated", moment(d.UpdatedAt))
	for _, wait := range d.Waits {
		text := string(wait.Status)
		if !wait.RegisteredAt.IsZero() {
			text += ", begun " + moment(wait.RegisteredAt)
		}
		field(wait.Wait+" wait", text)
	}
	field("owes", d.owesText())
	page.WriteString("\n")
	d.timeline(&page, now)
	_, err := io.WriteString(out, page.String())
	return err
}

// hang writes text beside a label, wrapped and with a hanging indent.
func hang(page *strings.Builder, label, text string) {
	indent := utf8.RuneCountInString(label)
	for i, line := range wrap(text, lineWidth-indent) {
		if i > 0 {
			label = strings.Repeat(" ", indent)
		}
		page.WriteString(strings.TrimRight(label+line, " ") + "\n")
	}
}

// timeline prints the history.
func (d *details) timeline(page *strings.Builder, now time.Time) {
	if len(d.History) == 0 {
		page.WriteString("no history: only other programs wrote this order\n")
		return
	}
	width := len(d.State)
	for _, e := range d.History {
		width = max(width, len(e.To))
	}
	var before time.Time
	event := func(at time.Time, mark string, state ordermanager.State, text string) {
		at = at.UTC()
		after := ""
		if before.IsZero() || before.Format(time.DateOnly) != at.Format(time.DateOnly) {
			page.WriteString(at.Format(time.DateOnly) + " UTC\n")
		}
		if !before.IsZero() {
			after = "+" + duration(at.Sub(before))
		}
		before = at
		hang(page, fmt.Sprintf("%s %9s %s %-*s  ", at.Format(time.TimeOnly), after, mark, width, state), text)
	}
	for _, e := range d.History {
		mark, text := "│", string(e.Action)+" by "+cell(by(&e))
		if e.From != e.To {
			mark = "●"
		}
		if e.Reason != "" {
			text += ": " + cell(e.Reason)
		}
		event(e.At, mark, e.To, text)
	}
	if !d.ended {
		event(now, "○", d.State, "now")
	}
}

func (d *details) owesText() string {
	text := ""
	add := func(what string) {
		if text != "" {
			text += ", "
		}
		text += what
	}
	for _, wait := range d.Waits {
		if wait.Status == waitOwed {
			add("the answer to the " + wait.Wait + " wait")
		}
	}
	for _, event := range d.OwedEvents {
		what := "the event of version " + strconv.Itoa(event.Version)
		if event.Publisher != "" {
			what += " to publisher " + event.Publisher
		}
		add(what)
	}
	if text == "" {
		return "nothing"
	}
	return text
}

// by names the actor.
func by(e *view.Entry) string {
	if e.UserID == "" {
		return string(e.Role)
	}
	return string(e.Role) + " " + e.UserID
}
