package main

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestService_takesAnOrderThroughItsLifeAndStopsInPeace(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- run(ctx, listener) }()

	do := func(user, method, path, body string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+listener.Addr().String()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Demo-User", user)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s", method, path, response.Status)
		}
		return response
	}
	stream := do("barista:3", http.MethodGet, "/events", "")
	defer func() { _ = stream.Body.Close() }()
	news := bufio.NewScanner(stream.Body)
	waitFor := func(text string) {
		t.Helper()
		for news.Scan() {
			if strings.Contains(news.Text(), text) {
				return
			}
		}
		t.Fatalf("the stream ended without %s: %v", text, news.Err())
	}
	for _, step := range []struct{ user, method, path, body, then string }{
		{"", http.MethodPost, "/demo/orders/1?userId=1", "", `"state":"pending"`},
		{"customer:1", http.MethodPut, "/orders/1", `{"userId":"1","drink":"Cappuccino","modifiers":["Oat"]}`, `"orderNumber":"1"`},
		{"barista:3", http.MethodPut, "/orders/1?action=make", "", `"state":"making"`},
		{"barista:3", http.MethodPut, "/orders/1?action=complete", "", `"state":"completed"`},
	} {
		_ = do(step.user, step.method, step.path, step.body).Body.Close()
		waitFor(step.then)
	}
	stop() // with the stream still open
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
