package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

// line is the output for an input.
type line interface {
	// text is the line for people.
	text() string
	// negative reports whether it says that something was refused or is still owed.
	negative() bool
}

// accepted is the output line of an accepted input.
type accepted struct {
	N  int  `json:"n"`
	OK bool `json:"ok"`
	view.Receipt
}

// acceptance names the input by its own action: the start of a workflow is a "new_order".
func acceptance(n int, action ordermanager.Action, receipt view.Receipt) accepted {
	line := accepted{n, true, receipt}
	line.Action = action
	return line
}

func (l accepted) text() string {
	return fmt.Sprintf("%d  %s", l.N, acceptingText(l.Action, &l.Receipt))
}

func (l accepted) negative() bool { return l.Pending != "" }

// acceptingText describes the result of an accepted input.
func acceptingText(action ordermanager.Action, l *view.Receipt) string {
	text := fmt.Sprintf("%s: order %s is %s", action, cell(l.Order.OrderID), l.Order.State)
	switch {
	case l.Replayed:
		text += ", and was before"
	case l.Unchanged:
		text += ", and nothing is new"
	}
	switch l.Resume {
	case ordermanager.ResumeDelivered:
		text += "; its workflow goes on"
	case ordermanager.ResumeGone:
		text += "; its workflow no longer waits"
	}
	if l.Pending != "" {
		text += "; still owed: " + l.Pending
	}
	return text
}

// refused is the output line of a refused input.
type refused struct {
	N      int                 `json:"n"`
	OK     bool                `json:"ok"`
	Action ordermanager.Action `json:"action"`
	view.Problem
}

func refusal(n int, action ordermanager.Action, err error) refused {
	return refused{N: n, Action: action, Problem: view.ProblemOf(err)}
}

func (l refused) text() string { return fmt.Sprintf("%d  %s", l.N, refusingText(&l.Problem)) }

func (refused) negative() bool { return true }

// refusingText says why an input was refused.
func refusingText(l *view.Problem) string {
	text := fmt.Sprintf("refused, %s: %s", l.Code, l.Message)
	if len(l.Allowed) > 0 {
		text += fmt.Sprintf("; allowed now: %s", strings.Trim(fmt.Sprint(l.Allowed), "[]"))
	}
	return text
}

func printJSON(out io.Writer) func(line) error {
	e := encoder(out)
	return func(l line) error { return e.Encode(l) }
}

func printText(out io.Writer) func(line) error {
	return func(l line) error {
		_, err := fmt.Fprintln(out, legible(l.text()))
		return err
	}
}
