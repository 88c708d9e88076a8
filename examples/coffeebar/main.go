// Command coffeebar is a coffee bar on one machine: customers order, baristas make, a screen above the counter shows
// whose turn it is, and a manager watches. Start it, and open the address that it prints:
//
//	go run ./examples/coffeebar --seed
//
// Everything is in one SQLite file, so it can be killed at any moment and continues where it was. The sign-in is a
// demo: anybody can be anybody.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == flag.ErrHelp: //nolint:errorlint // flag returns it as it is
	case err != nil:
		fmt.Fprintln(os.Stderr, "coffeebar:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("coffeebar", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.db, "db", defaultFile(), "the `file` that has everything; created if it does not exist")
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "the `address` to listen on; port 0 is any free one")
	addHost := func(name string) error {
		if name = hostname(name); name == "" {
			return errors.New("it is no name")
		}
		s.hosts = append(s.hosts, name)
		return nil
	}
	flags.Func("host", "another `name` by which the bar is reached, besides localhost and its address; repeatable", addHost)
	flags.StringVar(&s.lifecycle, "lifecycle", "",
		"the `file` with the life cycle, as JSON; without it, the standard one with a shelf for what is ready")
	flags.BoolVar(&s.seed, "seed", false, "start with demonstration orders, if there are no orders yet")
	flags.BoolVar(&s.reset, "reset", false,
		"start with an empty file; the old one stays beside it, renamed with .old")
	flags.DurationVar(&s.drinkTimeout, "drink-timeout", 5*time.Minute,
		"how long an order waits for its drink to be chosen")
	flags.DurationVar(&s.completionTimeout, "completion-timeout", 15*time.Minute, "how long an order waits to be made")
	flags.DurationVar(&s.shelfTimeout, "shelf-timeout", 10*time.Minute,
		"how long a drink that is ready waits to be collected")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("there is no argument %q; see --help", flags.Arg(0))
	}
	var senseless error
	flags.Visit(func(f *flag.Flag) {
		given, ok := f.Value.(flag.Getter)
		if !ok {
			return // --host, which is checked above
		}
		switch value := given.Get().(type) {
		case string:
			if value == "" { // an empty address would be every one
				senseless = fmt.Errorf("--%s is empty; give it a value, or leave it out", f.Name)
			}
		case time.Duration:
			if value <= 0 {
				senseless = fmt.Errorf("--%s must be more than 0", f.Name)
			}
		}
	})
	return s, senseless
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	// Find a wrong life cycle and a busy port before touching a file.
	lifecycle, err := readTable(s.lifecycle)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return explainListen(s.addr, err)
	}
	defer func() { _ = listener.Close() }()
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	b, err := open(ctx, s, lifecycle, log)
	if err != nil {
		return explainFile(s.db, err)
	}
	defer b.close()
	if host, _, _ := net.SplitHostPort(listener.Addr().String()); !net.ParseIP(host).IsLoopback() {
		fmt.Fprintln(stderr, "warning: other machines can reach this address, and anybody can pose as anybody")
	}
	fmt.Fprintf(stdout, "The coffee bar is open at http://%s\nEverything is kept in %s\nStop with Ctrl-C.\n",
		listener.Addr(), s.db)
	return b.serve(ctx, listener, s.hosts)
}
