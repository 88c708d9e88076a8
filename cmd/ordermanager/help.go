package main

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command, for instance: table check."`
}

// Run prints the help of a command, or of the program.
func (c *helpCommand) Run(std *stdio) error { return std.help(c.Command) }
