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
	lifecycleFlag
	outputFlags
	DryRun bool `help:"Print what is owed, and deliver nothing."`
}

// Help is the long help of the command.
func (*redriveCommand) Help() string {
	return `An action records what follows from it: the answer to a waiting workflow, and events. What could not be
delivered stays on record until a redrive. Run this regularly, say every minute, and after every outage, with the same
--resume and --events as the programs that write the orders. Runs may overlap with those programs, and with each other.

The summary, and what a dry run lists, go to standard output. Progress, and the reason for each order that still owes
something, go to standard error. The exit code is 1 if anything is still owed.`
}

// Run redrives.
func (c *redriveCommand) Run(ctx context.Context, std *stdio) error {
	backends := &backends{layout: c.Layout}
	defer backends.close()
	return backends.explain(c.redrive(ctx, backends, std))
}

func (c *redriveCommand) redrive(ctx context.Context, backends *backends, std *stdio) error {
	store, err := backends.openExisting(ctx, c.Store)
	if err != nil {
		return err
	}
	house, err := openHouse(ctx, backends, store, ordermanager.NoMenu(), c.resumeFlag, c.eventsFlag, c.lifecycleFlag)
	if err != nil {
		return err
	}
	progress := newProgress(std.err, c.eventsFlag)
	if c.DryRun {
		progress.list = std.out
		if c.inJSON() {
			progress.list = std.err
		}
	}
	report, err := house.manager.Redrive(ctx, &ordermanager.RedriveOptions{DryRun: c.DryRun, Visited: progress.visited})
	progress.end()
	if report != (ordermanager.RedriveReport{}) || err == nil {
		if err := c.summarise(std.out, report); err != nil {
			return err
		}
	}
	if !c.DryRun && err == nil {
		err = house.advance(ctx) // lets an answered local workflow continue
	}
	switch {
	case errors.Is(err, ordermanager.ErrContextDone):
		return errors.New("interrupted: what was delivered is settled, the rest is still owed; run it again")
	case err != nil:
		return err
	case report.Pending > 0:
		return errRefused
	}
	return nil
}

// summary is the report in JSON.
type summary struct {
	ordermanager.RedriveReport
	DryRun bool `json:"dryRun"`
}

func (c *redriveCommand) summarise(out io.Writer, report ordermanager.RedriveReport) (err error) {
	switch {
	case c.inJSON():
		err = encoder(out).Encode(summary{report, c.DryRun})
	case report == ordermanager.RedriveReport{}:
		_, err = fmt.Fprintln(out, "nothing is owed")
	case c.DryRun:
		_, err = fmt.Fprintf(out, "%s something; nothing was delivered\n", count(report.Orders, "order owes", "orders owe"))
	default:
		_, err = fmt.Fprintf(
			out, "%s something: %d answered, %d whose workflow no longer waits, %d with events published, %d still pending\n",
			count(report.Orders, "order owed", "orders owed"), report.Delivered, report.Gone, report.Published, report.Pending,
		)
	}
	return err
}

// progress reports the progress of a redrive.
type progress struct {
	out io.Writer
	// list gets what each order owes, in a dry run; otherwise it is nil.
	list   io.Writer
	events eventsFlag
	// live is set on a terminal, where one line is updated.
	live    bool
	orders  int
	pending int
	begun   time.Time
	last    time.Time
}

func newProgress(out io.Writer, events eventsFlag) *progress {
	now := time.Now()
	return &progress{out: out, events: events, live: isTerminal(out), begun: now, last: now}
}

// How often progress is reported: by updating a line, and by a new line.
const (
	liveEvery  = 100 * time.Millisecond
	plainEvery = 5 * time.Second
)

func (p *progress) visited(receipt ordermanager.Receipt) {
	p.orders++
	order := &receipt.Order
	switch {
	case p.list != nil:
		d := detailsOf(order)
		p.say(p.list, "order %s, which is %s, owes %s", cell(order.ID), order.State, d.owesText())
	case receipt.Pending != nil:
		p.pending++
		why := legible(receipt.Pending.Error()) + p.events.missing(order)
		p.say(p.out, "order %s: still pending: %s", cell(order.ID), why)
	}
	now := time.Now()
	switch since := now.Sub(p.last); {
	case p.live && since >= liveEvery:
		p.last = now
		fmt.Fprintf(p.out, "\r\x1b[K%s", p.text(now))
	case !p.live && since >= plainEvery:
		p.last = now
		p.say(p.out, "%s", p.text(now))
	}
}

func (p *progress) text(now time.Time) string {
	rate := float64(p.orders) / max(now.Sub(p.begun).Seconds(), 0.001)
	return fmt.Sprintf(
		"%s so far, %d still pending, %.1f orders a second", count(p.orders, "order", "orders"), p.pending, rate,
	)
}

// say prints a permanent line.
func (p *progress) say(to io.Writer, format string, args ...any) {
	p.end()
	fmt.Fprintf(to, format+"\n", args...)
}

// end removes the updated line.
func (p *progress) end() {
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
