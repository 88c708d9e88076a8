package explore

import (
	"fmt"
	"strings"
)

// Step is one step of a schedule: who did what, with which outcome.
type Step struct {
	Actor string
	// Op is the step of I/O; empty for the workflow and for giving up.
	Op  string
	Did string
}

// Trace is a schedule. It prints as text with one step on a line, which [ParseTrace] reads and [Replay] runs again.
type Trace []Step

const (
	workflowName = "workflow"
	arrow        = " -> "
	againMark    = " (again)"
)

// String returns the line of one step.
func (s Step) String() string {
	if s.Op == "" {
		return s.Actor + ": " + s.Did
	}
	return s.Actor + ": " + s.Op + arrow + s.Did
}

// String returns the text of the trace.
func (t Trace) String() string {
	var b strings.Builder
	for _, step := range t {
		b.WriteString(step.String() + "\n")
	}
	return b.String()
}

// ParseTrace reads a trace from its text. Empty lines and lines that begin with # are skipped.
func ParseTrace(text string) (Trace, error) {
	var trace Trace
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		actor, rest, found := strings.Cut(line, ": ")
		if !found {
			return nil, fmt.Errorf("not a step: %q", line)
		}
		step := Step{Actor: actor, Did: rest}
		if o, did, hasOp := strings.Cut(rest, arrow); hasOp {
			step.Op, step.Did = o, did
		}
		trace = append(trace, step)
	}
	return trace, nil
}
