package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

type menuCommand struct {
	Check menuCheckCommand `cmd:"" help:"Print every mistake in a menu, and its place."`
}

type menuCheckCommand struct {
	File string `arg:"" help:"The menu; - is standard input."`
	outputFlags
}

// Help is the long help of the command.
func (*menuCheckCommand) Help() string {
	return `The menu is plain JSON, an item of the Serverlesspresso sample's configuration table, or the AWS CLI's output
of one:

    aws dynamodb get-item --table-name serverlesspresso-config-table --key '{"PK":{"S":"menu"}}' |
        ordermanager menu check -

The check is strict: an unknown name is a mistake too. (A shop that reads its menu from a table skips mistakes and
serves the rest.) The exit code is 1 if there are any.`
}

// Run checks the menu.
func (c *menuCheckCommand) Run(std *stdio) error {
	data, err := c.read(std)
	if err != nil {
		return err
	}
	menu, err := serverlesspresso.ParseMenu(data)
	wrong, isWrong := errors.AsType[*ordermanager.InvalidMenuError](err)
	if err != nil && !isWrong {
		return err
	}
	report := menuReport{File: c.File, Sound: !isWrong, Problems: []menuProblem{}}
	if isWrong {
		for _, fault := range wrong.Faults {
			report.Problems = append(report.Problems, menuProblem{fault.Path, fault.Rule})
		}
	} else {
		for _, item := range menu.Items {
			report.Drinks++
			if item.SoldOut {
				report.SoldOut++
			}
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

// menuReport is the report on a menu in JSON.
type menuReport struct {
	File     string        `json:"file"`
	Sound    bool          `json:"sound"`
	Problems []menuProblem `json:"problems"`
	Drinks   int           `json:"drinks"`
	SoldOut  int           `json:"soldOut"`
}

type menuProblem struct {
	Place   string `json:"place"`
	Message string `json:"message"`
}

func (r *menuReport) print(out io.Writer) error {
	if r.Sound {
		_, err := fmt.Fprintf(out, "%s is sound (drinks: %d, sold out: %d)\n", r.File, r.Drinks, r.SoldOut)
		return err
	}
	for _, problem := range r.Problems {
		if _, err := fmt.Fprintf(out, "%s: %s %s\n", r.File, problem.Place, legible(problem.Message)); err != nil {
			return err
		}
	}
	return nil
}

func (c *menuCheckCommand) read(std *stdio) ([]byte, error) {
	file, err := openInput(std, c.File)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(readText(file))
	if err != nil {
		return nil, advise(err, "name the file of a menu")
	}
	return data, nil
}
