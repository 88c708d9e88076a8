package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/brewline/ordermanager"
)

const (
	// heartbeat is how often a quiet stream sends something, so that no proxy closes it.
	heartbeat = 15 * time.Second
	// writeTimeout is how long a listener may take to accept a write.
	writeTimeout = 10 * time.Second
	// streamLifetime is when a stream ends, so that its caller is identified again. Browsers reconnect by themselves.
	streamLifetime = 15 * time.Minute
)

// stream is GET /events: server-sent events. It starts with "reread", unless it continues after a Last-Event-ID that is
// still known; after that, every change is an "order".
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Accel-Buffering", "no") // nginx would buffer events
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	venues, err := h.bound(r, actor)
	if err != nil {
		return err
	}
	if !h.streams.enter(actor) {
		return &refusal{code: codeTooManyStreams}
	}
	defer h.streams.leave(actor)
	// Join the feed before anything is sent, so that no change is missed.
	begin, failed := h.feed.join(r.Context(), r.Header.Get("Last-Event-ID"))
	defer h.feed.leave()
	s := listener{feed: h.feed, at: begin.at, out: w, control: http.NewResponseController(w)}
	if actor.Role == ordermanager.RoleCustomer || venues != nil {
		s.sees = func(c *change) bool {
			return maySee(actor, c.customer) && (venues == nil || slices.Contains(venues, c.venue))
		}
	}
	if err := s.control.Flush(); errors.Is(err, http.ErrNotSupported) {
		return &refusal{code: codeNoStreaming}
	}
	if failed != nil {
		// A browser gives up after an error, and reconnects after the end of a stream.
		h.log.ErrorContext(r.Context(), "cannot start a stream", "error", failed)
		_ = s.send([]byte(hello))
		return nil
	}
	s.listen(r.Context(), begin)
	return nil
}

// hello starts every stream: reconnect after two seconds.
const hello = "retry: 2000\n\n"

// listener is one stream.
type listener struct {
	feed *Feed
	at   *piece
	// sees reports which changes the caller may see; nil means all.
	sees    func(*change) bool
	out     http.ResponseWriter
	control *http.ResponseController
}

// listen sends changes until the caller leaves, falls behind or the stream's lifetime is over.
func (s *listener) listen(ctx context.Context, begin place) {
	first := [][]byte{[]byte(hello)}
	if !begin.resumed {
		first = append(first, rereading(s.feed.position(s.at)).text)
	}
	for _, p := range begin.missed {
		first = append(first, s.visible(p)...)
	}
	if s.send(first...) != nil {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for end := time.Now().Add(streamLifetime); !s.at.over && time.Now().Before(end); {
		select {
		case <-s.at.more:
			s.at = s.at.next
			if s.feed.forgotten(s.at) || s.send(s.visible(s.at)...) != nil {
				return
			}
		case <-beat.C:
			// The id moves on listeners that the latest changes did not concern.
			if s.send(fmt.Appendf(nil, ": alive\nid: %s\n\n", s.feed.position(s.at))) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// visible returns what the caller may see of a piece, encoded.
func (s *listener) visible(p *piece) [][]byte {
	if s.sees == nil || p.changes == nil {
		return [][]byte{p.text}
	}
	var texts [][]byte
	for i := range p.changes {
		if c := &p.changes[i]; s.sees(c) {
			texts = append(texts, c.text)
		}
	}
	return texts
}

// send writes and flushes. Each write has its own deadline, so a server's WriteTimeout does not end a stream.
func (s *listener) send(texts ...[]byte) error {
	if len(texts) == 0 {
		return nil
	}
	err := s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	for _, text := range texts {
		if _, err := s.out.Write(text); err != nil {
			return err
		}
	}
	return s.control.Flush()
}
