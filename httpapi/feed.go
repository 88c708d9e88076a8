package httpapi

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"

	"github.com/brewline/ordermanager"
)

// Feed is the stream of changes behind GET /events. It is fed by the store that it wraps: every transition that is applied through
// [Feed.Store], those of the workflow included, reaches it as soon as it is durable. Make one with [NewFeed]. It is safe for
// concurrent use.
//
// It remembers the last thousand changes and nothing per listener: one who is further behind is disconnected, comes back, and is told to
// read again. Changes that another process makes do not reach it.
type Feed struct {
	mu     sync.Mutex
	epoch  string // tells the positions of this feed from those of another, or of an earlier run
	recent [feedSize]change
	next   uint64 // the position of the next change
	news   chan struct{}
	closed bool
}

// feedSize is how many changes are remembered, and feedBatch how many a listener takes at once.
const (
	feedSize  = 1024
	feedBatch = 64
)

// change is one order as it was after a transition.
type change struct {
	position uint64
	order    order
}

// NewFeed returns an empty feed.
func NewFeed() *Feed {
	return &Feed{epoch: rand.Text()[:8], news: make(chan struct{})}
}

// Store returns a store that does what the given one does and tells the feed. Build the Manager with it.
func (f *Feed) Store(store ordermanager.Store) ordermanager.Store { return feedingStore{store, f} }

// Close ends all streams, and every later one at once. Call it when the server stops, which would wait for them otherwise: see
// [net/http.Server.RegisterOnShutdown]. Closing twice is fine.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.news)
	}
}

type feedingStore struct {
	ordermanager.Store
	feed *Feed
}

// Apply implements [ordermanager.Store].
func (s feedingStore) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	result, err := s.Store.Apply(ctx, t)
	if err != nil || result.Order == nil {
		return result, err
	}
	// A refusal because this very request was applied before is news too: the answer to the first attempt may have been lost.
	if _, _, repeated := result.Order.Entry(t.Entry.RequestID); result.Applied || repeated {
		s.feed.add(view(result.Order))
	}
	return result, nil
}

func (f *Feed) add(o order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.recent[f.next%feedSize] = change{f.next, o}
	f.next++
	close(f.news)
	f.news = make(chan struct{})
}

// since returns some of the changes from a position on, and a channel that is closed when there are more. It is not ok when the
// listener has fallen behind what is remembered, or the feed is closed.
func (f *Feed) since(position uint64) (changes []change, news <-chan struct{}, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || position+feedSize < f.next {
		return nil, nil, false
	}
	for ; position < f.next && len(changes) < feedBatch; position++ {
		changes = append(changes, f.recent[position%feedSize])
	}
	return changes, f.news, true
}

// resume returns where a listener goes on who has seen everything up to the id. If that is not known any more, it is the end.
func (f *Feed) resume(id string) (position uint64, resumed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	epoch, number, _ := strings.Cut(id, "-")
	position, err := strconv.ParseUint(number, 10, 64)
	if err != nil || epoch != f.epoch || position > f.next || position+feedSize < f.next {
		return f.next, false
	}
	return position, true
}

// id names a position: everything before it has been seen.
func (f *Feed) id(position uint64) string { return f.epoch + "-" + strconv.FormatUint(position, 10) }
