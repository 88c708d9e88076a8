package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/jsonform"
	"github.com/brewline/ordermanager/watch"
)

// Feed is the stream of changes behind GET /events. Make one with [NewFeed], for one store: see [Feed.Store]. It is
// safe for concurrent use.
//
// If the store is a [watch.Watcher], the feed has the changes of every process. A single reader polls the store
// while there are listeners, and encodes each change once. The identifiers of its events are positions of the store, so
// a listener that reconnects to another process continues there. With any other store the feed has the changes of this
// process, each transition as soon as it is durable.
//
// It keeps the last thousand changes and nothing per listener: one that falls further behind is disconnected,
// reconnects, and is told to read again.
type Feed struct {
	watcher watch.Watcher // nil: only the changes of this process
	epoch   string        // distinguishes the positions of this process and run
	count   atomic.Uint64 // of the changes so far

	mu        sync.Mutex
	closed    bool
	recent    []*piece // the end of the stream, oldest first; empty while nobody reads the store
	listeners int
	reading   *reading // nil while nobody listens
}

const (
	// feedSize is how many changes are kept.
	feedSize = 1024
	// feedPatience is how long a poll waits for a change, and feedPause the pause after a failed one.
	feedPatience = time.Minute
	feedPause    = time.Second
	// feedPace is how often at most a store is asked that does not wait for a change.
	feedPace = 50 * time.Millisecond
)

// piece is a part of the stream, linked to the next. A listener needs only its current piece, and listeners share no
// lock.
type piece struct {
	id      string // names the position after it. Changed under the feed's lock
	end     uint64 // number of changes up to its end
	changes []change
	text    []byte        // all of it, encoded
	over    bool          // nothing comes after it
	more    chan struct{} // closed when next is there
	next    *piece
}

// change is an order after a transition.
type change struct {
	customer, venue string
	text            []byte
}

// reading is the reader of the store.
type reading struct {
	stop  context.CancelFunc
	begun chan struct{} // closed when its start is known, or has failed
	err   error         // why it cannot
}

// NewFeed returns an empty feed.
func NewFeed() *Feed {
	f := &Feed{epoch: rand.Text()[:8]}
	f.recent = []*piece{{id: f.localID(0), more: make(chan struct{})}}
	return f
}

// Store wraps a store, whose changes the feed then has. Call it once, and build the Manager with the result.
func (f *Feed) Store(store ordermanager.Store) ordermanager.Store {
	if watcher, ok := store.(watch.Watcher); ok {
		f.watcher, f.recent = watcher, nil
		return store
	}
	return feedingStore{store, f}
}

// Close ends all streams, and later ones at once. Register it with [net/http.Server.RegisterOnShutdown], because a
// server that stops waits for its streams. Closing twice is fine.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.append(&piece{over: true})
	f.closed = true
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
	// A request that was applied before is news too: the answer to the first attempt may have been lost.
	if _, _, repeated := result.Order.Entry(t.Entry.RequestID); result.Applied || repeated {
		s.feed.add(result.Order)
	}
	return result, nil
}

// CheckLifecycle implements [ordermanager.LifecycleChecker].
func (s feedingStore) CheckLifecycle(l ordermanager.Lifecycle) error {
	if checker, ok := s.Store.(ordermanager.LifecycleChecker); ok {
		return checker.CheckLifecycle(l)
	}
	return nil
}

// add adds a change that this process made.
func (f *Feed) add(o *ordermanager.Order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.append(encode([]*ordermanager.Order{o}, "", f.localID(f.count.Load()+1)))
}

func (f *Feed) localID(number uint64) string { return f.epoch + "-" + strconv.FormatUint(number, 10) }

// encode makes a piece of changes. A listener that continues after any of them but the last gets all of them again.
func encode(orders []*ordermanager.Order, before, after string) *piece {
	p := &piece{id: after, changes: make([]change, len(orders)), more: make(chan struct{})}
	var text bytes.Buffer
	ends := make([]int, len(orders))
	for i, o := range orders {
		id := before
		if i == len(orders)-1 {
			id = after
		}
		data := jsonform.New(formSize)
		writeOrder(&data, o)
		fmt.Fprintf(&text, "event: order\nid: %s\ndata: %s\n\n", id, data.Bytes())
		p.changes[i] = change{customer: o.Customer, venue: o.Venue}
		ends[i] = text.Len()
	}
	p.text = text.Bytes()
	begin := 0
	for i, end := range ends {
		p.changes[i].text = p.text[begin:end]
		begin = end
	}
	return p
}

// rereading returns a piece that tells everybody to read again.
func rereading(id string) *piece {
	return &piece{id: id, text: fmt.Appendf(nil, "event: reread\nid: %s\ndata: {}\n\n", id), more: make(chan struct{})}
}

