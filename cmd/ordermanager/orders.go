package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
)

type ordersCommand struct {
	storeFlags
	State    string `enum:"pending,making,completed,cancelled,all" default:"all" help:"Only orders in this state: pending, making, completed or cancelled."`
	Customer string `placeholder:"ID" help:"Only orders of this customer."`
	Venue    string `placeholder:"ID" help:"Only orders of this venue; in the layout core this or --customer is needed."`
	Limit    int    `default:"100" help:"How many orders to list at most; 0 is all of them."`
	outputFlags
}

// Help is the long help of the command.
func (*ordersCommand) Help() string {
	return `Without a state, a customer or a venue every state is listed, one after another. Orders of one state are oldest first, but for tables
of the Serverlesspresso sample, whose indexes are in the order of the identifiers.`
}

// Run lists the orders.
func (c *ordersCommand) Run(ctx context.Context, std *stdio) error {
	if c.Limit < 0 {
		return errors.New("--limit: cannot be negative; 0 is all orders")
	}
	backends := &backends{layout: c.Layout}
	defer backends.close()
	manager, err := backends.manager(ctx, c.Store)
	if err == nil {
		err = c.list(ctx, manager, std)
	}
	if errors.Is(err, dynamostore.ErrUnlistable) {
		return errors.New("in the layout core orders are listed by venue or by customer: add --venue or --customer")
	}
	return backends.explain(err)
}

func (c *ordersCommand) list(ctx context.Context, manager *ordermanager.Manager, std *stdio) error {
	lister := newLister(std.out, c.inJSON())
	for _, query := range c.queries() {
		for order, err := range manager.Orders(ctx, query) {
			if err != nil {
				return errors.Join(lister.flush(), err)
			}
			if lister.listed == c.Limit && c.Limit > 0 {
				fmt.Fprintf(std.err, "there are more: this is --limit %d\n", c.Limit)
				return lister.flush()
			}
			if err := lister.list(order); err != nil {
				return err
			}
		}
	}
	if lister.listed == 0 {
		fmt.Fprintln(std.err, "no orders")
	}
	return lister.flush()
}

// queries asks for one state after another if nothing else is asked for: a listing cannot ask for everything.
func (c *ordersCommand) queries() []ordermanager.Query {
	query := ordermanager.Query{Customer: c.Customer, Venue: c.Venue}
	if c.Limit > 0 {
		query.Limit = min(c.Limit+1, ordermanager.MaxPageSize)
	}
	var states []ordermanager.State
	switch {
	case c.State != "all":
		states = []ordermanager.State{ordermanager.State(c.State)}
	case c.Customer != "" || c.Venue != "":
		states = []ordermanager.State{""}
	default:
		states = ordermanager.States()
	}
	queries := make([]ordermanager.Query, len(states))
	for i, state := range states {
		queries[i] = query
		queries[i].State = state
	}
	return queries
}

// orderLine is an order of a listing in JSON.
type orderLine struct {
	ordermanager.View
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func lineOf(o *ordermanager.Order) orderLine { return orderLine{o.View(), o.CreatedAt, o.UpdatedAt} }

// lister prints orders, aligned for people or in JSON.
type lister struct {
	listed int
	table  *tabwriter.Writer
	json   *json.Encoder // nil for people
}

func newLister(out io.Writer, inJSON bool) *lister {
	if inJSON {
		return &lister{json: encoder(out)}
	}
	return &lister{table: columns(out)}
}

// block is how many lines are aligned with each other: a listing can be longer than memory.
const block = 1000

func (l *lister) list(o ordermanager.Order) error {
	l.listed++
	if l.json != nil {
		return l.json.Encode(lineOf(&o))
	}
	if l.listed == 1 {
		row(l.table, "ORDER", "STATE", "NUMBER", "CUSTOMER", "BARISTA", "VENUE", "DRINK", "CREATED", "UPDATED")
	}
	row(l.table, o.ID, string(o.State), o.Number, o.Customer, o.Barista, o.Venue, drinkText(&o), moment(o.CreatedAt), moment(o.UpdatedAt))
	if l.listed%block == 0 {
		return l.table.Flush()
	}
	return nil
}

func (l *lister) flush() error {
	if l.json != nil {
		return nil
	}
	return l.table.Flush()
}

func drinkText(o *ordermanager.Order) string {
	switch {
	case o.Drink == nil:
		return ""
	case len(o.Drink.Modifiers) == 0:
		return o.Drink.Name
	}
	return o.Drink.Name + " (" + strings.Join(o.Drink.Modifiers, ", ") + ")"
}
