package main

import (
	"net"
	"net/http"
	"sync"
)

// streamsPerAddress is how many event streams one address may have open: each identity has a limit already, but here
// anybody can be anybody. A page without a stream catches up every few seconds.
const streamsPerAddress = 120

// streams counts the open event streams of each address.
type streams struct {
	mu   sync.Mutex
	open map[string]int
}

func newStreams() *streams { return &streams{open: map[string]int{}} }

// limit refuses another stream to an address at the limit.
func (s *streams) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address, _, _ := net.SplitHostPort(r.RemoteAddr)
		if !s.take(address) {
			w.Header().Set("Retry-After", "5")
			http.Error(w, "You have too many pages of this bar open.", http.StatusTooManyRequests)
			return
		}
		defer s.giveBack(address)
		next.ServeHTTP(w, r)
	})
}

func (s *streams) take(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[address] == streamsPerAddress {
		return false
	}
	s.open[address]++
	return true
}

func (s *streams) giveBack(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[address]--; s.open[address] == 0 {
		delete(s.open, address)
	}
}
