package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

type menuCommand struct {
	Check menuCheckCommand `cmd:"" help:"Print everything that is wrong with a menu, and where."`
}

type menuCheckCommand struct {
	File string `arg:"" help:"The menu; - is the standard input."`
}

// Help is the long help of the command.
func (*menuCheckCommand) Help() string {
	return `The menu is in plain JSON, an item of the Serverlesspresso sample's configuration table, or what the AWS command
line prints of one:

    aws dynamodb get-item --table-name serverlesspresso-config-table --key '{"PK":{"S":"menu"}}' |
        ordermanager menu check -

It is read strictly: a name that is not known is wrong too. A table that a shop works with is served without what is
wrong in it, and the rest can be ordered.

The exit code is 1 if anything is wrong.`
}

// Run checks the menu.
func (c *menuCheckCommand) Run(std *stdio) error {
	data, err := c.read(std)
	if err != nil {
		return err
	}
	menu, err := serverlesspresso.ParseMenu(data)
	if wrong, ok := errors.AsType[*ordermanager.InvalidMenuError](err); ok {
		for _, fault := range wrong.Faults {
			fmt.Fprintf(std.out, "%s: %s\n", c.File, fault)
		}
		return errRefused
	}
	if err != nil {
		return err
	}
	soldOut := 0
	for _, item := range menu.Items {
		if item.SoldOut {
			soldOut++
		}
	}
	fmt.Fprintf(std.out, "%s is sound (drinks: %d, sold out: %d)\n", c.File, len(menu.Items), soldOut)
	return nil
}

func (c *menuCheckCommand) read(std *stdio) ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(std.in)
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, advise(err, "name a file that can be read, or - for the standard input")
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(file)
}
