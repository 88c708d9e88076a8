package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/brewline/ordermanager"
)

type showCommand struct {
	Order string `arg:"" help:"The identifier of the order."`
	storeFlags
	JSON bool `help:"Print one JSON object."`
}

// Help is the long help of the command.
func (*showCommand) Help() string {
	return `Of each wait of the workflow it says whether it has begun, waits, is answered, or has an answer that is owed. Task tokens are never
shown. What is owed is delivered by redrive. The exit code is 1 if there is no such order.`
}

// Run shows the order.
func (c *showCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout}
	defer backends.close()
	manager, err := backends.manager(ctx, c.Store)
	if err != nil {
		return backends.explain(err)
	}
	order, err := manager.Order(ctx, c.Order)
	switch {
	case errors.Is(err, ordermanager.ErrOrderNotFound):
		fmt.Fprintf(std.err, "ordermanager: there is no order %s in %s\n", cell(c.Order), c.Store)
		return errRefused
	case err != nil:
		return backends.explain(err)
	}
	details := detailsOf(&order)
	if c.JSON {
		return encoder(std.out).Encode(details)
	}
	return details.print(std.out)
}

// details is everything about an order that a person may see.
type details struct {
	orderLine
	Robot   bool        `json:"robot"`
	History []entryLine `json:"history"`
	Waits   []waitLine  `json:"waits"`
	// OwedEvents are the versions of the order whose event is still to be published.
	OwedEvents []int `json:"owedEvents"`
	Owes       bool  `json:"owes"`

	drink string
}

type entryLine struct {
	Version   int                 `json:"version"`
	At        time.Time           `json:"at"`
	Action    ordermanager.Action `json:"action"`
	From      ordermanager.State  `json:"from,omitempty"`
	To        ordermanager.State  `json:"to"`
	Role      ordermanager.Role   `json:"role"`
	Actor     string              `json:"actor"`
	RequestID string              `json:"requestId"`
	Reason    string              `json:"reason,omitempty"`
}

type waitLine struct {
	Wait   string     `json:"wait"`
	Status waitStatus `json:"status"`
	// RegisteredAt is when the workflow last began this wait.
	RegisteredAt time.Time `json:"registeredAt,omitzero"`
}

// waitStatus is how a wait stands.
type waitStatus string

const (
	waitNotBegun waitStatus = "not begun"
	waitWaiting  waitStatus = "waiting"
	waitOwed     waitStatus = "answer owed"
	waitAnswered waitStatus = "answered"
)

// statusOf says how a wait stands. What is owed is the library's word: it is asked about this wait alone.
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
	case !slot.Token.IsZero():
		return waitWaiting
	case !slot.RegisteredAt.IsZero():
		return waitAnswered
	}
	return waitNotBegun
}

func detailsOf(o *ordermanager.Order) details {
	d := details{orderLine: lineOf(o), Robot: o.Robot, Owes: o.Owes(), History: []entryLine{}, OwedEvents: []int{}, drink: drinkText(o)}
	for i, e := range o.History {
		d.History = append(d.History, entryLineOf(&e, o.Version-len(o.History)+i+1))
	}
	d.Waits = []waitLine{
		{"first", statusOf(o, ordermanager.FirstWait), o.FirstWait.RegisteredAt},
		{"second", statusOf(o, ordermanager.SecondWait), o.SecondWait.RegisteredAt},
	}
	for _, id := range o.OwedEvents {
		_, version, _ := o.Entry(id)
		d.OwedEvents = append(d.OwedEvents, version)
	}
	return d
}

func entryLineOf(e *ordermanager.Entry, version int) entryLine {
	return entryLine{version, e.At, e.Action, e.From, e.To, e.Actor.Role, e.Actor.ID, e.RequestID, e.Reason}
}

func (d *details) print(out io.Writer) error {
	table := columns(out)
	field := func(name, value string) { row(table, name, value) }
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
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	if len(d.History) == 0 {
		fmt.Fprintln(out, "no history: only other programs have written this order")
		return nil
	}
	table = columns(out)
	row(table, "VERSION", "AT", "ACTION", "FROM", "TO", "BY", "REQUEST", "REASON")
	for _, e := range d.History {
		row(table, strconv.Itoa(e.Version), moment(e.At), string(e.Action), string(e.From), string(e.To), e.by(), e.RequestID, e.Reason)
	}
	return table.Flush()
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
	for _, version := range d.OwedEvents {
		add("the event of version " + strconv.Itoa(version))
	}
	if text == "" {
		return "nothing"
	}
	return text
}

func (e *entryLine) by() string {
	if e.Actor == "" {
		return string(e.Role)
	}
	return string(e.Role) + " " + e.Actor
}
