package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/webhook"
)

// What is missing is named.
func TestConfiguration_isRefusedWithWhatToSet(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	if _, err := listen(t.Context(), busy.Addr().String()); err == nil || !strings.Contains(err.Error(), "ADDR") {
		t.Errorf("a busy port: %v", err)
	}
	if _, err := address([]string{"--addr"}); err == nil || !strings.Contains(err.Error(), "ADDR") {
		t.Errorf("an argument: %v", err)
	}
	t.Setenv("WEBHOOK_URL", "https://shop.example/events")
	if _, err := webhooks(); err == nil || !strings.Contains(err.Error(), "WEBHOOK_SECRET") {
		t.Errorf("no secret: %v", err)
	}
}

func TestWebhooks_tellAnAddressOfAWholeLife(t *testing.T) {
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
	receiver, err := webhook.NewReceiver(secret)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []ordermanager.EventType
	seen := map[string]bool{} // an event may come twice
	board := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		event, err := receiver.Event(r)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if !seen[event.ID] {
			seen[event.ID], got = true, append(got, event.Type)
		}
	}))
	defer board.Close()
	t.Setenv("WEBHOOK_URL", board.URL)
	t.Setenv("WEBHOOK_SECRET", secret)
	s := start(t)
	s.life()
	s.end()
	want := []ordermanager.EventType{
		ordermanager.EventWaitingCompletion, ordermanager.EventMakeOrder, ordermanager.EventOrderCompleted,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the board heard of %q, want %q", got, want)
	}
}
