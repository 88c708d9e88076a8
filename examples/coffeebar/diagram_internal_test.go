package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// rectangle is what a part of a picture takes up.
type rectangle struct {
	what                     string
	left, top, right, bottom int
}

func (r rectangle) meets(o rectangle) bool {
	return r.left < o.right && o.left < r.right && r.top < o.bottom && o.top < r.bottom
}

// No line runs through a name or a state, no name is written over another, and everything is in the picture: whatever
// the table is.
func TestDiagram_staysReadableWhateverTheTableIs(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		states := 2 + random.IntN(7)
		ways := map[way][]string{}
		for range 1 + random.IntN(14) {
			w := way{random.IntN(states), random.IntN(states)}
			ways[w] = append(ways[w], "abcdefghijklmnopqrstuvwxyz"[:1+random.IntN(26)])
		}
		d := drawWays(make([]box, states), ways)
		var names, boxes []rectangle
		for _, n := range d.Names {
			names = append(names, rectangle{n.Text, n.X, n.Y - 12, n.X + len(n.Text)*letterWidth, n.Y + 2})
		}
		for i, b := range d.Boxes {
			boxes = append(boxes, rectangle{fmt.Sprint("state ", i), 0, b.Top, d.BoxWidth, b.Top + b.Height})
		}
		solid := slices.Concat(names, boxes)
		for i, a := range solid {
			if a.left < 0 || a.top < 0 || a.right > d.Width || a.bottom > d.Height {
				t.Errorf("seed %d: %s is not in the picture", seed, a.what)
			}
			for _, b := range solid[i+1:] {
				if a.meets(b) {
					t.Errorf("seed %d: %s is over %s", seed, a.what, b.what)
				}
			}
		}
		if want := len(ways); len(d.Lines) != want {
			t.Errorf("seed %d: %d lines, want %d", seed, len(d.Lines), want)
		}
		for _, line := range d.Lines {
			for _, part := range partsOf(t, line) {
				for _, s := range solid {
					if part.meets(s) {
						t.Errorf("seed %d: the line %q runs through %s", seed, line, s.what)
					}
				}
			}
		}
	}
}

// partsOf returns the straight parts of a line.
func partsOf(t *testing.T, line string) []rectangle {
	t.Helper()
	var x, y, down, right, turn, ty, tx, ey, up, qx, qy, q2x, q2y, back int
	if n, _ := fmt.Sscanf(line, "M%d %dV%d", &x, &y, &down); n == 3 {
		return []rectangle{{line, x, y, x + 1, down}}
	}
	n, err := fmt.Sscanf(line, "M%d %dH%dQ%d %d %d %dV%dQ%d %d %d %dH%d",
		&x, &y, &right, &turn, &ty, &tx, &ey, &up, &qx, &qy, &q2x, &q2y, &back)
	if n != 13 {
		t.Fatalf("%q has %d numbers: %v", line, n, err)
	}
	return []rectangle{
		{line, x, y, turn, y + 1},
		{line, turn, min(ty, qy), turn + 1, max(ty, qy)},
		{line, back, q2y, turn, q2y + 1},
	}
}
