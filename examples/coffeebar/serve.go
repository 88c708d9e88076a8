package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
)

const (
	// redriveEvery is how often owed deliveries are redriven, and clearEvery how often the shelf is checked.
	redriveEvery = 15 * time.Second
	clearEvery   = time.Second
	// stopTimeout is how long current requests may take when the bar closes.
	stopTimeout = 5 * time.Second
)

// serve runs the pages, the workflow and the redrives until the context is done, then lets each finish its current
// work.
func (b *bar) serve(ctx context.Context, listener net.Listener, hosts []string) error {
	routes, err := newSite(b, hosts)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: routes, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(b.log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(b.feed.Close) // open streams would keep the server from stopping

	// The workflow must outlive the requests.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	working.Go(func() { b.workflow.Run(background) })
	working.Go(func() { every(background, redriveEvery, b.redrive) })
	working.Go(func() { every(background, clearEvery, b.clearShelf) })
	defer working.Wait()
	defer stop()

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(final); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}

// every calls a function at once, then periodically.
func every(ctx context.Context, interval time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// redrive delivers what a crash left owed, and whatever could not be delivered since. Failures are logged, and stay
// owed.
func (b *bar) redrive(ctx context.Context) { _, _ = b.manager.Redrive(ctx, nil) }

// clearShelf ends the orders that nobody has collected in time, if the life cycle has an action for that. Failures are
// logged and retried.
func (b *bar) clearShelf(ctx context.Context) {
	for _, state := range b.table.shelf() {
		action, ok := b.table.clearing(state)
		if !ok {
			continue
		}
		for o, err := range b.manager.Orders(ctx, ordermanager.Query{State: state}) {
			if err == nil && time.Since(o.UpdatedAt) > b.shelfTimeout {
				_, err = b.manager.Do(ctx, action, ordermanager.Request{OrderID: o.ID, Actor: ordermanager.System("shelf")})
			}
			if err != nil && ctx.Err() == nil {
				b.log.WarnContext(ctx, "the shelf is not cleared", "state", state, "order", o.ID, "error", err)
			}
		}
	}
}
