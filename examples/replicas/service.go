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

// service is the replicas, as behind a load balancer.
type service struct {
	mu       sync.Mutex
	replicas []*replica
	turn     int
	done     atomic.Int32
	failed   atomic.Int32
}

// next is the next replica to ask.
func (s *service) next() *replica {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	return s.replicas[s.turn%len(s.replicas)]
}

// lose removes a replica that does not answer from the rotation.
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

// order is an order in an answer.
type order struct {
	ID      string `json:"orderId"`
	State   string `json:"state"`
	Number  string `json:"orderNumber"`
	Version int    `json:"version"`
}

// ask sends a request to a replica, and to another one if that does not answer: with the same key, so that it is done
// once.
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
		// An order that already exists was created by a request whose answer was lost.
		if response.StatusCode >= 400 && (method != http.MethodPost || response.StatusCode != http.StatusConflict) {
			return order{}, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text.String())
		}
		var o order
		return o, json.Unmarshal(text.Bytes(), &o)
	}
}

// life plays an order to its end and returns its number.
func (s *service) life(ctx context.Context, id string) (string, error) {
	const customer, barista = "customer:ada", "barista:bo"
	if _, err := s.ask(ctx, customer, http.MethodPost, "/orders", id, `{"orderId":"`+id+`"}`); err != nil {
		return "", err
	}
	const espresso = `{"drink":"Espresso","modifiers":[]}`
	if _, err := s.ask(ctx, customer, http.MethodPut, "/orders/"+id, id+" put", espresso); err != nil {
		return "", err
	}
	// The number comes with the second wait, from any replica.
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
