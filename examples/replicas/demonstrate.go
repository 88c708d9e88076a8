package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	replicas = 3
	orders   = 60
	// fatal is how many orders have been handed to customers when a replica is killed.
	fatal = 20
)

// demonstrate runs the service, serves customers, and kills a replica.
func demonstrate(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	s := &service{}
	for range replicas {
		r, err := start(ctx, url)
		if err != nil {
			return err
		}
		defer func() {
			_ = r.process.Process.Kill()
			_ = r.process.Wait()
		}()
		s.replicas = append(s.replicas, r)
		fmt.Printf("replica %d serves at %s\n", len(s.replicas), r.url)
	}
	victim := s.replicas[1]
	screen := &screen{service: s, at: victim, states: map[string]order{}}
	listening, shown := make(chan struct{}), make(chan error, 1)
	go func() { shown <- screen.show(ctx, orders, listening) }()
	select {
	case <-listening:
	case err := <-shown:
		return err
	}
	begun := time.Now()
	errs := make(chan error, orders)
	var mu sync.Mutex
	numbers := map[string]bool{}
	var customers sync.WaitGroup
	queue := make(chan string)
	for range 8 {
		customers.Go(func() {
			for id := range queue {
				number, err := s.life(ctx, id)
				mu.Lock()
				numbers[number] = true
				mu.Unlock()
				errs <- err
			}
		})
	}
	for n := range orders {
		if n == fatal {
			fmt.Printf("%d orders are done; kill -9 of replica 2\n", s.done.Load())
			if err := victim.process.Process.Kill(); err != nil {
				return err
			}
		}
		queue <- fmt.Sprint("order-", n)
	}
	close(queue)
	customers.Wait()
	close(errs)
	var failures []error
	for err := range errs {
		failures = append(failures, err)
	}
	fmt.Printf("the others completed %d of %d orders in %v; %d requests met the killed replica, and were repeated\n",
		s.done.Load(), orders, time.Since(begun).Round(time.Millisecond), s.failed.Load())
	if err := errors.Join(failures...); err != nil {
		return err
	}
	for n := 1; n <= orders; n++ {
		if !numbers[fmt.Sprint(n)] {
			return fmt.Errorf("the number %d is missing", n)
		}
	}
	fmt.Printf("the numbers are 1 to %d: none was given twice, and none is missing\n", orders)
	if err := <-shown; err != nil {
		return fmt.Errorf("a screen saw %d of %d orders end: %w", screen.ended(), orders, err)
	}
	fmt.Printf("a screen that listened to replica 2 went on elsewhere %s and saw all %d orders end\n",
		screen.resumed(), screen.ended())
	return nil
}
