package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
)

type statsCommand struct {
	storeFlags
	lifecycleFlag
	outputFlags
	Venue      string        `placeholder:"ID" help:"Only orders of this venue; required in the layout core."`
	StuckAfter time.Duration `default:"20m" positive:"" help:"How long an open order must be unchanged to be stuck: its workflow should have timed out."`
	Watch      bool          `help:"Count again and again until interrupted."`
	Interval   time.Duration `default:"5s" positive:"" needs:"watch" help:"With --watch: the time between two counts."`
}

// Help is the long help of the command.
func (*statsCommand) Help() string {
	return `Reads every order that is open or owes something; orders that ended and owe nothing are not counted. The
default of --stuck-after is the sum of the two time-outs of the Serverlesspresso sample's workflow. show says how one
order stands, and redrive delivers what is owed. Refused requests are not stored: count them with an Observer.`
}

// Run counts.
func (c *statsCommand) Run(ctx context.Context, std *stdio) error {
	if err := checkIDs("", c.Venue); err != nil {
		return err
	}
	backends := &backends{layout: c.Layout}
	defer backends.close()
	manager, err := backends.manager(ctx, c.Store, c.lifecycleFlag)
	if err != nil {
		return backends.explain(err)
	}
	skipped := newSkippedLog(std.err)
	for {
		stats, err := c.count(ctx, manager, time.Now().UTC(), skipped)
		switch {
		case ctx.Err() != nil && c.Watch:
			return nil
		case errors.Is(err, dynamostore.ErrUnlistable):
			return errors.New("in the layout core orders are counted by venue: add --venue")
		case err != nil:
			return backends.explain(err)
		}
		if err := c.print(std.out, stats); err != nil || !c.Watch {
			return err
		}
		select {
		case <-time.After(c.Interval):
		case <-ctx.Done():
			return nil
		}
	}
}

// stats are the counts at one time.
type stats struct {
	At   time.Time    `json:"at"`
	Open []stateTally `json:"open"`
	// Owing are orders with an undelivered answer or event.
	Owing tally `json:"owing"`
	// Stuck are open orders that were unchanged for too long.
	Stuck tally `json:"stuck"`
}

type stateTally struct {
	State ordermanager.State `json:"state"`
	tally
}

// tally counts orders.
type tally struct {
	Orders int `json:"orders"`
	// Oldest is the time of the oldest one.
	Oldest time.Time `json:"oldest,omitzero"`
}

func (t *tally) add(since time.Time) {
	t.Orders++
	if t.Oldest.IsZero() || since.Before(t.Oldest) {
		t.Oldest = since
	}
}

func (c *statsCommand) count(
	ctx context.Context, manager *ordermanager.Manager, now time.Time, skipped *skippedLog,
) (stats, error) {
	result := stats{At: now}
	for _, state := range openStates(manager.Lifecycle()) {
		open := stateTally{State: state}
		query := ordermanager.Query{State: state, Venue: c.Venue, Limit: ordermanager.MaxPageSize}
		for order, err := range ordersOf(ctx, manager, query, skipped) {
			if err != nil {
				return stats{}, err
			}
			open.add(order.CreatedAt)
			if now.Sub(order.UpdatedAt) > c.StuckAfter {
				result.Stuck.add(order.UpdatedAt)
			}
		}
		result.Open = append(result.Open, open)
	}
	owing := ordermanager.Query{Owing: true, Limit: ordermanager.MaxPageSize}
	for order, err := range ordersOf(ctx, manager, owing, skipped) {
		if err != nil {
			return stats{}, err
		}
		if c.Venue == "" || order.Venue == c.Venue {
			result.Owing.add(order.UpdatedAt)
		}
	}
	return result, nil
}

func (c *statsCommand) print(out io.Writer, s stats) error {
	if c.inJSON() {
		return encoder(out).Encode(s)
	}
	if c.Watch {
		title := fmt.Sprintf("%s, every %s; stop with Ctrl-C\n", moment(s.At), c.Interval)
		if isTerminal(out) {
			title = "\x1b[H\x1b[2J" + title // clears the screen
		}
		if _, err := io.WriteString(out, title); err != nil {
			return err
		}
	}
	table := columns(out)
	row(table, "ORDERS", "COUNT", "OLDEST", "SINCE")
	line := func(name string, t tally) {
		age := ""
		if !t.Oldest.IsZero() {
			age = duration(s.At.Sub(t.Oldest))
		}
		row(table, name, fmt.Sprint(t.Orders), age, moment(t.Oldest))
	}
	for _, open := range s.Open {
		line(string(open.State), open.tally)
	}
	line("owing", s.Owing)
	line("stuck", s.Stuck)
	return table.Flush()
}
