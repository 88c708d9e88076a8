package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// stdio has the streams of a command.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	// help prints the help of a command.
	help func(command []string) error
}

// warnings logs errors that stop nothing.
func warnings(std *stdio) *slog.Logger {
	return slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// errRefused is returned by a command that completed, and has printed a negative answer.
var errRefused = errors.New("refused")

// The exit codes.
const (
	exitAccepted = 0
	exitRefused  = 1
	exitFailed   = 2
)

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
