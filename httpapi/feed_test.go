package httpapi_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/watch"
)

// watched is a store that several processes have, and that counts who asks it for changes.
type watched struct {
	*memory.Store
	asked, asking atomic.Int64
	// fault, if set, says what a call fails with.
	fault atomic.Pointer[func(after string) error]
	// many is how often each change is told.
	many atomic.Int64
}

func newWatched() *watched { return &watched{Store: memory.NewStore()} }

func (w *watched) breaks(fault func(after string) error) { w.fault.Store(&fault) }

func (w *watched) Changes(ctx context.Context, after string, wait time.Duration) (watch.Changes, error) {
	w.asked.Add(1)
	w.asking.Add(1)
	defer w.asking.Add(-1)
	if fault := w.fault.Load(); fault != nil {
		if err := (*fault)(after); err != nil {
			return watch.Changes{}, err
		}
	}
	changes, err := w.Store.Changes(ctx, after, wait)
	for _, o := range changes.Orders {
		for range w.many.Load() - 1 {
			changes.Orders = append(changes.Orders, o)
		}
	}
	return changes, err
}

// process is one of the processes that have the store.
func (w *watched) process(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, store: w.Store, workflow: memory.NewWorkflow(), feed: httpapi.NewFeed(), seen: map[string]bool{}}
	var err error
	f.manager, err = ordermanager.New(f.feed.Store(w), venues{}, f.workflow, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.workflow.Connect(f.manager)
	f.handler, err = httpapi.New(f.manager, venues{}, &httpapi.Options{Identify: demoIdentity, Feed: f.feed})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lastID is the identifier that a browser sends when it comes back.
func lastID(text string) (id string) {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, "id: "); found {
			id = strings.TrimSpace(value)
		}
	}
	return id
}

func TestFeed_hearsWhatOtherProcessesChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newWatched()
		here, there := store.process(t), store.process(t)
		all, own := here.open("barista:3", ""), here.open("customer:2", "")
		if text := all.take(); !strings.HasPrefix(text, "retry: 2000\n\nevent: reread\nid: ") {
			t.Errorf("it began with %q", text)
		}
		there.start("1", "1", "")
		here.start("2", "2", "")
		if diff := cmp.Diff([]string{"1@1", "2@1"}, all.changes(t)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"2@1"}, own.changes(t)); diff != "" {
			t.Error(diff)
		}
		there.must("customer:1", "PUT", "/orders/1", cappuccino)
		if diff := cmp.Diff([]string{"1@2"}, all.changes(t)); diff != "" {
			t.Error(diff)
		}
		all.leave()
		own.leave()
	})
}

func TestStream_goesOnAtAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newWatched()
		here, there := store.process(t), store.process(t)
		p := here.open("barista:3", "")
		here.start("1", "1", "")
		id := lastID(p.take())
		p.leave()
		p.hasEnded()
		there.start("2", "1", "")
		for _, others := range []bool{false, true} { // who has that process read the store already
			if others {
				defer there.open("barista:4", "").leave()
				there.start("3", "1", "")
			}
			p := there.open("barista:3", id)
			text := p.take()
			if strings.Contains(text, "reread") || strings.Contains(text, `"orderId":"1"`) ||
				!strings.Contains(text, `"orderId":"2"`) || strings.Contains(text, `"orderId":"3"`) != others {
				t.Errorf("after %s: %s", id, text)
			}
			there.start(fmt.Sprint("later", others), "1", "")
			if diff := cmp.Diff([]string{fmt.Sprint("later", others, "@1")}, p.changes(t)); diff != "" {
				t.Error(diff)
			}
			p.leave()
		}
		for _, unknown := range []string{"x", "demo-1"} {
			p := there.open("barista:3", unknown)
			if !strings.Contains(p.take(), "event: reread\n") {
				t.Errorf("after %q it is not told to read again", unknown)
			}
			p.leave()
		}
	})
}

