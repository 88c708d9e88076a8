package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/brewline/ordermanager"
	embedded "github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
	"github.com/brewline/ordermanager/view"
)

type serveCommand struct {
	Store string `required:"" placeholder:"STORE" help:"Where the orders and workflows are: sqlite:FILE or postgres://…, created if missing; or memory, which is lost at the end and has no time-outs."`
	Addr  string `default:"127.0.0.1:8080" help:"The address to listen on. Anybody who can reach it can act as anybody."`
	menuFlag
	lifecycleFlag
	eventsFlag
	limitFlags
}

// Help is the long help of the command.
func (*serveCommand) Help() string {
	return `FOR TRYING OUT ONLY: there is no sign-in. The caller is whoever the header X-Demo-User names: customer:1,
barista:3, admin:9. For a real shop, use the package httpapi in a program that knows who is calling.

POST /orders begins an order, and POST /demo/orders/{id}?userId=&eventId= begins one for anybody. GET /openapi.json
describes all other routes, and docs/http.md shows them. What is owed is redriven every 30 seconds. Requests from pages
of other sites are refused, and so are those for a host other than that of --addr, localhost or an IP address.

The REST API of the Serverlesspresso sample is below /workshop and /core, for the sample's web apps. The caller
is whoever the token names; its signature is not checked.

Example:

    ordermanager serve --store sqlite:orders.db &
    curl -X POST 'http://127.0.0.1:8080/demo/orders/1?userId=1'
    curl -X PUT http://127.0.0.1:8080/orders/1 -H 'X-Demo-User: customer:1' --json '{"drink":"Latte"}'
    curl http://127.0.0.1:8080/myOrders -H 'X-Demo-User: customer:1'`
}

// Run serves until it is interrupted.
func (c *serveCommand) Run(ctx context.Context, std *stdio) error {
	if c.Store != schemeMemory && !strings.HasPrefix(c.Store, schemeSQLite+":") && !isPostgres(c.Store) {
		err := fmt.Errorf("--store: serve keeps orders in sqlite:FILE, postgres://… or memory, not in %q", masked(c.Store))
		return adviseFile(err, c.Store)
	}
	limits, err := c.limits().Check()
	if err != nil {
		return err
	}
	backends := &backends{log: warnings(std), limits: limits}
	defer backends.close()
	// Listen first: a busy port must not leave a new file behind.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return explainListen(c.Addr, err)
	}
	defer func() { _ = listener.Close() }()
	server, err := c.open(ctx, backends, backends.log)
	if err != nil {
		return backends.explain(err)
	}
	if host, _, _ := net.SplitHostPort(listener.Addr().String()); !net.ParseIP(host).IsLoopback() {
		fmt.Fprintln(std.err, "warning: other machines can reach this address, and anybody can act as anybody")
	}
	fmt.Fprintf(std.out, "serving %s at http://%s (a demo: the header X-Demo-User is believed); stop with Ctrl-C\n",
		masked(c.Store), listener.Addr())
	return server.serve(ctx, listener)
}

func explainListen(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens on %s: stop it, or choose another --addr (port 0 is any free one)", addr)
	}
	err = fmt.Errorf("--addr: cannot listen on %s: %w", addr, err)
	return advise(err, "write an address of this machine, like 127.0.0.1:8080")
}

// demoServer is the HTTP interface and a workflow.
type demoServer struct {
	house
	hours hours
	api   *httpapi.Handler
	http  http.Server
}

// Start starts an order if the shop is open.
func (s *demoServer) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	if !s.hours.open(time.Now()) {
		return ordermanager.Receipt{}, ordermanager.ErrShopClosed
	}
	return s.workflow.Start(ctx, orderID, customer, venue)
}

// shop returns the status of a venue.
func (s *demoServer) shop(ctx context.Context, venue string) (httpapi.Shop, error) {
	answer := httpapi.Shop{EventID: venue, Open: s.hours.open(time.Now())}
	switch workflow := s.workflow.(type) {
	case *embedded.Workflow:
		shop, err := workflow.Shop(ctx, venue)
		if err != nil {
			return httpapi.Shop{}, err
		}
		answer.Open, answer.InQueue = answer.Open && shop.Open, shop.InQueue
	case *memory.Workflow:
		answer.InQueue = workflow.InQueue(venue)
	}
	return answer, nil
}

