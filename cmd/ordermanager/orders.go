package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/view"
)

type ordersCommand struct {
	storeFlags
	lifecycleFlag
	State    string `default:"all" help:"Only orders in this state of the life cycle."`
	Customer string `placeholder:"ID" help:"Only orders of this customer."`
	Venue    string `placeholder:"ID" help:"Only orders of this venue; the layout core needs this or --customer."`
	Limit    int    `default:"100" help:"How many orders to list at most; 0 for all."`
	outputFlags
}

// Help is the long help of the command.
func (*ordersCommand) Help() string {
	return `Without a state, a customer or a venue it lists every state, one after another. The orders of a state are
oldest first; in the tables of the Serverlesspresso sample, whose indexes allow nothing else, they are sorted by
identifier.`
}

// Run lists the orders.
func (c *ordersCommand) Run(ctx context.Context, std *stdio) error {
	if c.Limit < 0 {
		return errors.New("--limit: cannot be negative; 0 means all orders")
	}
	if err := checkIDs(c.Customer, c.Venue); err != nil {
		return err
	}
	backends := &backends{layout: c.Layout}
	defer backends.close()
	manager, err := backends.manager(ctx, c.Store, c.lifecycleFlag)
	if err == nil {
		err = c.list(ctx, manager, std)
	}
	if errors.Is(err, dynamostore.ErrUnlistable) {
		return errors.New("in the layout core orders are listed by venue or by customer: add --venue or --customer")
	}
	return backends.explain(err)
}

// checkIDs checks --customer and --venue.
func checkIDs(customer, venue string) error {
	return cmp.Or(ordermanager.CheckID("--customer", customer), ordermanager.CheckID("--venue", venue))
}

func (c *ordersCommand) list(ctx context.Context, manager *ordermanager.Manager, std *stdio) error {
	lister := newLister(std.out, c.inJSON())
	table := manager.Lifecycle()
	if c.State != "all" && !table.Has(ordermanager.State(c.State)) {
		return fmt.Errorf(
			"--state: the life cycle has no state %q; it has: %s; all means every one", c.State, list(stateNames(table)),
		)
	}
	skipped := newSkippedLog(std.err)
	for _, query := range c.queries(table) {
		for order, err := range ordersOf(ctx, manager, query, skipped) {
			if err != nil {
				return errors.Join(lister.flush(), err)
			}
			if lister.listed == c.Limit && c.Limit > 0 {
				fmt.Fprintf(std.err, "there are more than --limit %d\n", c.Limit)
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

// queries returns a query for each state if the flags set no filter: a single listing cannot return everything.
func (c *ordersCommand) queries(table ordermanager.Lifecycle) []ordermanager.Query {
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
		states = stateNames(table)
	}
	queries := make([]ordermanager.Query, len(states))
	for i, state := range states {
		queries[i] = query
		queries[i].State = state
	}
	return queries
}

func stateNames(table ordermanager.Lifecycle) (names []ordermanager.State) {
	for _, state := range table.States() {
		names = append(names, state.State)
	}
	return names
}

// openStates returns the states that an action leads out of.
func openStates(table ordermanager.Lifecycle) []ordermanager.State {
	return slices.DeleteFunc(stateNames(table), table.Terminal)
}

// list joins names with commas.
func list[T ~string](names []T) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = string(name)
	}
	return strings.Join(texts, ", ")
}

// skippedLog reports each skipped order once.
type skippedLog struct {
	out  io.Writer
	said map[string]bool
}

func newSkippedLog(out io.Writer) *skippedLog { return &skippedLog{out, map[string]bool{}} }

func (l *skippedLog) say(skipped ordermanager.Skipped) {
	if l.said[skipped.OrderID] {
		return
	}
	l.said[skipped.OrderID] = true
	advice := "show has more"
	if errors.Is(skipped.Err, ordermanager.ErrUnknownState) {
		advice = "name its table with --lifecycle"
	}
	fmt.Fprintf(l.out, "order %s is left out: %s; %s\n", cell(skipped.OrderID), legible(skipped.Err.Error()), advice)
}

// ordersOf iterates over a listing, and reports what it skips.
func ordersOf(
	ctx context.Context, manager *ordermanager.Manager, q ordermanager.Query, log *skippedLog,
) iter.Seq2[ordermanager.Order, error] {
	return func(yield func(ordermanager.Order, error) bool) {
		for more := true; more; more = q.Cursor != "" {
			page, err := manager.Page(ctx, q)
			if err != nil {
				yield(ordermanager.Order{}, err)
				return
			}
			for _, skipped := range page.Skipped {
				log.say(skipped)
			}
			for _, order := range page.Orders {
				if !yield(order, nil) {
					return
				}
			}
			q.Cursor = page.Cursor
		}
	}
}

// orderLine is an order of a listing in JSON.
type orderLine struct {
	view.Order
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func lineOf(o *ordermanager.Order) orderLine {
	return orderLine{view.OrderOf(o), o.CreatedAt, o.UpdatedAt}
}

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

// block is how many lines are aligned together: a listing may not fit into memory.
const block = 1000

func (l *lister) list(o ordermanager.Order) error {
	l.listed++
	if l.json != nil {
		return l.json.Encode(lineOf(&o))
	}
	if l.listed == 1 {
		row(l.table, "ORDER", "STATE", "NUMBER", "CUSTOMER", "BARISTA", "VENUE", "DRINK", "CREATED", "UPDATED")
	}
	row(l.table, o.ID, string(o.State), o.Number, o.Customer, o.Barista, o.Venue, drinkText(&o),
		moment(o.CreatedAt), moment(o.UpdatedAt))
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
