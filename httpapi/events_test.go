package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager/httpapi"
)

// page is a browser at GET /events.
type page struct {
	mu     sync.Mutex
	text   bytes.Buffer
	header http.Header
	ended  chan struct{}
	leave  context.CancelFunc
	stuck  bool

	flushed sync.Once
	onFlush func()
}

func (p *page) Header() http.Header { return p.header }
func (p *page) WriteHeader(int)     {}
func (p *page) Flush()              { p.flushed.Do(p.onFlush) }
func (p *page) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stuck {
		return 0, errors.New("the write deadline is over")
	}
	return p.text.Write(text)
}

// open opens a stream; everything so far has arrived when it returns.
func (f *fixture) open(actor, lastEventID string) *page {
	return f.openAnd(actor, lastEventID, func() {})
}

// openAnd opens a stream, and calls a function when the page hears of it for the first time.
func (f *fixture) openAnd(actor, lastEventID string, onFlush func()) *page {
	ctx, cancel := context.WithCancel(f.t.Context())
	p := &page{header: http.Header{}, ended: make(chan struct{}), leave: cancel, onFlush: onFlush}
	r := call{actor: actor, method: "GET", path: "/events"}.request().WithContext(ctx)
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	go func() {
		defer close(p.ended)
		f.handler.ServeHTTP(p, r)
	}()
	synctest.Wait()
	return p
}

// take returns what has arrived since the last time.
func (p *page) take() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	text := p.text.String()
	p.text.Reset()
	return text
}

func (p *page) hasEnded() bool {
	synctest.Wait()
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// changes reads "order@version" out of what has arrived.
func (p *page) changes(t *testing.T) (found []string) {
	t.Helper()
	for block := range strings.SplitSeq(p.take(), "\n\n") {
		if !strings.HasPrefix(block, "event: order\n") {
			continue
		}
		_, data, _ := strings.Cut(block, "data: ")
		w := httptest.NewRecorder()
		w.Body.WriteString(data)
		o := object(t, w)
		if err := conforms("#/components/schemas/Order", []byte(data)); err != nil {
			t.Error(err)
		}
		found = append(found, o["orderId"].(string)+"@"+strconv.Itoa(int(o["version"].(float64))))
	}
	return found
}

const reread = "retry: 2000\n\nevent: reread\nid: demo-0\ndata: {}\n\n"

func TestStream_hasEveryAppliedChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		p := f.open("barista:3", "")
		if diff := cmp.Diff(reread, p.take()); diff != "" {
			t.Error(diff)
		}
		f.start("1", "1", "")
		f.must("customer:1", "PUT", "/orders/1", cappuccino)
		if err := f.workflow.Advance(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.must("barista:3", "PUT", "/orders/1?action=make", "")
		f.do(call{actor: "barista:4", method: "PUT", path: "/orders/1?action=make"}) // refused: no news
		if _, err := f.workflow.TimeOut(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1@1", "1@2", "1@3", "1@4", "1@5"}, p.changes(t)); diff != "" {
			t.Error(diff)
		}
		p.leave()
		if !p.hasEnded() {
			t.Error("the stream goes on without its page")
		}
	})
}

func TestStream_missesNothingFromTheMomentThatItIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		p := f.openAnd("barista:3", "", func() { f.start("1", "1", "") })
		if diff := cmp.Diff([]string{"1@1"}, p.changes(t)); diff != "" {
			t.Error(diff)
		}
		p.leave()
	})
}

func TestStream_showsCustomersTheirOwnOrdersOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		p := f.open("customer:2", "")
		f.start("1", "1", "")
		f.start("2", "2", "")
		if diff := cmp.Diff([]string{"2@1"}, p.changes(t)); diff != "" {
			t.Error(diff)
		}
		p.leave()
	})
}

func TestStream_goesOnAfterTheLastEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		for _, id := range []string{"1", "2", "3"} {
			f.start(id, "1", "")
		}
		p := f.open("barista:3", "demo-1")
		if text := p.take(); !strings.HasPrefix(text, "retry: 2000\n\nevent: order\nid: demo-2\n") ||
			strings.Contains(text, "reread") {
			t.Errorf("it did not go on: %s", text)
		}
		p.leave()
		for _, unknown := range []string{"demo-4", "other-1", "demo", "demo--1", "1", "demo-99999999999999999999"} {
			p := f.open("barista:3", unknown)
			if text := p.take(); !strings.HasSuffix(text, "event: reread\nid: demo-3\ndata: {}\n\n") {
				t.Errorf("after %q: %s", unknown, text)
			}
			p.leave()
		}
	})
}

