package main

import (
	"io"
	"os"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// openInput opens a file, or standard input for "-".
func openInput(std *stdio, file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(std.in), nil
	}
	input, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, advise(err, "name a file that can be read, or - for standard input")
	}
	return input, nil
}

// readText reads a text as UTF-8. Some editors write a byte-order mark before it, and some shells write UTF-16.
func readText(input io.Reader) io.Reader {
	return transform.NewReader(input, unicode.BOMOverride(transform.Nop))
}
