package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/brewline/ordermanager/webhook"
)

// Invariant 5: what could not be posted is on record, named, and posted by a redrive that knows the address.
func TestWebhook_postsWhatHappensAndIsRedriven(t *testing.T) {
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
	receiver, err := webhook.NewReceiver(secret)
	if err != nil {
		t.Fatal(err)
	}
	var down atomic.Bool
	var received atomic.Int64
	house := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := receiver.Event(r); err != nil {
			t.Error(err)
		}
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		received.Add(1)
	}))
	defer house.Close()
	t.Setenv(webhookSecret, "whsec_"+strings.Repeat("A", 40)+" "+secret)
	store := []string{"--store", "sqlite:" + filepath.Join(t.TempDir(), "orders.db")}
	hook := []string{"--webhook", house.URL + "/hidden?key=hidden"}
	const life = `{"detail-type":"OrderProcessor.WorkflowStarted","detail":{"orderId":"1","userId":"ann","TaskToken":"t"}}
		{"action":"cancel","orderId":"1","body":{"userId":"ann"}}`
	down.Store(true)
	code, stdout, stderr := invoke(t, life, append(append([]string{"exec", "--resume", "none"}, store...), hook...)...)
	if code != exitRefused || !strings.Contains(stdout, `"events":"pending"`) || strings.Contains(stdout, "hidden") {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	down.Store(false)

	// A redrive that does not know the webhook names it, and show says to whom the event is owed.
	redrive := append([]string{"redrive", "--resume", "none"}, store...)
	_, _, stderr = invoke(t, "", redrive...)
	const advised = "publisher webhook, which this Manager does not have: will not succeed by being repeated; " +
		"add --webhook URL\n"
	if !strings.Contains(stderr, advised) {
		t.Errorf("redrive says: %s", stderr)
	}
	_, stdout, _ = invoke(t, "", append([]string{
		"repair", "1", "resend", "--by", "olga", "--reason", "it hung", "--resume", "none",
	}, store...)...)
	if !strings.HasSuffix(stdout, advised) {
		t.Errorf("repair says: %s", stdout)
	}
	_, stdout, _ = invoke(t, "", append([]string{"show", "1"}, store...)...)
	if !strings.Contains(strings.Join(strings.Fields(stdout), " "), "the event of version 2 to publisher webhook") {
		t.Errorf("show says: %s", stdout)
	}
	if received.Load() != 0 {
		t.Error("something was received")
	}
	_, _, stderr = invoke(t, "", append(redrive, hook...)...)
	if received.Load() != 1 || strings.Contains(stderr, "webhook") {
		t.Errorf("received %d; %s", received.Load(), stderr)
	}
}
