// Command ordermanager is the operator's tool: it carries out requests and events, shows, repairs and redrives orders,
// manages tables, serves the HTTP interface and draws the life cycle. Run it with --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type commands struct {
	Exec       execCommand       `cmd:"" help:"Carry out requests and events, and print the outcome of each."`
	Orders     ordersCommand     `cmd:"" help:"List orders."`
	Show       showCommand       `cmd:"" help:"Show an order: its history, its waits, and what it owes."`
	Watch      watchCommand      `cmd:"" help:"Print what happens to orders as it happens."`
	Stats      statsCommand      `cmd:"" help:"Count the orders that are open, owe something or are stuck."`
	Redrive    redriveCommand    `cmd:"" help:"Deliver what is still owed to workflows and event consumers."`
	Repair     repairCommand     `cmd:"" help:"Repair an order that is stuck."`
	Serve      serveCommand      `cmd:"" help:"Try the HTTP interface on this machine, with a workflow."`
	Table      tableCommand      `cmd:"" help:"Create, check and upgrade DynamoDB tables."`
	Lifecycle  lifecycleCommand  `cmd:"" help:"Check the file of a life cycle."`
	Menu       menuCommand       `cmd:"" help:"Check a menu."`
	Schema     schemaCommand     `cmd:"" help:"Create, check and upgrade the tables in PostgreSQL."`
	Copy       copyCommand       `cmd:"" help:"Copy orders between a SQLite file and PostgreSQL."`
	Diagram    diagramCommand    `cmd:"" help:"Draw the life cycle."`
	Completion completionCommand `cmd:"" help:"Print the script that completes commands in a shell."`
	Help       helpCommand       `cmd:"" help:"Print the help of a command."`
	Version    kong.VersionFlag  `help:"Print the version and exit."`
}

const description = `Moves coffee orders through their life cycle: pending, making, completed and cancelled, or a
table of your own.

Orders are in a DynamoDB table (dynamodb:TABLE), a SQLite file (sqlite:FILE) or PostgreSQL (postgres://…). AWS is
configured as usual, with AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and so on.

Exit codes: 0, success; 1, it ran, and said what was refused, not found, different or still owed; 2, it could not run,
or was interrupted. Ctrl-C is how watch, stats --watch and serve end: with 0.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal lets the current input finish; the second one kills.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// After printing help or the version, kong calls the exit function but continues parsing.
	printed := false
	parser, err := kong.New(&commands{},
		kong.Name("ordermanager"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { printed = true }),
		kong.Vars{"version": version()},
		kong.BindTo(ctx, (*context.Context)(nil)),
		signed[int](),
		signed[time.Duration](),
	)
	if err != nil {
		panic(err) // the declarations of the commands are wrong
	}
	if len(args) > 1 && args[0] == completeWord {
		complete(stdout, parser.Model.Node, args[1:])
		return exitAccepted
	}
	help := func(command []string) error {
		if _, err := parser.Parse(append(command, "--help")); err != nil && !printed {
			return hint(err)
		}
		return nil
	}
	parsed, err := parser.Parse(args)
	switch {
	case printed:
		return exitAccepted
	case err != nil:
		return fail(stderr, hint(err))
	}
	if err := senseless(parsed); err != nil {
		return fail(stderr, err)
	}
	switch err := parsed.Run(&stdio{stdin, stdout, stderr, help}); {
	case errors.Is(err, errRefused):
		return exitRefused
	case errors.Is(err, context.Canceled):
		return fail(stderr, errors.New("interrupted; run it again"))
	case err != nil:
		return fail(stderr, err)
	}
	return exitAccepted
}

func hint(err error) error { return errors.New(withoutPasswords(err.Error()) + " (try --help)") }

// signed lets a flag's value begin with a minus, which kong would take for a flag: the command decides whether it is
// valid.
func signed[T any]() kong.Option {
	kind := reflect.TypeFor[T]()
	usual := kong.NewRegistry().RegisterDefaults().ForType(kind)
	return kong.TypeMapper(kind, kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		ctx.Scan.AllowHyphenPrefixedParameters(true)
		defer ctx.Scan.AllowHyphenPrefixedParameters(false)
		return usual.Decode(ctx, target)
	}))
}

// fail prints an error on a single line.
func fail(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "ordermanager: %s\n", legible(err.Error()))
	return exitFailed
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "ordermanager (unknown version)"
	}
	return fmt.Sprintf("ordermanager %s (%s)", info.Main.Version, info.GoVersion)
}
