package httpapi

import (
	"sync"

	"github.com/brewline/ordermanager"
)

// maxStreams limits the open streams of a caller: enough for every screen of a shop with a shared sign-in.
const maxStreams = 100

// streams counts the open streams of each caller.
type streams struct {
	mu   sync.Mutex
	open map[ordermanager.Actor]int
}

// enter reports whether the caller may open another stream; if so, leave must be called.
func (s *streams) enter(actor ordermanager.Actor) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[actor] >= maxStreams {
		return false
	}
	s.open[actor]++
	return true
}

func (s *streams) leave(actor ordermanager.Actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[actor]--; s.open[actor] == 0 {
		delete(s.open, actor)
	}
}
