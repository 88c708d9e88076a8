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

// outputFlags choose output for people or for programs.
type outputFlags struct {
	Output string `enum:"table,json" default:"table" help:"table for people; json, one object on a line, for programs."`
	JSON   bool   `help:"Short for --output json."`
}

func (f outputFlags) inJSON() bool { return f.JSON || f.Output == "json" }

// encoder writes a JSON object per line.
func encoder(out io.Writer) *json.Encoder {
	e := json.NewEncoder(printable{out})
	e.SetEscapeHTML(false)
	return e
}

// printable escapes control and invisible characters in JSON, which other programs may have written into the table.
// JSON itself does not escape DEL, the C1 controls and the characters that change the text's direction.
type printable struct{ out io.Writer }

// Write expects whole values.
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