func TestStream_tellsAPageThatMissedTooMuchElsewhereToReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newWatched()
		here, there := store.process(t), store.process(t)
		p := here.open("barista:3", "")
		id := lastID(p.take())
		for i := range httpapi.FeedSize + 1 {
			there.start(strconv.Itoa(i), "1", "")
		}
		p.leave()
		p = there.open("barista:3", id)
		if text := p.take(); !strings.Contains(text, "event: reread\n") || strings.Contains(text, "event: order") {
			t.Errorf("it is told %d bytes", len(text))
		}
		p.leave()
	})
}

// The cost of a listener is its own connection, and nothing for the store.
func TestFeed_isOneReaderForAnyNumberOfListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newWatched()
		f := store.process(t)
		var pages []*page
		for n := range 500 {
			pages = append(pages, f.open(fmt.Sprint("barista:", n), ""))
		}
		const changes = 10
		for n := range changes {
			f.start(strconv.Itoa(n), "1", "")
			synctest.Wait()
		}
		if asked, asking := store.asked.Load(), store.asking.Load(); asked > changes+2 || asking != 1 {
			t.Errorf("the store was asked %d times, and %d readers wait", asked, asking)
		}
		for _, p := range pages {
			if got := len(p.changes(t)); got != changes {
				t.Fatalf("a page heard of %d changes", got)
			}
			p.leave()
		}
		synctest.Wait()
		if asking := store.asking.Load(); asking != 0 {
			t.Errorf("without listeners %d readers wait", asking)
		}
		asked := store.asked.Load()
		<-time.After(time.Hour)
		if more := store.asked.Load() - asked; more != 0 {
			t.Errorf("without listeners the store is asked %d times", more)
		}
	})
}

func TestFeed_goesOnWhenTheStoreDoes(t *testing.T) {
	for name, broken := range map[string]func(string) error{
		"an error": func(string) error { return errBroken },
		"a panic":  func(string) error { panic("no such column") },
	} {
		t.Run(name, func(t *testing.T) { goesOn(t, broken) })
	}
}

func goesOn(t *testing.T, broken func(string) error) {
	synctest.Test(t, func(t *testing.T) {
		store := newWatched()
		f := store.process(t)
		store.breaks(broken)
		p := f.open("barista:3", "")
		if text := p.take(); text != "retry: 2000\n\n" || !p.hasEnded() {
			t.Errorf("where it cannot begin it said %q", text)
		}
		store.fault.Store(nil)
		p = f.open("barista:3", "")
		store.breaks(broken)
		f.start("1", "1", "") // this is still answered to who waits
		synctest.Wait()
		f.start("2", "1", "")
		<-time.After(time.Minute)
		store.fault.Store(nil)
		f.start("3", "1", "")
		<-time.After(time.Minute)
		if diff := cmp.Diff([]string{"1@1", "2@1", "3@1"}, p.changes(t)); diff != "" {
			t.Error(diff)
		}
		p.leave()
	})
}

// hasty is a store that never waits for a change, as it may.
type hasty struct {
	*memory.Store
	asked atomic.Int64
}

func (h *hasty) Changes(ctx context.Context, after string, _ time.Duration) (watch.Changes, error) {
	h.asked.Add(1)
	return h.Store.Changes(ctx, after, 0)
}

func TestFeed_doesNotHammerAStoreThatDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &hasty{Store: memory.NewStore()}
		feed := httpapi.NewFeed()
		manager, err := ordermanager.New(feed.Store(store), ordermanager.NoMenu(), new(memory.Resumer), nil)
		if err != nil {
			t.Fatal(err)
		}
		handler, err := httpapi.New(manager, ordermanager.NoMenu(), &httpapi.Options{Identify: demoIdentity, Feed: feed})
		if err != nil {
			t.Fatal(err)
		}
		f := &fixture{t: t, handler: handler}
		p := f.open("barista:3", "")
		<-time.After(time.Second)
		if asked := store.asked.Load(); asked > 25 {
			t.Errorf("it was asked %d times in a second", asked)
		}
		p.leave()
	})
}