// append adds a piece to the stream, and wakes the listeners. The caller holds the lock.
func (f *Feed) append(p *piece) {
	if f.closed {
		return
	}
	p.end = f.count.Add(uint64(len(p.changes)))
	if n := len(f.recent); n > 0 {
		last := f.recent[n-1]
		last.next = p
		close(last.more)
	}
	f.recent = append(f.recent, p)
	for f.forgotten(f.recent[0]) {
		f.recent = f.recent[1:]
	}
}

// forgotten reports whether a piece is too old to continue from.
func (f *Feed) forgotten(p *piece) bool { return p.end+feedSize < f.count.Load() }

// place is where a listener starts.
type place struct {
	at *piece
	// missed is what the listener has to get first, because it missed it.
	missed []*piece
	// resumed is set if nothing else was missed.
	resumed bool
}

// join adds a listener that has seen everything up to the id; it must leave. The error is the store's or the context's.
func (f *Feed) join(ctx context.Context, id string) (place, error) {
	f.mu.Lock()
	f.listeners++
	if f.closed {
		f.mu.Unlock()
		return place{at: &piece{over: true}}, nil
	}
	if f.watcher != nil && f.reading == nil {
		background, stop := context.WithCancel(context.Background()) // shared by all listeners
		f.reading = &reading{stop: stop, begun: make(chan struct{})}
		go f.read(background, f.reading)
	}
	reading := f.reading
	f.mu.Unlock()
	if reading != nil {
		select {
		case <-reading.begun:
		case <-ctx.Done():
			return place{}, ctx.Err()
		}
		if reading.err != nil {
			return place{}, reading.err
		}
	}
	p := f.find(id)
	if p.resumed || f.watcher == nil || id == "" {
		return p, nil
	}
	return f.catchUp(ctx, p, id)
}

// find looks for the place among the pieces that are kept.
func (f *Feed) find(id string) place {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.recent {
		if p.id == id {
			return place{at: p, resumed: true}
		}
	}
	return place{at: f.recent[len(f.recent)-1]}
}

// catchUp asks the store for what came after the id, up to the end of the stream.
func (f *Feed) catchUp(ctx context.Context, end place, id string) (place, error) {
	caught := place{at: end.at, resumed: true}
	for n := 0; n <= feedSize; {
		changes, err := f.changes(ctx, id, 0)
		switch {
		case errors.Is(err, watch.ErrPositionUnknown):
			return end, nil
		case err != nil:
			return place{}, err
		case len(changes.Orders) == 0:
			return caught, nil
		}
		n += len(changes.Orders)
		caught.missed = append(caught.missed, encode(changes.Orders, id, changes.Position))
		id = changes.Position
	}
	return end, nil // reading again costs less
}

// leave removes a listener. The last one stops the reader.
func (f *Feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners--; f.listeners == 0 && f.reading != nil {
		f.reading.stop()
		f.reading, f.recent = nil, nil
	}
}

// position returns the position after a piece.
func (f *Feed) position(p *piece) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return p.id
}

// read polls the store until it is stopped, starting with changes from now on.
func (f *Feed) read(ctx context.Context, r *reading) {
	now, err := f.changes(ctx, "", 0)
	if err == nil {
		f.found(r, &piece{id: now.Position, more: make(chan struct{})})
	} else {
		f.give(r, err)
	}
	close(r.begun)
	for at := now.Position; err == nil && ctx.Err() == nil; {
		asked, pause := time.Now(), time.Duration(0)
		changes, failed := f.changes(ctx, at, feedPatience)
		if len(changes.Orders) == 0 {
			pause = feedPace - time.Since(asked)
		}
		switch {
		case errors.Is(failed, watch.ErrPositionUnknown):
			if now, failed = f.changes(ctx, "", 0); failed == nil {
				at = now.Position
				f.found(r, rereading(at))
			}
		case failed == nil && len(changes.Orders) > feedSize: // to read again is less
			at = changes.Position
			f.found(r, rereading(at))
		case failed == nil && len(changes.Orders) > 0:
			f.found(r, encode(changes.Orders, at, changes.Position))
			at = changes.Position
		case failed == nil:
			at = changes.Position
			f.passed(r, at)
		}
		if failed != nil {
			pause = feedPause
		}
		if pause > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
	}
}

// changes asks the store. Nobody could recover a panic in the reader's goroutine.
func (f *Feed) changes(ctx context.Context, after string, wait time.Duration) (changes watch.Changes, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store panicked: %v", p)
		}
	}()
	return f.watcher.Changes(ctx, after, wait)
}

// found adds changes to the stream.
func (f *Feed) found(r *reading, p *piece) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading == r {
		f.append(p)
	}
}

// passed moves the end of the stream if nothing was new.
func (f *Feed) passed(r *reading, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading == r {
		f.recent[len(f.recent)-1].id = id
	}
}

// give gives up reading. The next listener starts anew.
func (f *Feed) give(r *reading, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.err = err
	if f.reading == r {
		f.reading.stop()
		f.reading = nil
	}
}
