package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	replicas = 3
	orders   = 60
	// fatal is how many orders are done when a replica is killed.
	fatal = 20
)

// replica is a process of the service.
type replica struct {
	process *exec.Cmd
	url     string
}

// start starts a replica and waits until it serves.
func start(ctx context.Context, url string) (*replica, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	process := exec.CommandContext(ctx, self, "serve") //nolint:gosec // this program
	process.Env = append(os.Environ(), "ORDERMANAGER_POSTGRES="+url)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a replica did not start: %w", err), process.Wait())
	}
	return &replica{process, strings.TrimSpace(line)}, nil
}

// service is the replicas as a load balancer sees them.
type service struct {
	mu       sync.Mutex
	replicas []*replica
	turn     int
	done     atomic.Int32
	failed   atomic.Int32
}

// next is the replica whose turn it is.
func (s *service) next() *replica {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	return s.replicas[s.turn%len(s.replicas)]
}

// lose takes a replica that does not answer out of the rotation.
func (s *service) lose(dead *replica) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.replicas {
		if r == dead && len(s.replicas) > 1 {
			s.replicas = append(s.replicas[:i:i], s.replicas[i+1:]...)
			return
		}
	}
}

// order is what an answer says of one.
type order struct {
	State  string `json:"state"`
	Number string `json:"orderNumber"`
}

// ask asks some replica, and another one when that does not answer: with the same key, so that whatever it was, it is
// done once.
func (s *service) ask(ctx context.Context, user, method, path, key, body string) (order, error) {
	for {
		r := s.next()
		request, err := http.NewRequestWithContext(ctx, method, r.url+path, strings.NewReader(body))
		if err != nil {
			return order{}, err
		}
		request.Header.Set("X-Demo-User", user)
		request.Header.Set("Idempotency-Key", key)
		if body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil && ctx.Err() == nil {
			s.failed.Add(1)
			s.lose(r)
			continue
		}
		if err != nil {
			return order{}, err
		}
		var text bytes.Buffer
		_, err = text.ReadFrom(response.Body)
		_ = response.Body.Close()
		if err != nil {
			continue // it was killed in the middle of its answer
		}
		// An order that exists already was begun by a request whose answer was lost.
		if response.StatusCode >= 400 && (method != http.MethodPost || response.StatusCode != http.StatusConflict) {
			return order{}, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text.String())
		}
		var o order
		return o, json.Unmarshal(text.Bytes(), &o)
	}
}

// life takes an order through its life and returns its number.
func (s *service) life(ctx context.Context, id string) (string, error) {
	const customer, barista = "customer:ada", "barista:bo"
	if _, err := s.ask(ctx, customer, http.MethodPost, "/orders", id, `{"orderId":"`+id+`"}`); err != nil {
		return "", err
	}
	if _, err := s.ask(ctx, customer, http.MethodPut, "/orders/"+id, id+" put", `{"drink":"Espresso","modifiers":[]}`); err != nil {
		return "", err
	}
	// The number comes with the second wait, from whichever replica tells of it.
	var number string
	for number == "" {
		o, err := s.ask(ctx, customer, http.MethodGet, "/orders/"+id, "", "")
		if err != nil {
			return "", err
		}
		if number = o.Number; number == "" {
			<-time.After(10 * time.Millisecond)
		}
	}
	for _, action := range []string{"make", "complete"} {
		if _, err := s.ask(ctx, barista, http.MethodPut, "/orders/"+id+"?action="+action, id+" "+action, ""); err != nil {
			return "", err
		}
	}
	s.done.Add(1)
	return number, nil
}

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
	fmt.Printf("%d of %d orders were completed by the others in %v; %d requests met the one that was killed, and were repeated\n",
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
	return nil
}
