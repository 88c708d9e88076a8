package main

import "io"

type diagramCommand struct {
	Format string `enum:"mermaid,dot" default:"mermaid" help:"The language of the diagram: mermaid, or dot for Graphviz."`
	lifecycleFlag
}

// Help is the long help of the command.
func (*diagramCommand) Help() string {
	return `Example:

    ordermanager diagram --format dot | dot -Tsvg > lifecycle.svg`
}

// Run prints the diagram.
func (c *diagramCommand) Run(std *stdio) error {
	lifecycle, err := c.table()
	if err != nil {
		return err
	}
	draw := lifecycle.Mermaid
	if c.Format == "dot" {
		draw = lifecycle.DOT
	}
	_, err = io.WriteString(std.out, draw())
	return err
}
