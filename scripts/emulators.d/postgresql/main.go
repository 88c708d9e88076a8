// Command postgresql runs a PostgreSQL server until it is told to stop. It writes the server's URL to a file when the
// server is ready.
//
// Usage: postgresql PORT FILE, where port 0 is any free port.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/brewline/ordermanager/internal/pglocal"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "postgresql:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: postgresql PORT FILE")
	}
	port, err := strconv.Atoi(os.Args[1])
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	server, err := pglocal.Start(ctx, port)
	if err != nil {
		return err
	}
	// Renamed, so that nobody reads half of it.
	half := os.Args[2] + ".new"
	if err = os.WriteFile(half, []byte(server.URL()+"\n"), 0o600); err == nil { //nolint:gosec // the script names the file
		err = os.Rename(half, os.Args[2]) //nolint:gosec // as above
	}
	if err == nil {
		<-ctx.Done()
	}
	if stopped := server.Stop(); err == nil {
		err = stopped
	}
	return err
}
