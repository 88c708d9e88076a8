package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help is the long help of the command.
func (*completionCommand) Help() string {
	return `Add one of these to your shell's startup file:

    source <(ordermanager completion bash)     # ~/.bashrc
    source <(ordermanager completion zsh)      # ~/.zshrc, after compinit
    ordermanager completion fish | source      # ~/.config/fish/config.fish`
}

// The scripts call the program itself with completeWord, so they are never out of date.
var (
	//go:embed completion/ordermanager.bash
	bashScript string
	//go:embed completion/ordermanager.zsh
	zshScript string
	//go:embed completion/ordermanager.fish
	fishScript string
)

// Run prints the script.
func (c *completionCommand) Run(std *stdio) error {
	_, err := io.WriteString(std.out, map[string]string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[c.Shell])
	return err
}

// completeWord is the argument that the scripts pass, followed by the words of the command line up to the cursor.
const completeWord = "__complete"

// complete prints the completions of the last word, each with its meaning after a tab. None means a file or free text.
func complete(out io.Writer, program *kong.Node, words []string) {
	if len(words) > 1 && words[0] == "help" {
		words = words[1:] // what help explains
	}
	node, awaited, given := walk(program, words[:len(words)-1])
	word := words[len(words)-1]
	suggest := func(text, help string) {
		if text != "" && strings.HasPrefix(text, word) {
			help, _, _ = strings.Cut(help, ".")
			fmt.Fprintf(out, "%s\t%s\n", text, help)
		}
	}
	name, _, valued := strings.Cut(word, "=")
	switch {
	case awaited != nil:
		for _, value := range awaited.EnumSlice() {
			suggest(value, "")
		}
	case valued && strings.HasPrefix(word, "--"):
		for _, flag := range flagsOf(node) {
			if "--"+flag.Name == name {
				for _, value := range flag.EnumSlice() {
					suggest(name+"="+value, "")
				}
			}
		}
	case strings.HasPrefix(word, "-"):
		for _, flag := range flagsOf(node) {
			suggest("--"+flag.Name, flag.Help)
		}
	case given < len(node.Positional):
		for _, value := range node.Positional[given].EnumSlice() {
			suggest(value, "")
		}
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				suggest(child.Name, child.Help)
			}
		}
	}
}

// walk follows the words to a command. It returns the flag whose value comes next, if any, and the number of arguments.
func walk(node *kong.Node, words []string) (_ *kong.Node, awaited *kong.Value, given int) {
	for _, word := range words {
		if awaited != nil {
			awaited = nil
			continue
		}
		if name, isFlag := strings.CutPrefix(word, "--"); isFlag {
			for _, flag := range flagsOf(node) {
				if flag.Name == name && !flag.IsBool() {
					awaited = flag.Value
				}
			}
			continue
		}
		if child := childOf(node, word); child != nil {
			node = child
			continue
		}
		given++
	}
	return node, awaited, given
}

func flagsOf(node *kong.Node) (all []*kong.Flag) {
	for _, flags := range node.AllFlags(true) {
		all = append(all, flags...)
	}
	return all
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}
