package httpapi

import (
	"sync"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

func TestFeed_dropsAListenerWhoFellBehind(t *testing.T) {
	f := NewFeed()
	for range feedSize {
		f.add(order{})
	}
	if changes, _, ok := f.since(0); !ok || len(changes) != feedBatch || changes[0].position != 0 {
		t.Errorf("one who is just in time: %d changes, %v", len(changes), ok)
	}
	f.add(order{})
	if _, _, ok := f.since(0); ok {
		t.Error("one who is too late goes on with a gap")
	}
}

// Invariant 4: when the feed says it, a reader finds it.
func TestFeed_isToldAfterTheWrite(t *testing.T) {
	store := memory.NewStore()
	feed := NewFeed()
	manager, err := ordermanager.New(feed.Store(store), ordermanager.NoMenu(), new(memory.Resumer), nil)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	store.Hook = func(op, _ string, done bool) error {
		if op == "apply" && done {
			if changes, _, _ := feed.since(0); len(changes) > 0 {
				t.Error("the feed was told before the store had answered")
			}
			close(told)
		}
		return nil
	}
	if _, err := manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "1", Token: ordermanager.NewTaskToken("t"),
	}); err != nil {
		t.Fatal(err)
	}
	<-told
	if changes, _, _ := feed.since(0); len(changes) != 1 {
		t.Errorf("%d changes", len(changes))
	}
}

func TestFeed_takesChangesFromAnyNumberOfCallers(t *testing.T) {
	f := NewFeed()
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 100 {
				f.add(order{})
			}
		})
	}
	for seen := uint64(0); seen < 800; {
		changes, news, ok := f.since(seen)
		if !ok {
			t.Fatal("fell behind")
		}
		for _, c := range changes {
			if c.position != seen {
				t.Fatalf("position %d after %d", c.position, seen)
			}
			seen++
		}
		if len(changes) == 0 {
			<-news
		}
	}
	writers.Wait()
}
