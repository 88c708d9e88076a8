package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/brewline/ordermanager"
)

// diagram is the life cycle as a picture: what the table says, with how many orders are where.
type diagram struct {
	Radius int
	Nodes  []node
	Edges  []edge
}

type node struct {
	State ordermanager.State
	X, Y  float64
	Count int
	Final bool
}

type edge struct {
	Path   string
	Label  string
	LX, LY float64
}

// places is where the states stand. The lines between them come from the life-cycle table.
var places = map[ordermanager.State]struct{ x, y float64 }{
	ordermanager.StatePending:   {70, 165},
	ordermanager.StateMaking:    {300, 85},
	ordermanager.StateCompleted: {530, 85},
	ordermanager.StateCancelled: {450, 265},
}

const nodeRadius = 54

func draw(lifecycle ordermanager.Lifecycle, count func(ordermanager.State) int) diagram {
	d := diagram{Radius: nodeRadius}
	for _, state := range ordermanager.States() {
		d.Nodes = append(d.Nodes, node{state, places[state].x, places[state].y, count(state), ordermanager.StandardLifecycle.Terminal(state)})
	}
	type way struct{ from, to ordermanager.State }
	var ways []way
	labels := map[way][]string{}
	for _, rule := range lifecycle.Rules() {
		for _, from := range rule.From {
			w := way{from, rule.To}
			if labels[w] == nil {
				ways = append(ways, w)
			}
			labels[w] = append(labels[w], strings.ReplaceAll(string(rule.Action), "_", " "))
		}
	}
	for _, w := range ways {
		d.Edges = append(d.Edges, curve(w.from, w.to, strings.Join(labels[w], ", ")))
	}
	return d
}

// curve draws an arrow that bends to its left, so that there and back do not meet.
func curve(from, to ordermanager.State, label string) edge {
	a, b := places[from], places[to]
	if from == to {
		return edge{
			Path:  fmt.Sprintf("M%.0f %.0f C %.0f %.0f %.0f %.0f %.0f %.0f", a.x-22, a.y-49, a.x-44, a.y-112, a.x+44, a.y-112, a.x+20, a.y-56),
			Label: label, LX: a.x, LY: a.y - 94,
		}
	}
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Hypot(dx, dy)
	const bend = 26
	cx, cy := (a.x+b.x)/2+dy/length*bend, (a.y+b.y)/2-dx/length*bend
	// The ends are on the circles, where they face the bend; the arrow's head needs some room.
	end := func(px, py, gap float64) (x, y float64) {
		l := math.Hypot(cx-px, cy-py)
		return px + (cx-px)/l*(nodeRadius+gap), py + (cy-py)/l*(nodeRadius+gap)
	}
	x1, y1 := end(a.x, a.y, 0)
	x2, y2 := end(b.x, b.y, 5)
	return edge{
		Path:  fmt.Sprintf("M%.0f %.0f Q %.0f %.0f %.0f %.0f", x1, y1, cx, cy, x2, y2),
		Label: label, LX: (x1 + 2*cx + x2) / 4, LY: (y1+2*cy+y2)/4 + 5,
	}
}
