// Command replicas is an order service in three processes on one PostgreSQL. One of them is killed while orders are
// open, and the others finish its work:
//
//	go run ./examples/replicas
//
// It starts its own PostgreSQL, or uses the one at ORDERMANAGER_POSTGRES, in the schema "replicas_example", which is
// dropped at the end. With "serve --addr ADDR --postgres URL" it is one replica, as compose.yaml runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5"

	"github.com/brewline/ordermanager/internal/pglocal"
)

const usage = "without arguments, replicas kills one of three services, and the others finish its orders; " +
	"with \"serve --addr ADDR --postgres URL\" it is one of them"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "serve" {
		flags := flag.NewFlagSet("serve", flag.ContinueOnError)
		addr := flags.String("addr", "127.0.0.1:0", "the address to listen on")
		url := flags.String("postgres", os.Getenv("ORDERMANAGER_POSTGRES"), "the PostgreSQL")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return serve(ctx, *addr, *url)
	}
	switch {
	case len(args) == 0:
	case slices.Contains([]string{"-h", "-help", "--help"}, args[0]):
		fmt.Println(usage)
		return nil
	default:
		return fmt.Errorf("there is no argument %q; %s", args[0], usage)
	}
	url, done, err := database(ctx)
	if err != nil {
		return err
	}
	return errors.Join(demonstrate(ctx, url), done())
}

// database returns the URL of a PostgreSQL, and a function that cleans up.
func database(ctx context.Context) (url string, done func() error, err error) {
	if url := os.Getenv("ORDERMANAGER_POSTGRES"); url != "" {
		return url, func() error { return drop(context.WithoutCancel(ctx), url) }, drop(ctx, url)
	}
	server, err := pglocal.Start(ctx, 0)
	if err != nil {
		return "", nil, fmt.Errorf(
			"%w; or set ORDERMANAGER_POSTGRES to the URL of one, postgres://user:password@host:port/database", err,
		)
	}
	return server.URL(), server.Stop, nil
}

func drop(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+schema+" CASCADE")
	return errors.Join(err, conn.Close(ctx))
}
