package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/postgres"
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{
	Items: []ordermanager.MenuItem{{Drink: "Cappuccino"}, {Drink: "Espresso"}},
})

// serve is a replica: the REST interface, the workflow and a redrive, on a shared database. It prints its address when
// it is ready.
func serve(ctx context.Context, addr, url string) error {
	pool, err := postgres.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	options := &postgres.Options{Schema: schema}
	store, err := postgres.NewStore(ctx, pool, options)
	if err != nil {
		return err
	}
	workflow, err := postgres.NewWorkflow(ctx, pool, options, nil)
	if err != nil {
		return err
	}
	feed := httpapi.NewFeed()
	manager, err := ordermanager.New(feed.Store(store), menu, workflow, nil)
	if err != nil {
		return err
	}
	workflow.Connect(manager)
	api, err := httpapi.New(manager, menu, &httpapi.Options{Identify: demoIdentity, Starter: workflow, Feed: feed})
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go workflow.Run(ctx)
	go redrive(ctx, manager)
	server := &http.Server{Handler: api, ReadHeaderTimeout: 5 * time.Second}
	server.RegisterOnShutdown(feed.Close) // open streams would keep the server from stopping
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.WithoutCancel(ctx))
	}
}

// redrive delivers what a killed replica still owed. A shop does this once a minute.
func redrive(ctx context.Context, manager *ordermanager.Manager) {
	for ctx.Err() == nil {
		_, _ = manager.Redrive(ctx, nil) // the next one delivers what is still owed
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// demoIdentity authenticates nobody: it believes "X-Demo-User: barista:3".
func demoIdentity(r *http.Request) (ordermanager.Actor, error) {
	role, id, _ := strings.Cut(r.Header.Get("X-Demo-User"), ":")
	return ordermanager.Actor{Role: ordermanager.Role(role), ID: id}, nil
}

// schema has the example's tables.
const schema = "replicas_example"
