package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
)

const (
	// heartbeat is how often a quiet stream says that it is alive, so that nothing in between closes it.
	heartbeat = 15 * time.Second
	// writeTimeout is how long a listener may take to accept what is written.
	writeTimeout = 10 * time.Second
	// streamLifetime ends a stream, so that a caller is identified anew from time to time. Browsers come back by themselves.
	streamLifetime = 15 * time.Minute
	// maxStreams is how many streams one caller may have open: enough for every screen of a shop that shares a sign-in.
	maxStreams = 100
)

// streams counts the open streams of each caller.
type streams struct {
	mu   sync.Mutex
	open map[ordermanager.Actor]int
}

// enter reports whether the caller may open another one; then leave must follow.
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

// stream is GET /events: server-sent events. It begins with "reread", unless it continues after a Last-Event-ID that is still
// remembered; then every change is an "order".
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // nginx would keep events until its buffer is full
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	if !h.streams.enter(actor) {
		return &refusal{code: codeTooManyStreams}
	}
	defer h.streams.leave(actor)
	// Where to begin is settled before the caller hears anything, so that no change falls in between.
	position, resumed := h.feed.resume(r.Header.Get("Last-Event-ID"))
	venues, err := h.bound(r, actor)
	if err != nil {
		return err
	}
	s := listener{feed: h.feed, actor: actor, venues: venues, position: position, out: w, control: http.NewResponseController(w)}
	if err := s.control.Flush(); errors.Is(err, http.ErrNotSupported) {
		return &refusal{code: codeNoStreaming}
	}
	s.listen(r.Context(), resumed)
	return nil
}

// listener is one stream.
type listener struct {
	feed     *Feed
	actor    ordermanager.Actor
	venues   []string // to which the caller is bound; nil is every one
	position uint64
	out      http.ResponseWriter
	control  *http.ResponseController
}

// listen sends changes until the caller leaves, falls behind or has been there for long enough.
func (s *listener) listen(ctx context.Context, resumed bool) {
	hello := "retry: 2000\n\n"
	if !resumed {
		hello += fmt.Sprintf("event: reread\nid: %s\ndata: {}\n\n", s.feed.id(s.position))
	}
	if s.send([]byte(hello)) != nil {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	end := time.NewTimer(streamLifetime)
	defer end.Stop()
	for {
		changes, news, ok := s.feed.since(s.position)
		if !ok || s.sendChanges(changes) != nil {
			return
		}
		if len(changes) > 0 && ctx.Err() == nil {
			continue
		}
		select {
		case <-news:
		case <-beat.C:
			// The id moves those on whom the latest changes did not concern.
			if s.send(fmt.Appendf(nil, ": alive\nid: %s\n\n", s.feed.id(s.position))) != nil {
				return
			}
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// sendChanges sends those that the caller may see, and moves on.
func (s *listener) sendChanges(changes []change) error {
	var text bytes.Buffer
	for _, c := range changes {
		s.position = c.position + 1
		if !maySee(s.actor, c.order.UserID) || s.venues != nil && !slices.Contains(s.venues, c.order.EventID) {
			continue
		}
		data, err := json.Marshal(c.order)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "event: order\nid: %s\ndata: %s\n\n", s.feed.id(s.position), data)
	}
	if text.Len() == 0 {
		return nil
	}
	return s.send(text.Bytes())
}

// send writes and flushes. The deadline is each write's own, so a server's WriteTimeout does not end a stream.
func (s *listener) send(text []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.out.Write(text); err != nil {
		return err
	}
	return s.control.Flush()
}
