package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/brewline/ordermanager"
)

type redriveCommand struct {
	storeFlags
	resumeFlag
	eventsFlag
	DryRun bool `help:"Print what is owed, and deliver nothing."`
}

// Help is the long help of the command.
func (*redriveCommand) Help() string {
	return `What follows from an action is on record with it, and what could not be delivered stays there: the answer to a workflow that waits, an
event. Run this regularly, and after every outage, with the same --resume and --events as the programs that write the orders. It may run
while they do, and more than once at a time.

The summary is on the standard output; why an order still owes something is on the standard error, and so is the progress of a long
run. The exit code is 1 if anything is still owed.`
}

// Run redrives.
func (c *redriveCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout}
	defer backends.close()
	err := c.redrive(ctx, backends, std)
	if errors.Is(err, errRefused) {
		return err
	}
	return backends.explain(err)
}

func (c *redriveCommand) redrive(ctx context.Context, backends *backends, std *stdio) error {
	store, err := backends.openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	house, err := openHouse(ctx, backends, store, ordermanager.StaticMenu(ordermanager.Menu{}), c.Resume, c.Events, ordermanager.StandardLifecycle)
	if err != nil {
		return err
	}
	progress := &progress{out: std.err, dryRun: c.DryRun, last: time.Now()}
	report, err := house.manager.Redrive(ctx, &ordermanager.RedriveOptions{DryRun: c.DryRun, Visited: progress.visited})
	if report != (ordermanager.RedriveReport{}) || err == nil {
		summarise(std.out, report, c.DryRun)
	}
	if !c.DryRun && err == nil {
		err = house.advance(ctx) // a workflow of this process that was answered goes on
	}
	switch {
	case errors.Is(err, ordermanager.ErrContextDone):
		return errors.New("interrupted: what was delivered is settled, the rest is still owed")
	case err != nil:
		return err
	case report.Pending > 0:
		return errRefused
	}
	return nil
}

func summarise(out io.Writer, report ordermanager.RedriveReport, dryRun bool) {
	switch {
	case report == ordermanager.RedriveReport{}:
		fmt.Fprintln(out, "nothing is owed")
	case dryRun:
		fmt.Fprintf(out, "%s something; nothing was delivered\n", count(report.Orders, "order owes", "orders owe"))
	default:
		fmt.Fprintf(out, "%s something: %d answered, %d whose workflow no longer waits, %d with events published, %d still pending\n",
			count(report.Orders, "order owed", "orders owed"), report.Delivered, report.Gone, report.Published, report.Pending)
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// progress says how a redrive goes on.
type progress struct {
	out     io.Writer
	dryRun  bool
	orders  int
	pending int
	last    time.Time
}

// silence is the longest that a redrive says nothing.
const silence = 5 * time.Second

func (p *progress) visited(receipt ordermanager.Receipt) {
	p.orders++
	order := &receipt.Order
	switch {
	case p.dryRun:
		d := detailsOf(order)
		fmt.Fprintf(p.out, "order %s, which is %s, owes %s\n", cell(order.ID), order.State, d.owesText())
	case receipt.Pending != nil:
		p.pending++
		fmt.Fprintf(p.out, "order %s: still pending: %s\n", cell(order.ID), oneLine(receipt.Pending))
	}
	if now := time.Now(); now.Sub(p.last) >= silence {
		p.last = now
		fmt.Fprintf(p.out, "%s so far, %d still pending\n", count(p.orders, "order", "orders"), p.pending)
	}
}
