// Command play takes the built functions through the walkthrough of the Serverlesspresso sample's Order Manager page,
// on this machine: the functions run under its own Lambda runtime API, and use the emulators at AWS_ENDPOINT_URL_….
//
//	play BINARIES ZIPS
//
// BINARIES and ZIPS are what "make build empty" built for this machine and for Lambda. Start it with
// examples/aws/walkthrough.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: play BINARIES ZIPS")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := walk(ctx, os.Stdout, os.Args[1])
	if err == nil {
		err = measure(ctx, os.Stdout, os.Args[1], os.Args[2])
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
