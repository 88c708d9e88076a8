package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/view"
	"github.com/brewline/ordermanager/watch"
)

type watchCommand struct {
	storeFlags
	lifecycleFlag
	Customer string        `placeholder:"ID" help:"Only orders of this customer."`
	Venue    string        `placeholder:"ID" help:"Only orders of this venue; the layout core needs this or --customer."`
	Interval time.Duration `default:"2s" positive:"" help:"The time between two reads, where the store cannot tell what changed."`
	outputFlags
}

// Help is the long help of the command.
func (*watchCommand) Help() string {
	return `Prints each line that is added to the history of an order from now on, until interrupted.

SQLite files, PostgreSQL, and DynamoDB tables with a stream report changes. Other DynamoDB tables are polled for open
orders: an order that begins and ends between two reads is not seen. A change by a program that keeps no history is
printed as "changed by another program".`
}

// Run watches until it is interrupted.
func (c *watchCommand) Run(ctx context.Context, std *stdio) error {
	if err := checkIDs(c.Customer, c.Venue); err != nil {
		return err
	}
	backends := &backends{layout: c.Layout}
	defer backends.close()
	store, manager, err := backends.storeAndManager(ctx, c.Store, c.lifecycleFlag)
	if err != nil {
		return backends.explain(err)
	}
	watcher := &watcher{
		manager: manager, query: ordermanager.Query{Customer: c.Customer, Venue: c.Venue, Limit: ordermanager.MaxPageSize},
		known: map[string]ordermanager.Order{}, print: changePrinter(std.out, c.inJSON()), skipped: newSkippedLog(std.err),
	}
	if telling, ok := backends.telling(ctx, store).(watch.Watcher); ok {
		err = watcher.follow(ctx, telling, std.err)
	} else {
		err = watcher.watch(ctx, c.Interval, std.err)
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, dynamostore.ErrUnlistable):
		return errors.New("in the layout core orders are watched by venue or by customer: add --venue or --customer")
	}
	return backends.explain(err)
}

// watcher finds the changes of orders.
type watcher struct {
	manager *ordermanager.Manager
	query   ordermanager.Query
	// known are the orders that were open at the last look, and ended ones that a listing, which may lag behind, still
	// shows as open. If the store reports changes, they are all the orders seen.
	known map[string]ordermanager.Order
	// begun is when the store began to report changes. Of an older order that is not known, because it had ended, only the
	// last line is new.
	begun time.Time
	print func(change) error
	// skipped reports orders that cannot be watched.
	skipped *skippedLog
}