func TestFeed_tellsEverybodyToReadAgainWhenTheStoreCannotGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newWatched()
		f := store.process(t)
		pages := []*page{f.open("barista:3", ""), f.open("customer:2", "")}
		for _, p := range pages {
			p.take()
		}
		var once sync.Once
		store.breaks(func(string) (err error) {
			once.Do(func() { err = watch.ErrPositionUnknown })
			return err
		})
		f.start("1", "2", "") // this is still answered to who waits
		synctest.Wait()
		f.start("2", "2", "")
		for _, p := range pages {
			text := p.take()
			reread, id, _ := strings.Cut(text, "event: reread\n")
			if reread == text || !strings.Contains(reread, `"orderId":"1"`) || lastID(id) == "" {
				t.Errorf("it heard %q", text)
			}
			p.leave()
		}
	})
}

var orderAndVersion = regexp.MustCompile(`"orderId":"([^"]+)".*"version":(\d+)`)

// One transaction can change more than anybody should be told of one by one.
func TestFeed_tellsEverybodyToReadAgainWhenTooMuchChangesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newWatched()
		f := store.process(t)
		p := f.open("barista:3", "")
		p.take()
		store.many.Store(httpapi.FeedSize + 1)
		f.start("1", "1", "")
		if text := p.take(); !strings.HasPrefix(text, "event: reread\n") || strings.Contains(text, "event: order") {
			t.Errorf("it heard %d bytes", len(text))
		}
		store.many.Store(1)
		f.start("2", "1", "")
		if diff := cmp.Diff([]string{"2@1"}, p.changes(t)); diff != "" {
			t.Error(diff)
		}
		p.leave()
	})
}

// Invariant 5: whoever goes from process to process has heard of everything in the end.
func TestFeed_missesNothingWhileListenersMove(t *testing.T) {
	synctest.Test(t, missNothingWhileListenersMove)
}

func missNothingWhileListenersMove(t *testing.T) {
	store := newWatched()
	var processes []*fixture
	for range 3 {
		processes = append(processes, store.process(t))
	}
	const orders, changes, listeners = 20, 15, 8
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pause := func() { <-time.After(time.Duration(1+rand.IntN(10)) * time.Millisecond) }
	var working, listening sync.WaitGroup
	listening.Add(listeners)
	for n := range listeners {
		working.Go(func() {
			latest, id := map[string]int{}, ""
			for complete := false; !complete; {
				p := &page{header: map[string][]string{}, onFlush: func() {}}
				stay, leave := context.WithTimeout(ctx, time.Duration(1+rand.IntN(10))*time.Millisecond)
				r := call{actor: fmt.Sprint("barista:", n), method: "GET", path: "/events"}.request().WithContext(stay)
				if id != "" {
					r.Header.Set("Last-Event-ID", id)
				}
				processes[rand.IntN(len(processes))].handler.ServeHTTP(p, r)
				leave()
				text := p.text.String()
				if id != "" && strings.Contains(text, "reread") {
					t.Error("it was told to read again")
					return
				}
				if last := lastID(text); last != "" {
					if id == "" {
						listening.Done()
					}
					id = last
				}
				for _, found := range orderAndVersion.FindAllStringSubmatch(text, -1) {
					version, _ := strconv.Atoi(found[2])
					latest[found[1]] = max(latest[found[1]], version)
				}
				complete = len(latest) == orders
				for _, version := range latest {
					complete = complete && version == changes
				}
				if ctx.Err() != nil {
					t.Errorf("it never heard of everything: %v", latest)
					return
				}
			}
		})
	}
	listening.Wait()
	for o := range orders {
		working.Go(func() {
			f := processes[o%len(processes)]
			id := fmt.Sprint("order-", o)
			f.start(id, "1", "")
			drink := ordermanager.DrinkOrder{Drink: "Espresso"}
			act := func(request ordermanager.Request) {
				pause()
				request.OrderID = id
				if _, err := f.manager.Handle(ctx, request); err != nil {
					t.Error(err)
				}
			}
			act(ordermanager.Request{Actor: ordermanager.Customer("1"), Drink: drink})
			for n := 2; n < changes; n++ {
				action := []ordermanager.Action{ordermanager.ActionMake, ordermanager.ActionUnmake}[n%2]
				act(ordermanager.Request{Actor: ordermanager.Barista("1"), Action: action})
			}
		})
	}
	working.Wait()
}