func (c *serveCommand) open(ctx context.Context, backends *backends, log *slog.Logger) (*demoServer, error) {
	store, err := backends.openStore(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	menu, err := backends.openMenu(ctx, c.Menu)
	if err != nil {
		return nil, err
	}
	feed := httpapi.NewFeed()
	local := resumeFlag{Resume: "local"}
	store = feed.Store(store)
	house, err := openHouse(ctx, backends, store, menu, local, c.eventsFlag, c.lifecycleFlag)
	if err != nil {
		return nil, err
	}
	s := &demoServer{house: *house, hours: c.Hours}
	api, err := httpapi.New(house.manager, menu, &httpapi.Options{
		Identify: demoIdentity, Feed: feed, Starter: s, Shop: s.shop, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	s.api = api
	routes := http.NewServeMux()
	routes.Handle("/", api)
	for _, dialect := range serverlesspresso.Dialects() {
		sample, err := httpapi.NewServerlesspresso(house.manager, dialect,
			&httpapi.Options{Identify: demoIdentity, AllowedOrigins: []string{"*"}, Logger: log})
		if err != nil {
			return nil, err
		}
		path := "/" + string(dialect)
		routes.Handle(path+"/", http.StripPrefix(path, sample))
	}
	routes.HandleFunc("POST /demo/orders/{id}", s.start)
	s.http = http.Server{
		Handler:           ownPagesOnly(c.Addr, api, routes),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	s.http.RegisterOnShutdown(feed.Close) // open streams would keep the server from stopping
	return s, nil
}

// ownPagesOnly refuses what a page of another site makes a local browser send: requests that change something, and any
// request for another host, whose DNS name may point to this machine.
func ownPagesOnly(addr string, api *httpapi.Handler, next http.Handler) http.Handler {
	refuse := func(w http.ResponseWriter, r *http.Request, why string) {
		api.Fail(w, r, fmt.Errorf("%w: %s", ordermanager.ErrForbidden, why))
	}
	protection := http.NewCrossOriginProtection()
	// Web apps of other origins may use the sample's API: they authenticate each request.
	for _, dialect := range serverlesspresso.Dialects() {
		protection.AddInsecureBypassPattern("/" + string(dialect) + "/")
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, "a page of another site sent this")
	}))
	next = protection.Handler(next)
	own, _, _ := net.SplitHostPort(addr)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		isOwn := strings.EqualFold(host, "localhost") || strings.EqualFold(host, own)
		if !isOwn && net.ParseIP(strings.Trim(host, "[]")) == nil {
			refuse(w, r, "this server is localhost, and not "+host)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// demoIdentity authenticates nobody: it believes "X-Demo-User: barista:3", and any token.
func demoIdentity(r *http.Request) (ordermanager.Actor, error) {
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return httpapi.CognitoActor(unverified(token))
	}
	role, id, _ := strings.Cut(r.Header.Get("X-Demo-User"), ":")
	return ordermanager.Actor{Role: ordermanager.Role(role), ID: id}, nil
}

// unverified returns the claims of a JSON Web Token; nil if it is not one.
func unverified(token string) (claims map[string]any) {
	if parts := strings.Split(token, "."); len(parts) == 3 {
		if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(payload, &claims)
		}
	}
	return claims
}

// start starts the workflow of an order, as a shop's validator does when a customer scans a code.
func (s *demoServer) start(w http.ResponseWriter, r *http.Request) {
	receipt, err := s.Start(r.Context(), r.PathValue("id"), r.FormValue("userId"), r.FormValue("eventId"))
	if err != nil {
		s.api.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = encoder(w).Encode(view.OrderOf(&receipt.Order))
}

// stopTimeout is how long current requests may take when the server stops.
const stopTimeout = 10 * time.Second

// serve runs the server, the workflow and the redrives until the context is done, then lets each finish its current
// work.
func (s *demoServer) serve(ctx context.Context, listener net.Listener) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	working.Go(func() { s.run(background) })
	working.Go(func() { s.redrive(background) })
	// The workflow must outlive the requests.
	defer working.Wait()
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		final, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		return s.http.Shutdown(final)
	}
}

// step is how often a workflow in memory, which does nothing by itself, is advanced.
const step = 100 * time.Millisecond

func (s *demoServer) run(ctx context.Context) {
	if durable, ok := s.workflow.(*embedded.Workflow); ok {
		durable.Run(ctx)
		return
	}
	every(ctx, step, func() { _ = s.workflow.Advance(ctx) }) // a step that fails stays due
}

const redriveEvery = 30 * time.Second

func (s *demoServer) redrive(ctx context.Context) {
	every(ctx, redriveEvery, func() { _, _ = s.manager.Redrive(ctx, nil) }) // what fails stays owed
}

// every calls a function now and then periodically, until the context is done.
func every(ctx context.Context, interval time.Duration, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
