package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/brewline/ordermanager"
)

// diagram is a picture of the life cycle, with the number of orders in each state. The states stand one below the
// other, so that any table fits on a phone. An action that leads to the next state is an arrow between the two. All
// others leave their state at the right, under their names, and enter a lane that leads to their target. So no line
// runs through a name.
type diagram struct {
	Width, Height, BoxWidth int
	Boxes                   []box
	Lines                   []string
	Names                   []name
}

// box is a state.
type box struct {
	State               ordermanager.State
	Top, Height, Middle int
	Count               int
	Final               bool
}

// name is the name of an action, beside its arrow.
type name struct {
	X, Y int
	Text string
}

// In the units of the picture.
const (
	boxWidth, boxHeight = 124, 58
	lineHeight          = 18
	// letterWidth is that of a wide font.
	letterWidth = 9
	laneWidth   = 16
	// arrowHead is how much room the head of an arrow needs before what it points to.
	arrowHead = 5
	margin    = 3
)

func draw(lifecycle ordermanager.Lifecycle, count func(ordermanager.State) int) diagram {
	var states []ordermanager.State
	var boxes []box
	for _, s := range lifecycle.States() {
		states = append(states, s.State)
		boxes = append(boxes, box{State: s.State, Count: count(s.State), Final: lifecycle.Terminal(s.State)})
	}
	return drawWays(boxes, waysOf(lifecycle, states))
}

// drawWays puts the boxes in their places and draws the ways between them.
func drawWays(boxes []box, ways map[way][]string) diagram {
	p := pen{ways: ways, lanes: map[int]*lane{}, y: margin}
	for _, b := range boxes {
		p.BoxWidth = max(p.BoxWidth, boxWidth, utf8.RuneCountInString(string(b.State))*letterWidth+2*margin)
	}
	p.width = p.BoxWidth
	for i := range boxes {
		b := &boxes[i]
		b.Top = p.y
		p.ports(i, len(boxes))
		p.y = max(p.y, b.Top+boxHeight)
		b.Height, b.Middle = p.y-b.Top, (b.Top+p.y)/2
		if i+1 < len(boxes) {
			p.arrowDown(i)
		}
	}
	p.drawLanes()
	p.Boxes = boxes
	p.Width, p.Height = p.width+2*margin, p.y+margin
	return p.diagram
}

// way is from one state to another, by their places in the table.
type way struct{ from, to int }

// straight reports whether the way is an arrow to the state below.
func (w way) straight() bool { return w.to == w.from+1 }

// waysOf returns the names of the actions that lead along each way.
func waysOf(lifecycle ordermanager.Lifecycle, states []ordermanager.State) map[way][]string {
	ways := map[way][]string{}
	for _, rule := range lifecycle.Rules() {
		for _, from := range rule.From {
			w := way{slices.Index(states, from), slices.Index(states, rule.To)}
			ways[w] = append(ways[w], strings.ReplaceAll(string(rule.Action), "_", " "))
		}
	}
	return ways
}

// pen draws from above to below.
type pen struct {
	diagram
	ways  map[way][]string
	lanes map[int]*lane // by the state that they lead to
	// y is where it has come to, and width how wide the picture is so far.
	y, width int
}

// lane leads from where ways leave their states to where they come in.
type lane struct {
	in  int
	out []int
}

func (l *lane) top() int    { return min(l.in, slices.Min(l.out)) }
func (l *lane) bottom() int { return max(l.in, slices.Max(l.out)) }

// ports are where lines leave and enter a state. Those that lead up or back leave above where lines come in.
func (p *pen) ports(i, states int) {
	for to := range i + 1 {
		p.leave(way{i, to})
	}
	for from := range states {
		if w := (way{from, i}); len(p.ways[w]) > 0 && !w.straight() {
			p.lane(i).in = p.y + lineHeight/2
			p.y += lineHeight
			break
		}
	}
	for to := i + 2; to < states; to++ {
		p.leave(way{i, to})
	}
}

func (p *pen) leave(w way) {
	if len(p.ways[w]) == 0 {
		return
	}
	p.write(p.BoxWidth+8, p.ways[w])
	p.y += 4
	p.lane(w.to).out = append(p.lane(w.to).out, p.y)
	p.y += lineHeight / 2
}

// arrowDown leads to the next state, if anything does.
func (p *pen) arrowDown(i int) {
	from, names := p.y, p.ways[way{i, i + 1}]
	p.y += lineHeight / 2
	p.write(p.BoxWidth/2+12, names)
	p.y += lineHeight
	if len(names) > 0 {
		p.Lines = append(p.Lines, fmt.Sprintf("M%d %dV%d", p.BoxWidth/2, from, p.y-arrowHead))
	}
}

// write writes names one below the other.
func (p *pen) write(x int, names []string) {
	for _, text := range names {
		p.y += lineHeight
		p.Names = append(p.Names, name{x, p.y - 4, text})
		p.width = max(p.width, x+utf8.RuneCountInString(text)*letterWidth)
	}
}

func (p *pen) lane(to int) *lane {
	if p.lanes[to] == nil {
		p.lanes[to] = &lane{}
	}
	return p.lanes[to]
}

// drawLanes puts the lanes to the right of all names, short ones first, each as near as it can be.
func (p *pen) drawLanes() {
	var lanes []*lane
	for _, l := range p.lanes {
		lanes = append(lanes, l)
	}
	slices.SortFunc(lanes, func(a, b *lane) int {
		if long := (a.bottom() - a.top()) - (b.bottom() - b.top()); long != 0 {
			return long
		}
		return a.in - b.in
	})
	first, taken := p.width+8, [][]*lane{}
	for _, l := range lanes {
		free := slices.IndexFunc(taken, func(there []*lane) bool {
			return !slices.ContainsFunc(there, func(o *lane) bool { return l.top() <= o.bottom() && o.top() <= l.bottom() })
		})
		if free < 0 {
			free, taken = len(taken), append(taken, nil)
		}
		taken[free] = append(taken[free], l)
		x := first + free*laneWidth
		p.width = max(p.width, x)
		for _, y := range l.out {
			p.Lines = append(p.Lines, p.bend(y, x, l.in))
		}
	}
}

// bend leads from the right of a state along a lane to the right of another.
func (p *pen) bend(from, x, to int) string {
	const radius = 7
	turn := radius
	if to < from {
		turn = -radius
	}
	return fmt.Sprintf("M%d %dH%dQ%d %d %d %dV%dQ%d %d %d %dH%d", p.BoxWidth, from,
		x-radius, x, from, x, from+turn, to-turn, x, to, x-radius, to, p.BoxWidth+arrowHead)
}
