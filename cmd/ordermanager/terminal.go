package main

import (
	"os"

	"github.com/mattn/go-isatty"
)

// isTerminal reports whether a person sits at the other end of a stream.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
