package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/pglocal"
	"github.com/brewline/ordermanager/internal/testenv"
	"github.com/brewline/ordermanager/postgres"
)

// ownServer starts a server that only this test uses, and may kill.
func ownServer(t *testing.T) *pglocal.Server {
	t.Helper()
	server, err := pglocal.Start(t.Context(), 0)
	if errors.Is(err, pglocal.ErrNotInstalled) {
		testenv.Skip(t, err)
	}
	must(t, err)
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// acknowledged is what the writers of the test were told.
type acknowledged struct {
	mu       sync.Mutex
	versions map[string]int // the newest version of each order
	requests map[string][]string
	unknown  int
}

// Invariant 5: the server is killed again and again while orders move; nothing that was acknowledged is lost, and what
// failed is known once it is repeated.
func TestAKilledServerForgetsNothingThatItAcknowledged(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server and kills it three times")
	}
	server := ownServer(t)
	pool, err := postgres.Open(t.Context(), server.URL())
	must(t, err)
	defer pool.Close()
	s := newShopOn(t, pool, nil)

	told := &acknowledged{versions: map[string]int{}, requests: map[string][]string{}}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for n := range 8 {
		writers.Go(func() { s.write(ctx, t, n, told) })
	}
	const kills = 3
	for range kills {
		told.waitForMore(t, 200)
		must(t, server.Kill())
		must(t, server.Restart(t.Context()))
	}
	told.waitForMore(t, 200)
	stop()
	writers.Wait()

	for id, version := range told.versions {
		o, err := s.store.Get(t.Context(), id)
		must(t, err)
		if o == nil || o.Version < version {
			t.Errorf("order %s was acknowledged at version %d, and it is %+v", id, version, o)
			continue
		}
		for _, request := range told.requests[id] {
			if _, _, found := o.Entry(request); !found {
				t.Errorf("order %s: request %s was acknowledged and is not there", id, request)
			}
		}
	}
	if told.unknown == 0 {
		t.Error("no write met a server that was killed")
	}
	t.Logf("%d orders, %d writes met a server that was killed", len(told.versions), told.unknown)
}

// write leads orders through claims and releases. What fails is repeated until it is known.
func (s *shop) write(ctx context.Context, t *testing.T, writer int, told *acknowledged) {
	repeat := func(id, request string, do func(ctx context.Context) (ordermanager.Receipt, error)) {
		for {
			// Not the context of the test's end: what was begun is finished.
			receipt, err := do(context.WithoutCancel(ctx))
			switch {
			case err == nil:
				told.tell(id, request, receipt.Order.Version)
				return
			case !errors.Is(err, ordermanager.ErrStore):
				t.Errorf("%s of %s: %v", request, id, err)
				return
			case !errors.Is(err, postgres.ErrUnreachable):
				t.Errorf("a server that was killed is not said to be so: %v", err)
				return
			}
			told.fail()
			<-time.After(20 * time.Millisecond) // the server is away
		}
	}
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("order-%d-%d", writer, n)
		token := s.resumer.Issue()
		repeat(id, token.Fingerprint(), func(ctx context.Context) (ordermanager.Receipt, error) {
			return s.manager.WorkflowStarted(
				ctx, ordermanager.WorkflowStarted{OrderID: id, Customer: "ada", Token: token, At: time.Now()},
			)
		})
		repeat(id, "put", func(ctx context.Context) (ordermanager.Receipt, error) {
			return s.manager.Handle(ctx, ordermanager.Request{OrderID: id, Action: ordermanager.ActionPut, RequestID: "put",
				Actor: ordermanager.Customer("ada"), Drink: ordermanager.DrinkOrder{Drink: "Latte"}})
		})
		for round := range 1 + rand.IntN(4) {
			for _, action := range []ordermanager.Action{ordermanager.ActionMake, ordermanager.ActionUnmake} {
				request := fmt.Sprint(action, round)
				repeat(id, request, func(ctx context.Context) (ordermanager.Receipt, error) {
					return s.manager.Handle(
						ctx, ordermanager.Request{OrderID: id, Action: action, RequestID: request, Actor: ordermanager.Barista("bo")},
					)
				})
			}
		}
	}
}

func (a *acknowledged) tell(id, request string, version int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.versions[id] = max(a.versions[id], version)
	a.requests[id] = append(a.requests[id], request)
}

func (a *acknowledged) fail() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unknown++
}

func (a *acknowledged) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, requests := range a.requests {
		n += len(requests)
	}
	return n
}

// waitForMore waits until so many more writes were acknowledged.
func (a *acknowledged) waitForMore(t *testing.T, more int) {
	t.Helper()
	deadline, want := time.Now().Add(time.Minute), a.count()+more
	for a.count() < want {
		if time.Now().After(deadline) {
			t.Fatal("nothing goes on any more")
		}
		<-time.After(5 * time.Millisecond)
	}
}
