package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// service is the service while it runs.
type service struct {
	*testing.T
	url     string
	stop    context.CancelFunc
	stopped chan error
}

func start(t *testing.T) *service {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &service{T: t, url: "http://" + listener.Addr().String(), stop: stop, stopped: make(chan error, 1)}
	go func() { s.stopped <- run(ctx, listener) }()
	return s
}

// do sends a request, with a trace that the caller has begun, and wants it to be answered with 200.
func (s *service) do(user, method, path, body string) *http.Response {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("X-Demo-User", user)
	r.Header.Set("Traceparent", "00-"+callersTrace+"-00f067aa0ba902b7-01")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		s.Fatalf("%s %s: %s", method, path, response.Status)
	}
	return response
}

const callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

// life takes an order through its life, and stops with the stream of its news still open.
func (s *service) life() {
	s.Helper()
	stream := s.do("barista:3", http.MethodGet, "/events", "")
	s.Cleanup(func() { _ = stream.Body.Close() })
	news := bufio.NewScanner(stream.Body)
	for _, step := range []struct{ user, method, path, body, then string }{
		{"", http.MethodPost, "/demo/orders/1?userId=1", "", `"state":"pending"`},
		{
			"customer:1", http.MethodPut, "/orders/1", `{"userId":"1","drink":"Cappuccino","modifiers":["Oat"]}`,
			`"orderNumber":"1"`,
		},
		{"barista:3", http.MethodPut, "/orders/1?action=make", "", `"state":"making"`},
		{"barista:3", http.MethodPut, "/orders/1?action=complete", "", `"state":"completed"`},
	} {
		_ = s.do(step.user, step.method, step.path, step.body).Body.Close()
		for seen := false; !seen; seen = strings.Contains(news.Text(), step.then) {
			if !news.Scan() {
				s.Fatalf("the stream ended without %s: %v", step.then, news.Err())
			}
		}
	}
}

func (s *service) metrics() string {
	s.Helper()
	response := s.do("", http.MethodGet, "/metrics", "")
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(page)
}

func (s *service) end() {
	s.Helper()
	s.stop()
	if err := <-s.stopped; err != nil {
		s.Error(err)
	}
}

func TestService_takesAnOrderThroughItsLifeAndStopsInPeace(t *testing.T) {
	s := start(t)
	s.life()
	s.end()
}
