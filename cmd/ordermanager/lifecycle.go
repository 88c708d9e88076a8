package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/brewline/ordermanager"
)

type lifecycleCommand struct {
	Check lifecycleCheckCommand `cmd:"" help:"Print every problem of a life cycle, with its place in the file."`
}

type lifecycleCheckCommand struct {
	File string `arg:"" help:"The file, as docs/lifecycle.md describes it."`
	outputFlags
}

// Help is the long help of the command.
func (*lifecycleCheckCommand) Help() string {
	return `A table without problems keeps every guarantee of the library, whatever its states and actions. Each problem is
printed with its place in the file and the name of the rule that it breaks, and the exit code is 1.

Draw a table with: ordermanager diagram --lifecycle FILE. DynamoDB tables in the layouts workshop and core keep fewer
states; a command that opens one says so.`
}

// lifecycleReport is the report on a table in JSON.
type lifecycleReport struct {
	File     string                `json:"file"`
	Sound    bool                  `json:"sound"`
	Problems []lifecycleProblem    `json:"problems"`
	States   []ordermanager.State  `json:"states"`
	Actions  []ordermanager.Action `json:"actions"`
}

type lifecycleProblem struct {
	Code    ordermanager.Code `json:"code"`
	Place   string            `json:"place"`
	Message string            `json:"message"`
}

// Run checks the table.
func (c *lifecycleCheckCommand) Run(std *stdio) error {
	table, err := readLifecycle(c.File)
	broken, isBroken := errors.AsType[*ordermanager.LifecycleError](err)
	if err != nil && !isBroken {
		return advise(err, "name the file of a table")
	}
	report := lifecycleReport{c.File, !isBroken, []lifecycleProblem{}, stateNames(table), table.Actions()}
	if isBroken {
		report.States, report.Actions = []ordermanager.State{}, []ordermanager.Action{}
		for _, problem := range broken.Problems {
			report.Problems = append(report.Problems, lifecycleProblem(problem))
		}
	}
	write := report.print
	if c.inJSON() {
		write = func(out io.Writer) error { return encoder(out).Encode(report) }
	}
	if err := write(std.out); err != nil || report.Sound {
		return err
	}
	return errRefused
}

func (r *lifecycleReport) print(out io.Writer) error {
	if r.Sound {
		_, err := fmt.Fprintf(out, "%s is sound\nstates   %s\nactions  %s\n", r.File, list(r.States), list(r.Actions))
		return err
	}
	for _, problem := range r.Problems {
		place := problem.Place
		if place == "" {
			place = "the table"
		}
		if _, err := fmt.Fprintf(out, "%s: %s (%s)\n", place, legible(problem.Message), problem.Code); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%s cannot be used: %s\n", r.File, count(len(r.Problems), "problem", "problems"))
	return err
}
