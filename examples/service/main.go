// Command service is an order service in one process: the REST interface over a Manager in memory, and a route of its
// own. It is only for trying things out: it forgets everything when it stops, and believes what callers say about
// themselves.
//
//	go run ./examples/service
//
// ADDR is the address to listen on, 127.0.0.1:8080 by default.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/otelobserver"
	"github.com/brewline/ordermanager/webhook"
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
	{
		Drink: "Cappuccino", Icon: "cappuccino",
		Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Regular", "Oat"}}},
	},
	{Drink: "Espresso", Icon: "espresso"},
	{Drink: "Mocha", Icon: "mocha", SoldOut: true},
}})

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	addr, err := address(os.Args[1:])
	var listener net.Listener
	if err == nil {
		listener, err = listen(ctx, addr)
	}
	if err == nil {
		err = run(ctx, listener)
	}
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// address is where to listen.
func address(args []string) (string, error) {
	if len(args) > 0 {
		return "", fmt.Errorf("there is no argument %q: service is set up with variables, like ADDR=127.0.0.1:8081", args[0])
	}
	return cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"), nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w; choose another address with ADDR, like 127.0.0.1:8081", err)
	}
	return listener, nil
}

func run(ctx context.Context, listener net.Listener) error {
	telemetry, err := startTelemetry(ctx)
	if err != nil {
		return err
	}
	defer telemetry.stop()
	observer, err := otelobserver.New(&otelobserver.Options{
		TracerProvider: telemetry.traces, MeterProvider: telemetry.metrics, Database: "memory",
	})
	if err != nil {
		return err
	}
	publishers, err := webhooks()
	if err != nil {
		return err
	}
	workflow, feed := memory.NewWorkflow(), httpapi.NewFeed()
	manager, err := ordermanager.New(feed.Store(memory.NewStore()), menu, workflow, &ordermanager.Options{
		Observer: observer.Observe, Trace: observer.Trace, Publishers: publishers,
	})
	if err != nil {
		return err
	}
	if _, err := observer.Watch(manager); err != nil {
		return err
	}
	workflow.Connect(manager)
	api, err := httpapi.New(manager, menu, &httpapi.Options{Identify: demoIdentity, Venues: demoVenues, Feed: feed})
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.Handle("/", otelhttp.NewHandler(api, "orders", otelhttp.WithTracerProvider(telemetry.traces),
		otelhttp.WithMeterProvider(telemetry.metrics), otelhttp.WithPropagators(telemetry.propagator)))
	routes.Handle("GET /metrics", telemetry.scrape)
	// Orders start with their workflow. A shop would start it when a customer scans a code.
	routes.HandleFunc("POST /demo/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := workflow.Start(r.Context(), r.PathValue("id"), r.FormValue("userId"), ""); err != nil {
			api.Fail(w, r, err)
		}
	})
	// Pages of other sites must not act through the browser of a signed-in user.
	handler := http.NewCrossOriginProtection().Handler(routes)
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
	}
	server.RegisterOnShutdown(feed.Close) // open streams would keep the server from stopping
	log.Printf("http://%s", listener.Addr())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	for steps, redrives := time.Tick(100*time.Millisecond), time.Tick(time.Minute); ; {
		select {
		case <-redrives: // the next one delivers what is still owed, and the dashboard shows it
			_, _ = manager.Redrive(ctx, nil)
		case <-steps: // a workflow service takes its steps by itself
			_ = workflow.Advance(ctx) // a failed step stays due
		case err := <-failed:
			return err
		case <-ctx.Done():
			return server.Shutdown(context.WithoutCancel(ctx))
		}
	}
}

// webhooks posts events to WEBHOOK_URL, if it is set, signed with WEBHOOK_SECRET.
func webhooks() (map[string]ordermanager.Publisher, error) {
	address := os.Getenv("WEBHOOK_URL")
	if address == "" {
		return nil, nil
	}
	hook, err := webhook.New(address, strings.Fields(os.Getenv("WEBHOOK_SECRET")), nil)
	if err != nil {
		return nil, fmt.Errorf("WEBHOOK_URL with the secrets in WEBHOOK_SECRET: %w", err)
	}
	return map[string]ordermanager.Publisher{"webhook": hook}, nil
}

// demoIdentity authenticates nobody: it believes "X-Demo-User: barista:3".
func demoIdentity(r *http.Request) (ordermanager.Actor, error) {
	role, id, _ := strings.Cut(r.Header.Get("X-Demo-User"), ":")
	return ordermanager.Actor{Role: ordermanager.Role(role), ID: id}, nil
}

// demoVenues binds a barista to the venues in "X-Demo-Venues: ABC,XYZ". Without the header nobody is bound.
func demoVenues(r *http.Request) []string {
	if venues := r.Header.Get("X-Demo-Venues"); venues != "" {
		return strings.Split(venues, ",")
	}
	return nil
}
