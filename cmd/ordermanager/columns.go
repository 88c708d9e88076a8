package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// columns aligns what is printed for people.
func columns(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) }

// row prints one line of columns.
func row(out io.Writer, cells ...string) {
	for i, text := range cells {
		cells[i] = cell(text)
	}
	fmt.Fprintln(out, strings.Join(cells, "\t"))
}

// cell makes a value safe to print in a column: other programs may have written control characters into the table.
func cell(text string) string {
	if text == "" {
		return "-"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// duration formats a duration, rounded for people.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}

// legible makes a sentence that may quote foreign text safe to print: one line, without control characters.
func legible(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, joined(text))
}

// joined joins lines into one.
func joined(text string) string {
	var line strings.Builder
	for part := range strings.Lines(text) {
		switch {
		case line.Len() == 0:
		case strings.HasSuffix(line.String(), ":"):
			line.WriteString(" ")
		default:
			line.WriteString("; ")
		}
		line.WriteString(strings.TrimSpace(part))
	}
	return line.String()
}

// lineWidth fits every terminal.
const lineWidth = 80

// wrap breaks text into lines of limited length, between words where possible.
func wrap(text string, width int) (lines []string) {
	line := []rune{}
	for _, word := range strings.Fields(text) {
		rest := []rune(word)
		if len(line) > 0 && len(line)+1+len(rest) <= width {
			line = append(append(line, ' '), rest...)
			continue
		}
		if len(line) > 0 {
			lines = append(lines, string(line))
		}
		for ; len(rest) > width; rest = rest[width:] {
			lines = append(lines, string(rest[:width]))
		}
		line = append([]rune{}, rest...)
	}
	return append(lines, string(line))
}

// moment formats a time as every command does: in UTC, to the second.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05Z")
}
