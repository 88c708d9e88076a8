package main

import (
	"fmt"
	"html/template"
	"strings"
)

// layer is what is in a cup, from the bottom: the class of its colour in the style sheet, and its height.
type layer struct {
	class  string
	height int
}

// cups says what the drinks are made of. A full cup is 40 high.
var cups = map[string][]layer{
	"espresso":   {{"espresso", 14}, {"crema", 3}},
	"americano":  {{"espresso", 12}, {"water", 22}},
	"cappuccino": {{"espresso", 12}, {"milk", 10}, {"foam", 16}},
	"flat-white": {{"espresso", 15}, {"milk", 19}, {"foam", 3}},
	"latte":      {{"espresso", 10}, {"milk", 24}, {"foam", 4}},
	"mocha":      {{"cocoa", 8}, {"espresso", 10}, {"milk", 14}, {"foam", 6}},
	"chai":       {{"tea", 16}, {"milk", 16}, {"foam", 6}},
	"chocolate":  {{"cocoa", 26}, {"foam", 10}},
}

// cup draws a drink. It says nothing that the drink's name does not say, so it is hidden from screen readers.
func cup(icon string) template.HTML {
	var svg strings.Builder
	svg.WriteString(`<svg class="cup" viewBox="0 0 64 60" aria-hidden="true" focusable="false">` +
		`<path class="handle" d="M48 18h5a7 7 0 0 1 0 20h-6"/>`)
	y := 52
	for _, l := range cups[icon] {
		y -= l.height
		fmt.Fprintf(&svg, `<path class="%s" d="M12 %dH48V%dH12Z"/>`, l.class, y, y+l.height)
	}
	svg.WriteString(`<path class="wall" d="M10 8h40v36a9 9 0 0 1-9 9H19a9 9 0 0 1-9-9z"/></svg>`)
	return template.HTML(svg.String()) //nolint:gosec // nothing in it comes from outside
}
