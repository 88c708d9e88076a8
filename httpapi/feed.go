package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brewline/ordermanager"
)

// Feed is the stream of changes behind GET /events. Make one with [NewFeed], for one store: see [Feed.Store]. It is
// safe for concurrent use.
//
// Where the store is an [ordermanager.Watcher], it hears every change, whichever process made it. However many
// listeners there are, one reader asks the store for them, from the first listener to the last; each change is encoded
// once. The identifiers of its events are positions of the store: who comes back to another process with one goes on
// there. With any other store it hears what this process changes, each transition as soon as it is durable.
//
// It remembers the last thousand changes and nothing per listener: one who is further behind is disconnected, comes
// back, and is told to read again.
type Feed struct {
	watcher ordermanager.Watcher // nil: the changes of this process, as they are made
	epoch   string               // tells the positions of this process from those of another, or of an earlier run
	count   atomic.Uint64        // of the changes so far

	mu        sync.Mutex
	closed    bool
	recent    []*piece // the last of the stream, oldest first; empty while nobody reads the store
	listeners int
	reading   *reading // nil while nobody listens
}

const (
	// feedSize is how many changes are remembered.
	feedSize = 1024
	// feedPatience is how long the store is asked to wait for a change, and feedPause how long after it failed it is
	// not asked.
	feedPatience = time.Minute
	feedPause    = time.Second
)

// piece is a part of the stream, and knows what comes after it. So a listener has to know no more than where it is, and
// no lock is between the listeners.
type piece struct {
	id      string // names the place after it: everything before it has been seen. Changed under the feed's lock
	end     uint64 // how many changes there were up to its end
	changes []change
	text    []byte        // all of it as it is sent
	over    bool          // nothing comes after it
	more    chan struct{} // closed when next is there
	next    *piece
}

// change is one order as it was after a transition.
type change struct {
	customer, venue string
	text            []byte
}

// reading is the reader of the store.
type reading struct {
	stop  context.CancelFunc
	begun chan struct{} // closed when it knows where it begins, or that it cannot
	err   error         // why it cannot
}

// NewFeed returns an empty feed.
func NewFeed() *Feed {
	f := &Feed{epoch: rand.Text()[:8]}
	f.recent = []*piece{{id: f.localID(0), more: make(chan struct{})}}
	return f
}

// Store returns a store that does what the given one does, and whose changes are those of the feed. Build the Manager
// with it, and call it once.
func (f *Feed) Store(store ordermanager.Store) ordermanager.Store {
	if watcher, ok := store.(ordermanager.Watcher); ok {
		f.watcher, f.recent = watcher, nil
		return store
	}
	return feedingStore{store, f}
}

// Close ends all streams, and every later one at once. Call it when the server stops, which would wait for them
// otherwise: see [net/http.Server.RegisterOnShutdown]. Closing twice is fine.
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
	// A refusal because this very request was applied before is news too: the answer to the first attempt may have been lost.
	if _, _, repeated := result.Order.Entry(t.Entry.RequestID); result.Applied || repeated {
		s.feed.add(result.Order)
	}
	return result, nil
}

// add adds a change that this process made.
func (f *Feed) add(o *ordermanager.Order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.append(encode([]*ordermanager.Order{o}, "", f.localID(f.count.Load()+1)))
}

func (f *Feed) localID(number uint64) string { return f.epoch + "-" + strconv.FormatUint(number, 10) }

// encode makes a piece of changes. To go on after one of them that is not the last is to go on before all of them.
func encode(orders []*ordermanager.Order, before, after string) *piece {
	p := &piece{id: after, changes: make([]change, len(orders)), more: make(chan struct{})}
	var text bytes.Buffer
	ends := make([]int, len(orders))
	for i, o := range orders {
		id := before
		if i == len(orders)-1 {
			id = after
		}
		data, err := json.Marshal(view(o))
		if err != nil {
			panic(err) // the forms of this package can always be marshalled
		}
		fmt.Fprintf(&text, "event: order\nid: %s\ndata: %s\n\n", id, data)
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

// rereading is a piece that tells everybody to read again.
func rereading(id string) *piece {
	return &piece{id: id, text: fmt.Appendf(nil, "event: reread\nid: %s\ndata: {}\n\n", id), more: make(chan struct{})}
}

// append adds a piece to the stream, and tells who waits for it. The caller holds the lock.
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

// forgotten reports whether so much came after a piece that nobody can go on from there.
func (f *Feed) forgotten(p *piece) bool { return p.end+feedSize < f.count.Load() }

// place is where a listener begins.
type place struct {
	at *piece
	// missed is what came before, after the last event that the listener has seen.
	missed []*piece
	// resumed says that nothing else was missed.
	resumed bool
}

// join is called when a listener comes, who has seen everything up to the id; then leave must be called. Its error is
// the store's, or the context's.
func (f *Feed) join(ctx context.Context, id string) (place, error) {
	f.mu.Lock()
	f.listeners++
	if f.closed {
		f.mu.Unlock()
		return place{at: &piece{over: true}}, nil
	}
	if f.watcher != nil && f.reading == nil {
		background, stop := context.WithCancel(context.Background()) // it is not this listener's
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

// find looks for the place in what is remembered.
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

// catchUp asks the store for what came after the id. Whatever comes after the end of the stream comes in the stream.
func (f *Feed) catchUp(ctx context.Context, end place, id string) (place, error) {
	caught := place{at: end.at, resumed: true}
	for n := 0; n <= feedSize; {
		changes, err := f.watcher.Changes(ctx, id, 0)
		switch {
		case errors.Is(err, ordermanager.ErrPositionUnknown):
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
	return end, nil // to read again is less
}

// leave is called when a listener goes. The last one ends the reading.
func (f *Feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners--; f.listeners == 0 && f.reading != nil {
		f.reading.stop()
		f.reading, f.recent = nil, nil
	}
}

// position names the place after a piece.
func (f *Feed) position(p *piece) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return p.id
}

// read reads the store until it is stopped. It begins now.
func (f *Feed) read(ctx context.Context, r *reading) {
	now, err := f.watcher.Changes(ctx, "", 0)
	if err == nil {
		f.found(r, &piece{id: now.Position, more: make(chan struct{})})
	} else {
		f.give(r, err)
	}
	close(r.begun)
	for at := now.Position; err == nil && ctx.Err() == nil; {
		changes, failed := f.watcher.Changes(ctx, at, feedPatience)
		switch {
		case errors.Is(failed, ordermanager.ErrPositionUnknown):
			if now, failed = f.watcher.Changes(ctx, "", 0); failed == nil {
				at = now.Position
				f.found(r, rereading(at))
			}
		case failed == nil && len(changes.Orders) > 0:
			f.found(r, encode(changes.Orders, at, changes.Position))
			at = changes.Position
		case failed == nil:
			at = changes.Position
			f.passed(r, at)
		}
		if failed != nil {
			select {
			case <-time.After(feedPause):
			case <-ctx.Done():
			}
		}
	}
}

// found adds what was read to the stream.
func (f *Feed) found(r *reading, p *piece) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading == r {
		f.append(p)
	}
}

// passed moves the end of the stream, in which nothing was new.
func (f *Feed) passed(r *reading, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reading == r {
		f.recent[len(f.recent)-1].id = id
	}
}

// give gives up to read. The next listener begins anew.
func (f *Feed) give(r *reading, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.err = err
	if f.reading == r {
		f.reading.stop()
		f.reading = nil
	}
}
