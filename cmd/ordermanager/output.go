package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// outputFlags choose between people and programs.
type outputFlags struct {
	Output string `enum:"table,json" default:"table" help:"table for people; json, one object on a line, for programs."`
	JSON   bool   `help:"Short for --output json."`
}

func (f outputFlags) inJSON() bool { return f.JSON || f.Output == "json" }

// encoder writes one JSON object on a line.
func encoder(out io.Writer) *json.Encoder {
	e := json.NewEncoder(printable{out})
	e.SetEscapeHTML(false)
	return e
}

// printable escapes in JSON what a terminal would obey or not show: other programs may have written anything into the table. JSON's own
// rule spares deletes, the second set of control characters, and what turns the direction of the text around.
type printable struct{ out io.Writer }

// Write is given whole values.
func (p printable) Write(data []byte) (int, error) {
	var escaped bytes.Buffer
	for rest := data; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == '\n', unicode.IsPrint(r):
			escaped.Write(rest[:size])
		case r > 0xffff:
			first, second := utf16.EncodeRune(r)
			fmt.Fprintf(&escaped, `\u%04x\u%04x`, first, second)
		default:
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
		rest = rest[size:]
	}
	if _, err := p.out.Write(escaped.Bytes()); err != nil {
		return 0, err
	}
	return len(data), nil
}
