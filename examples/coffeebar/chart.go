package main

import (
	"slices"
	"time"

	"github.com/brewline/ordermanager"
)

// shownWaits is how many of the latest completed orders are in the chart.
const shownWaits = 12

// chart shows how long orders waited in the queue and how long they took to make: one bar for each, the latest at the
// right.
type chart struct {
	Width, Height, Base int
	Bars                []bars
	Lines               []line
	// Median is the usual time from the choice of the drink until it was ready.
	Median string
}

// bars is one order: the wait below, the making on top of it.
type bars struct {
	ID, Called          string
	X, Width            int
	WaitY, WaitHeight   int
	MakeY, MakeHeight   int
	Wait, Make          string
	LabelX              int
	Number              string
	waited, made, total time.Duration
}

// line is a line of the scale.
type line struct {
	Y    int
	Text string
}

const (
	chartWidth, chartHeight = 380, 190
	chartBase, chartTop     = 164, 10
	chartLeft               = 50
)

func (t table) waits(latest []ordermanager.Order) chart {
	c := chart{Width: chartWidth, Height: chartHeight, Base: chartBase}
	var most time.Duration
	var all []time.Duration
	for i := len(latest) - 1; i >= 0; i-- {
		b := t.measure(latest[i])
		c.Bars = append(c.Bars, b)
		all = append(all, b.total)
		most = max(most, b.total)
	}
	if len(all) == 0 {
		return c
	}
	c.Median = exactly(median(all))
	step := scale(most)
	top := (most - 1).Truncate(step) + step
	height := func(d time.Duration) int { return int(int64(chartBase-chartTop) * int64(d) / int64(top)) }
	for at := time.Duration(0); at <= top; at += step {
		c.Lines = append(c.Lines, line{chartBase - height(at), span(at)})
	}
	slot := min((chartWidth-chartLeft)/len(c.Bars), 48)
	for i := range c.Bars {
		b := &c.Bars[i]
		b.X, b.Width = chartLeft+i*slot+slot/6, slot*2/3
		b.LabelX = b.X + b.Width/2
		if fromRight := len(c.Bars) - 1 - i; len(b.Number) > 3 && fromRight%2 == 1 {
			b.Number = "" // a long number needs the room of two
		}
		b.WaitHeight, b.MakeHeight = height(b.waited), height(b.made)
		b.WaitY = chartBase - b.WaitHeight
		b.MakeY = b.WaitY - b.MakeHeight
	}
	return c
}

// measure reads the times from the order's history: it waits from the choice of its drink until it is claimed for the
// last time, and is made until it reaches a state that answers the workflow.
func (t table) measure(o ordermanager.Order) bars {
	var chosen, claimed, done time.Time
	for _, e := range o.History {
		takes := func(r ordermanager.Rule) bool { return r.Action == e.Action && r.Claim == ordermanager.ClaimTakes }
		switch {
		case e.Action == ordermanager.ActionPut:
			chosen, claimed = e.At, e.At
		case slices.ContainsFunc(t.from(e.From), takes):
			claimed = e.At
		case done.IsZero() && t.done(e.To):
			done = e.At
		}
	}
	b := bars{ID: o.ID, Called: called(o), Number: o.Number, waited: claimed.Sub(chosen), made: done.Sub(claimed)}
	b.total = b.waited + b.made
	b.Wait, b.Make = exactly(b.waited), exactly(b.made)
	return b
}
