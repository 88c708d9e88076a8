package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// redriveEvery is how often what is owed is delivered again.
	redriveEvery = 15 * time.Second
	// stopTimeout is how long requests that are going on may take when the bar closes.
	stopTimeout = 5 * time.Second
)

// serve runs the pages, the workflow and the redrives until the context is done, and then lets each finish what it is at.
func (b *bar) serve(ctx context.Context, listener net.Listener, hosts []string, log *slog.Logger) error {
	routes, err := newSite(b, hosts, log)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: routes, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(b.feed.Close) // its streams would keep the server from stopping

	// The workflow outlives the requests that it follows from.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	working.Go(func() { b.workflow.Run(background) })
	working.Go(func() { b.redrive(background) })
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

// redrive delivers what a crash has left owed, at once, and whatever could not be delivered since, from time to time.
func (b *bar) redrive(ctx context.Context) {
	ticker := time.NewTicker(redriveEvery)
	defer ticker.Stop()
	for {
		_, _ = b.manager.Redrive(ctx, nil) // what fails is logged, and stays owed
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