func TestStream_tellsAPageThatMissedTooMuchToReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		for i := range httpapi.FeedSize + 1 {
			f.start(strconv.Itoa(i), "1", "")
		}
		for id, want := range map[string]bool{"demo-0": true, "demo-1": false} {
			p := f.open("barista:3", id)
			if got := strings.Contains(p.take(), "event: reread"); got != want {
				t.Errorf("after %s: told to read again %v, want %v", id, got, want)
			}
			p.leave()
		}
	})
}

func TestStream_endsWhenNobodyAccepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		p := f.open("barista:3", "")
		p.mu.Lock()
		p.stuck = true
		p.mu.Unlock()
		f.start("1", "1", "")
		if !p.hasEnded() {
			t.Error("the stream goes on though nothing can be written")
		}
	})
}

func TestStream_saysThatItIsAliveAndEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		p := f.open("customer:2", "")
		p.take()
		f.start("1", "1", "")
		<-time.After(httpapi.Heartbeat)
		if diff := cmp.Diff(": alive\nid: demo-1\n\n", p.take()); diff != "" {
			t.Error(diff)
		}
		<-time.After(httpapi.StreamLifetime - httpapi.Heartbeat)
		if !p.hasEnded() {
			t.Error("the caller is never identified again")
		}
	})
}

func TestFeed_CloseEndsEveryStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		p := f.open("barista:3", "")
		f.feed.Close()
		f.feed.Close()
		if !p.hasEnded() {
			t.Error("the stream goes on")
		}
		f.start("1", "1", "") // an action must not mind
		if later := f.open("barista:3", ""); !later.hasEnded() {
			t.Error("a later stream goes on")
		}
	})
}

// A store whose answer is lost has written: the repetition of the request is the first that anybody hears of it.
func TestFeed_hearsOfAChangeWhoseAnswerWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.start("1", "1", "")
		p := f.open("barista:3", "")
		p.take()
		lost := true
		f.store.Hook = func(op, _ string, done bool) error {
			if op == "apply" && done && lost {
				lost = false
				return errBroken
			}
			return nil
		}
		c := call{
			actor: "customer:1", method: "PUT", path: "/orders/1?action=cancel", header: http.Header{idempotencyKey: {"k"}},
		}
		if w := f.do(c); w.Code != http.StatusServiceUnavailable {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w := f.do(c); object(t, w)["replayed"] != true {
			t.Errorf("invariant 6: %s", w.Body)
		}
		if diff := cmp.Diff([]string{"1@2"}, p.changes(t)); diff != "" {
			t.Error(diff)
		}
		p.leave()
	})
}

// pipes is a network without a network, whose time can be faked.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }
func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p <- there
	return here, nil
}

// The stream of a real server, whose time-outs are shorter than the stream's silence and whose Shutdown waits for it.
func TestStream_outlivesAServersTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		network := make(pipes)
		server := &http.Server{Handler: f.handler, ReadTimeout: time.Second, WriteTimeout: time.Second}
		server.RegisterOnShutdown(f.feed.Close)
		go func() { _ = server.Serve(network) }()
		transport := &http.Transport{DialContext: network.dial}
		defer transport.CloseIdleConnections()
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://shop.example/events", nil)
		r.Header.Set(demoHeader, "barista:3")
		response, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		stream := make(chan string)
		go func() {
			all, err := io.ReadAll(response.Body)
			if err != nil {
				t.Error(err)
			}
			stream <- string(all)
		}()
		<-time.After(httpapi.Heartbeat / 2)
		f.start("1", "1", "")
		synctest.Wait()
		if err := server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if text := <-stream; !strings.HasPrefix(text, reread+"event: order\n") {
			t.Errorf("the stream was %q", text)
		}
	})
}

func TestStream_asksNginxNotToKeepEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		p := f.open("barista:3", "")
		if got := p.header.Get("X-Accel-Buffering"); got != "no" {
			t.Errorf("X-Accel-Buffering is %q", got)
		}
		p.leave()
		p.hasEnded()
	})
}

func TestStream_isLimitedForEachCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		var pages []*page
		for range 100 {
			pages = append(pages, f.open("customer:1", ""))
		}
		w := f.do(call{actor: "customer:1", method: "GET", path: "/events"})
		if w.Code != http.StatusTooManyRequests || object(t, w)["code"] != "too_many_streams" ||
			w.Header().Get("Retry-After") == "" {
			t.Errorf("stream 101: %d %v %s", w.Code, w.Header(), w.Body)
		}
		other := f.open("customer:2", "")
		if other.hasEnded() {
			t.Error("another caller is stopped by it")
		}
		pages[0].leave()
		pages[0].hasEnded()
		pages[0] = f.open("customer:1", "")
		if pages[0].hasEnded() {
			t.Error("a stream that was left still counts")
		}
		for _, p := range append(pages, other) {
			p.leave()
		}
		synctest.Wait()
	})
}
