package wrong_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/resumertest"
	"github.com/brewline/ordermanager/storetest"
)

// failure is a case that a store or a resumer failed.
type failure struct {
	name string
	err  error
}

// judge looks at the cases that something wrong failed: the one that the mistake names must be among them. None of them
// is idle.
func judge(t *testing.T, failures []failure, want string, idle map[string]bool) {
	t.Helper()
	for _, failed := range failures {
		delete(idle, failed.name)
	}
	for _, failed := range failures {
		if failed.name == want {
			t.Logf("found by %q, and by %d more: %v", want, len(failures)-1, failed.err)
			return
		}
	}
	var names []string
	for _, failed := range failures {
		names = append(names, failed.name+": "+failed.err.Error())
	}
	t.Errorf("not found by %q, but by:\n\t%s", want, strings.Join(names, "\n\t"))
}

// none wants no case to be idle: one that nothing wrong ever failed may be one that cannot fail.
func none(t *testing.T, idle map[string]bool) {
	t.Helper()
	for name := range idle {
		if !filtered() {
			t.Errorf("no mistake fails %q", name)
		}
	}
}

// filtered reports whether only some of the mistakes were run.
func filtered() bool { return strings.Contains(flag.Lookup("test.run").Value.String(), "/") }

// testStore runs the cases whose names are asked for.
func testStore(t *testing.T, newStore func() ordermanager.Store, asked func(name string) bool) (failures []failure) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range storetest.Cases() {
			if !asked(c.Topic + "/" + c.Name) {
				continue
			}
			err := c.Run(t.Context(), storetest.Harness{Store: newStore()})
			if err != nil && !errors.Is(err, storetest.ErrNotAsked) {
				failures = append(failures, failure{c.Topic + "/" + c.Name, err})
			}
		}
	})
	return failures
}

func TestStoreSuite_failsEveryWrongStore(t *testing.T) {
	idle := map[string]bool{}
	for _, c := range storetest.Cases() {
		idle[c.Topic+"/"+c.Name] = true
	}
	for _, m := range slices.Concat(storeMistakes, watcherMistakes) {
		t.Run("a store that "+m.name, func(t *testing.T) {
			asked := func(name string) bool { return name == m.found || idle[name] }
			judge(t, testStore(t, m.store, asked), m.found, idle)
		})
	}
	none(t, idle)
}

func TestStoreSuite_passesRightStores(t *testing.T) {
	for name, newStore := range map[string]func() ordermanager.Store{
		"the store in memory":                      func() ordermanager.Store { return memory.NewStore() },
		"the store that the mistakes were made in": func() ordermanager.Store { return newPlain() },
		"a store that marks what owes": marking(
			func(t *transition, was bool) bool { return was || t.Owing },
			func(s settlement, o *order) bool { return s.Everything && s.Version == o.Version }),
		"a store with an order that cannot be read": func() ordermanager.Store {
			p := newPlain()
			return &outside{Store: p, list: func(ctx context.Context, q query) (page, error) {
				listed, err := p.List(ctx, q)
				if err == nil && q.Cursor == "" {
					listed.Skipped = []ordermanager.Skipped{{OrderID: "odd", Err: errors.New("its state is a number")}}
				}
				return listed, err
			}}
		},
		"a store that tells of every change twice, and waits for a second at most": telling(
			func(ctx context.Context, s *memory.Store, after string, wait time.Duration) (changes, error) {
				answer, err := s.Changes(ctx, after, min(wait, time.Second))
				for _, o := range answer.Orders {
					answer.Orders = append(answer.Orders, clone(o))
				}
				return answer, err
			}),
		"a store that keeps the ordinary life cycles only": func() ordermanager.Store {
			return choosy{newPlain(), func(l ordermanager.Lifecycle) error {
				var unknown []string
				for _, s := range l.States() {
					if !slices.Contains(ordermanager.States(), s.State) {
						unknown = append(unknown, string(s.State))
					}
				}
				if unknown != nil {
					return fmt.Errorf("no word for %q", unknown)
				}
				return nil
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, failed := range testStore(t, newStore, func(string) bool { return true }) {
				t.Errorf("%s: %v", failed.name, failed.err)
			}
		})
	}
}

// A store that keeps fewer life cycles is asked for less, and a test says so.
func TestStoreSuite_saysWhatItDoesNotAsk(t *testing.T) {
	store := choosy{newPlain(), func(ordermanager.Lifecycle) error { return errors.New("ready has no word") }}
	asked, not, watchers := 0, 0, 0
	synctest.Test(t, func(t *testing.T) {
		for _, c := range storetest.Cases() {
			switch err := c.Run(t.Context(), storetest.Harness{Store: store}); {
			case errors.Is(err, storetest.ErrNotAsked) && c.Watcher:
				watchers++
			case errors.Is(err, storetest.ErrNotAsked) && len(c.Needs.Rules()) > 0 &&
				strings.Contains(err.Error(), "ready has no word"):
				not++
			case errors.Is(err, storetest.ErrNotAsked) || len(c.Needs.Rules()) > 0:
				t.Errorf("%s/%s: %v", c.Topic, c.Name, err)
			default:
				asked++
			}
		}
	})
	if asked < 100 || not < 5 || watchers < 5 {
		t.Errorf("asked for %d promises, and not for %d and %d", asked, not, watchers)
	}
}

func testResumer(t *testing.T, mistake func(s *service)) (failures []failure) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range resumertest.Cases() {
			if err := c.Run(t.Context(), newService(mistake).harness()); err != nil {
				failures = append(failures, failure{c.Topic + "/" + c.Name, err})
			}
		}
	})
	return failures
}