func (w *watcher) watch(ctx context.Context, interval time.Duration, log io.Writer) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for first := true; ; first = false {
		if err := w.look(ctx, first); err != nil {
			return err
		}
		if first {
			fmt.Fprintf(log, "watching %s; stop with Ctrl-C\n", count(len(w.known), "open order", "open orders"))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// patience is how long a poll waits for a change.
const patience = time.Minute

// follow prints the changes that the store reports.
func (w *watcher) follow(ctx context.Context, store watch.Watcher, log io.Writer) error {
	w.begun = time.Now()
	now, err := store.Changes(ctx, "", 0)
	if err != nil {
		return err
	}
	if err := w.look(ctx, true); err != nil {
		return err
	}
	fmt.Fprintf(log, "watching %s; stop with Ctrl-C\n", count(len(w.known), "open order", "open orders"))
	for {
		changes, err := store.Changes(ctx, now.Position, patience)
		if errors.Is(err, watch.ErrPositionUnknown) {
			fmt.Fprintln(
				log, "the store no longer knows what changed since; an order that began and ended meanwhile is not seen",
			)
			if now, err = store.Changes(ctx, "", 0); err == nil {
				err = w.look(ctx, false)
			}
		} else if err == nil {
			now, err = changes, w.visitAll(ctx, changes.Orders)
		}
		if err != nil {
			return err
		}
	}
}

// visitAll visits the orders that match the flags.
func (w *watcher) visitAll(ctx context.Context, orders []*ordermanager.Order) error {
	for _, order := range orders {
		if !w.query.Matches(order) {
			continue
		}
		if err := w.visit(ctx, order.ID, false); err != nil {
			return err
		}
	}
	return nil
}

// look lists the open orders, and visits those that differ from what is known. The first look prints nothing.
func (w *watcher) look(ctx context.Context, first bool) error {
	listed := map[string]bool{}
	var changed []string
	for _, state := range openStates(w.manager.Lifecycle()) {
		query := w.query
		query.State = state
		for order, err := range ordersOf(ctx, w.manager, query, w.skipped) {
			if err != nil {
				return err
			}
			if listed[order.ID] {
				continue
			}
			listed[order.ID] = true
			if known, found := w.known[order.ID]; !found || !alike(&known, &order) {
				changed = append(changed, order.ID)
			}
		}
	}
	for id, known := range w.known {
		switch {
		case listed[id]:
		case ordermanager.StandardLifecycle().Terminal(known.State):
			delete(w.known, id)
		default:
			changed = append(changed, id)
		}
	}
	for _, id := range changed {
		if err := w.visit(ctx, id, first); err != nil {
			return err
		}
	}
	return nil
}

// visit reads an order and prints what is new. Unlike a listing, it does not lag behind.
func (w *watcher) visit(ctx context.Context, id string, quiet bool) error {
	order, err := w.manager.Order(ctx, id)
	if errors.Is(err, ordermanager.ErrOrderNotFound) {
		delete(w.known, id)
		return nil
	}
	if err != nil {
		return err
	}
	before, found := w.known[id]
	if !found && order.CreatedAt.Before(w.begun.Add(-clockSkew)) {
		before.Version = order.Version - 1
	}
	w.known[id] = withoutHistory(order)
	if quiet {
		return nil
	}
	printed := false
	for _, entry := range view.HistoryOf(&order) {
		if entry.Version > before.Version {
			printed = true
			if err := w.print(change{id, entry, lineOf(&order)}); err != nil {
				return err
			}
		}
	}
	if printed || found && alike(&before, &order) {
		return nil
	}
	foreign := view.Entry{
		Version: order.Version, At: order.UpdatedAt, Action: foreignChange, From: before.State, To: order.State,
	}
	return w.print(change{id, foreign, lineOf(&order)})
}

// alike reports whether two readings of an order would be printed alike.
func alike(a, b *ordermanager.Order) bool { return reflect.DeepEqual(view.OrderOf(a), view.OrderOf(b)) }

// withoutHistory returns what is kept of an order for comparison.
func withoutHistory(o ordermanager.Order) ordermanager.Order {
	o.History = nil
	return o
}

// clockSkew is how much other machines' clocks may differ from this one's.
const clockSkew = 5 * time.Minute

// foreignChange stands for a change that is in no history.
const foreignChange ordermanager.Action = "changed by another program"

// change is a change of an order.
type change struct {
	OrderID string     `json:"orderId"`
	Entry   view.Entry `json:"entry"`
	// Order is the order when it was read, which may include later changes.
	Order orderLine `json:"order"`
}

func changePrinter(out io.Writer, inJSON bool) func(change) error {
	if inJSON {
		e := encoder(out)
		return func(c change) error { return e.Encode(c) }
	}
	return func(c change) error { _, err := io.WriteString(out, c.text()); return err }
}

func (c *change) text() string {
	text := fmt.Sprintf("%s  order %s  %s", moment(c.Entry.At), cell(c.OrderID), c.Entry.Action)
	if who := by(&c.Entry); who != "" {
		text += " by " + cell(who)
	}
	switch e := c.Entry; {
	case e.From == "":
		text += ": " + string(e.To)
	case e.From != e.To:
		text += fmt.Sprintf(": %s → %s", e.From, e.To)
	}
	if c.Entry.Reason != "" {
		text += ", " + cell(c.Entry.Reason)
	}
	return text + "\n"
}
