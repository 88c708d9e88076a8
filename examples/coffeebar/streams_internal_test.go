package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStreams_noAddressCanTakeThemAllHoweverManyNamesItHas(t *testing.T) {
	b, pages := testBar(t)
	var streams sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		streams.Add(1)
		defer streams.Done()
		pages.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer b.feed.Close() // the server waits for its streams
	open := func(ctx context.Context, name string) (status int) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/customer/api/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.AddCookie(signInCookie(customerDoor, name))
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer.StatusCode
	}
	ctx, leave := context.WithCancel(t.Context())
	got := map[int]int{}
	for i := range streamsPerAddress + 5 {
		got[open(ctx, fmt.Sprint("c", i))]++
	}
	want := map[int]int{http.StatusOK: streamsPerAddress, http.StatusTooManyRequests: 5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("streams (-want +got):\n%s", diff)
	}
	leave()
	streams.Wait() // the server has yet to hear that all have left
	if got := open(t.Context(), "Ada"); got != http.StatusOK {
		t.Errorf("those who have left are counted still: %d", got)
	}
}

// A proxy that gathers what it is sent would keep events back.
func TestStreams_tellProxiesNotToGatherEvents(t *testing.T) {
	_, pages := testBar(t)
	request := newRequest(http.MethodHead, "/barista/api/events", nil)
	request.AddCookie(signInCookie(baristaDoor, "Mara"))
	if got := answerOf(pages, request).Header().Get("X-Accel-Buffering"); got != "no" {
		t.Errorf("X-Accel-Buffering: %q", got)
	}
}