func TestResumerSuite_failsEveryWrongResumer(t *testing.T) {
	idle := map[string]bool{}
	for _, c := range resumertest.Cases() {
		idle[c.Topic+"/"+c.Name] = true
	}
	for _, m := range resumerMistakes {
		t.Run("a resumer that "+m.name, func(t *testing.T) {
			judge(t, testResumer(t, m.make), m.found, idle)
		})
	}
	none(t, idle)
}

func TestResumerSuite_passesRightResumers(t *testing.T) {
	for _, failed := range testResumer(t, func(*service) {}) {
		t.Errorf("%s: %v", failed.name, failed.err)
	}
}

func TestStoreSuite_waitsForListingsThatLag(t *testing.T) {
	const lag = time.Second
	synctest.Test(t, func(t *testing.T) {
		for _, c := range storetest.Cases() {
			err := c.Run(t.Context(), storetest.Harness{Store: lagging(lag), Lag: 2 * lag})
			if err != nil && !errors.Is(err, storetest.ErrNotAsked) {
				t.Errorf("%s/%s: %v", c.Topic, c.Name, err)
			}
		}
	})
}

// lagging is a store that lists what was there a while ago: its listings are those of a replica.
func lagging(lag time.Duration) ordermanager.Store {
	type write struct {
		at time.Time
		do func()
	}
	var mu sync.Mutex
	var due []write
	store, replica := memory.NewStore(), memory.NewStore()
	background := context.Background()
	return &outside{
		Store: store,
		apply: func(ctx context.Context, t transition) (result, error) {
			mu.Lock()
			defer mu.Unlock()
			r, err := store.Apply(ctx, t)
			if r.Applied {
				before := clone(r.Order)
				due = append(due, write{time.Now(), func() { _, _ = replica.Apply(background, detached(t, before)) }})
			}
			return r, err
		},
		settle: func(ctx context.Context, s settlement) error {
			mu.Lock()
			defer mu.Unlock()
			err := store.Settle(ctx, s)
			if err == nil {
				s.Events = slices.Clone(s.Events)
				due = append(due, write{time.Now(), func() { _ = replica.Settle(background, s) }})
			}
			return err
		},
		list: func(ctx context.Context, q query) (page, error) {
			mu.Lock()
			defer mu.Unlock()
			for len(due) > 0 && time.Since(due[0].at) >= lag {
				due[0].do()
				due = due[1:]
			}
			return replica.List(ctx, q)
		},
	}
}

// detached is a transition that shares no memory with the caller's. Its guards have held already.
func detached(t transition, applied *order) transition {
	t.Guards = ordermanager.Guards{}
	if t.Create != nil {
		t.Create = &ordermanager.NewOrder{
			Customer: applied.Customer, Venue: applied.Venue, Robot: applied.Robot, State: t.Create.State,
		}
	}
	if t.Assign.Drink != nil {
		t.Assign.Drink = applied.Drink
	}
	if t.Assign.Barista != nil {
		t.Assign.Barista = &applied.Barista
	}
	if r := t.Assign.Register; r != nil {
		copied := *r
		t.Assign.Register = &copied
	}
	return t
}

func TestSuites_doNotTakeAPanicForAPass(t *testing.T) {
	panics := func(run func() error) (panicked bool) {
		defer func() { panicked = recover() != nil }()
		_ = run()
		return false
	}
	store := &outside{Store: newPlain(), get: func(context.Context, string) (*order, error) { panic("a bug") }}
	if !panics(func() error { return storetest.Cases()[0].Run(t.Context(), storetest.Harness{Store: store}) }) {
		t.Error("the panic of a store was swallowed")
	}
	s := newService(func(s *service) {
		s.resume = func(context.Context, token, outcome) (answer, error) { panic("a bug") }
	})
	if !panics(func() error { return resumertest.Cases()[0].Run(t.Context(), s.harness()) }) {
		t.Error("the panic of a resumer was swallowed")
	}
}

func TestSuites_nameEveryPromiseOnce(t *testing.T) {
	seen := map[string]bool{}
	var names []string
	for _, c := range storetest.Cases() {
		names = append(names, "store/"+c.Topic+"/"+c.Name)
	}
	for _, c := range resumertest.Cases() {
		names = append(names, "resumer/"+c.Topic+"/"+c.Name)
	}
	for _, name := range names {
		if seen[name] || strings.Count(name, "/") != 2 {
			t.Errorf("%q is there twice, or cannot be picked by its name", name)
		}
		seen[name] = true
	}
}
