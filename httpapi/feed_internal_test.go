package httpapi

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

func TestFeed_dropsAListenerWhoFellBehind(t *testing.T) {
	f := NewFeed()
	begin := f.find(f.localID(0))
	for range feedSize {
		f.add(&ordermanager.Order{})
	}
	if !begin.resumed || f.forgotten(begin.at) || !f.find(f.localID(0)).resumed {
		t.Error("one who is just in time is dropped")
	}
	f.add(&ordermanager.Order{})
	if !f.forgotten(begin.at) || f.find(f.localID(0)).resumed {
		t.Error("one who is too late goes on with a gap")
	}
}

// Invariant 4: when the feed says it, a reader finds it.
func TestFeed_isToldAfterTheWrite(t *testing.T) {
	store := memory.NewStore()
	feed := NewFeed()
	begin := feed.find(feed.localID(0)).at
	told := func() bool {
		select {
		case <-begin.more:
			return true
		default:
			return false
		}
	}
	onlyStore := struct{ ordermanager.Store }{store}
	manager, err := ordermanager.New(feed.Store(onlyStore), ordermanager.NoMenu(), new(memory.Resumer), nil)
	if err != nil {
		t.Fatal(err)
	}
	store.Hook = func(op, _ string, done bool) error {
		if op == "apply" && done && told() {
			t.Error("the feed was told before the store had answered")
		}
		return nil
	}
	if _, err := manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "1", Token: ordermanager.NewTaskToken("t"),
	}); err != nil {
		t.Fatal(err)
	}
	if !told() || len(begin.next.changes) != 1 {
		t.Error("the feed was not told")
	}
}

func TestFeed_takesChangesFromAnyNumberOfCallers(t *testing.T) {
	f := NewFeed()
	at := f.find(f.localID(0)).at
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 100 {
				f.add(&ordermanager.Order{})
			}
		})
	}
	for n := 1; n <= 800; n++ {
		<-at.more
		at = at.next
		if want := f.epoch + "-" + strconv.Itoa(n); f.position(at) != want {
			t.Fatalf("%s instead of %s", f.position(at), want)
		}
	}
	writers.Wait()
}

// choosy is a store that cannot keep every life cycle.
type choosy struct{ ordermanager.Store }

var errChoosy = errors.New("no word for it")

func (choosy) CheckLifecycle(ordermanager.Lifecycle) error { return errChoosy }

func TestFeed_hidesNothingThatItsStoreCannotKeep(t *testing.T) {
	store := NewFeed().Store(choosy{struct{ ordermanager.Store }{memory.NewStore()}})
	if _, err := ordermanager.New(store, ordermanager.NoMenu(), new(memory.Resumer), nil); !errors.Is(err, errChoosy) {
		t.Errorf("got %v", err)
	}
}
