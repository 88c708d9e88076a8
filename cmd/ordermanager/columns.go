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

// cell makes a text fit for a column: other programs may have written anything into the table, and the terminal would obey.
func cell(text string) string {
	if text == "" {
		return "-"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// moment writes a time as everything here does: in UTC, to the second.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05Z")
}
