package lincheck_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/faulty"
	"github.com/brewline/ordermanager/memory"
)

var (
	seeds = flag.Int("seeds", 0, "how many histories of each kind to check; 0 is the usual number of each")
	seed  = flag.Uint64("seed", 0, "check the history with this seed alone")
)

// kept are seeds whose histories found something once: these, the wrong stores below. Every kind of test begins with
// them.
var kept = []uint64{1, 2, 3, 4}

// eachSeed runs a test with the seeds that are kept and as many others.
func eachSeed(usual int, test func(seed uint64)) {
	if *seed != 0 {
		test(*seed)
		return
	}
	if *seeds > 0 {
		usual = *seeds
	}
	for i := range min(usual, len(kept)) {
		test(kept[i])
	}
	for i := range usual - len(kept) {
		test(uint64(1000 + i))
	}
}

var (
	everything = []faulty.Fault{faulty.Lost, faulty.Unanswered, faulty.Late, faulty.Twice, faulty.Straggling, faulty.Crash}
	// ofAService are those of a service that is called over a network.
	ofAService = append(everything[:len(everything):len(everything)], faulty.Throttled, faulty.Broken)
)

const rate = 0.15

// judge reports whether the history can be explained, and describes it if not.
func judge(ops []porcupine.Operation) error {
	result, info := porcupine.CheckOperationsVerbose(model, ops, time.Minute)
	switch result {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return errors.New("the history could not be judged within a minute")
	}
	dir, err := os.MkdirTemp("", "lincheck")
	if err != nil {
		return err
	}
	picture := filepath.Join(dir, "history.html")
	return errors.Join(
		fmt.Errorf("no order of the calls explains the answers: see %s", picture),
		porcupine.VisualizePath(model, info, picture),
	)
}

// inBubble records one history on a store in memory, in an order that the seed alone decides.
func inBubble(t *testing.T, seed uint64, store ordermanager.Store) (ops []porcupine.Operation, err error) {
	synctest.Test(t, func(t *testing.T) {
		network := faulty.NewNetwork(seed, rate, everything...)
		network.Pace = time.Millisecond
		ops, err = record(t.Context(), seed, faulty.Store(store), network)
	})
	return ops, err
}

// Invariants 1, 2, 6 and 7.
func TestMemory_isLinearizableInEveryOrderThatASeedMakes(t *testing.T) {
	met := newTally()
	eachSeed(150, func(seed uint64) {
		synctest.Test(t, func(t *testing.T) {
			network := faulty.NewNetwork(seed, rate, everything...)
			network.Pace = time.Millisecond
			check(t, seed, faulty.Store(memory.NewStore()), network, met)
		})
	})
	met.want(t)
}

// check records a history and judges it.
func check(t *testing.T, seed uint64, store ordermanager.Store, network *faulty.Network, met *tally) {
	t.Helper()
	ops, err := record(t.Context(), seed, store, network)
	if err == nil {
		err = judge(ops)
	}
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	for fault, n := range network.Met() {
		met.faults[fault] += n
	}
	for _, op := range ops {
		if op.Output.(answer).kind == applied {
			met.applied[op.Input.(call).action]++
		}
	}
}

// tally counts what happened in histories.
type tally struct {
	faults  map[faulty.Fault]int
	applied map[ordermanager.Action]int
}

func newTally() *tally {
	return &tally{map[faulty.Fault]int{}, map[ordermanager.Action]int{}}
}

func (m *tally) String() string { return fmt.Sprintf("faults %v, applied %v", m.faults, m.applied) }

// want checks that every fault befell somebody and that every action was applied: else the test shows less than it
// says.
func (m *tally) want(t *testing.T) {
	t.Helper()
	t.Log(m)
	if *seed != 0 {
		return
	}
	for _, fault := range everything {
		if m.faults[fault] == 0 {
			t.Errorf("no call met the fault %q", fault)
		}
	}
	for _, p := range people {
		for _, action := range p.does {
			if action != read && m.applied[action] == 0 {
				t.Errorf("%s was never applied", action)
			}
		}
	}
}

// Invariants 1, 2, 6 and 7, with real concurrency on the real stores.
func TestStores_areLinearizable(t *testing.T) {
	for _, tt := range []struct {
		home    faulty.Home
		retries faulty.Retries
		faults  []faulty.Fault
		seeds   int
	}{
		{faulty.Memory, false, everything, 40},
		{faulty.SQLite, false, everything, 8},
		{faulty.Postgres, false, everything, 8},
		{faulty.Native, false, ofAService, 6},
		{faulty.Native, true, ofAService, 6},
		{faulty.Workshop, false, everything, 4},
		{faulty.Workshop, true, ofAService, 4},
		{faulty.Core, false, everything, 4},
		{faulty.Core, true, ofAService, 4},
	} {
		name := string(tt.home)
		if tt.retries {
			name += ", with the repetitions of the SDK"
		}
		t.Run(name, func(t *testing.T) {
			store := faulty.Open(t, tt.home, tt.retries)
			met := newTally()
			eachSeed(tt.seeds, func(seed uint64) {
				check(t, seed, store, faulty.NewNetwork(seed, rate, tt.faults...), met)
			})
			t.Log(met)
		})
	}
}

// The same seed makes the same history, or a seed that is printed would be of no use.
func TestBubble_repeatsAHistoryFromItsSeed(t *testing.T) {
	var first string
	for range 5 {
		ops, err := inBubble(t, 7, memory.NewStore())
		if err != nil {
			t.Fatal(err)
		}
		var text string
		for _, op := range ops {
			text += fmt.Sprintf("%d–%d %s\n", op.Call, op.Return, model.DescribeOperation(op.Input, op.Output))
		}
		if first == "" {
			first = text
		}
		if text != first {
			t.Fatalf("one seed made two histories:\n%s\nand\n%s", first, text)
		}
	}
}

// wrong is a store with one mistake, made around the right one.
type wrong struct {
	ordermanager.Store
	apply func(context.Context, ordermanager.Transition) (ordermanager.Result, error)
	get   func(context.Context, string) (*ordermanager.Order, error)
}

func (w *wrong) Apply(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
	if w.apply != nil {
		return w.apply(ctx, t)
	}
	return w.Store.Apply(ctx, t)
}

func (w *wrong) Get(ctx context.Context, id string) (*ordermanager.Order, error) {
	if w.get != nil {
		return w.get(ctx, id)
	}
	return w.Store.Get(ctx, id)
}

// changing hands a changed transition to the store.
func changing(change func(*ordermanager.Transition)) func() ordermanager.Store {
	return func() ordermanager.Store {
		w := &wrong{Store: memory.NewStore()}
		w.apply = func(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
			change(&t)
			return w.Store.Apply(ctx, t)
		}
		return w
	}
}

// later lets others go first.
func later() { <-time.After(time.Millisecond / 2) }

var mistakes = map[string]func() ordermanager.Store{
	"forgets the state": changing(func(t *ordermanager.Transition) { t.Guards.States = nil }),
	"forgets the claim": changing(func(t *ordermanager.Transition) {
		t.Guards.FreeFor = ""
		if t.Entry.Action == ordermanager.ActionUnmake {
			t.Guards.States = []ordermanager.State{ordermanager.StateMaking}
		}
	}),
	"forgets the customer":           changing(func(t *ordermanager.Transition) { t.Guards.Customer = "" }),
	"forgets that there is a drink":  changing(func(t *ordermanager.Transition) { t.Guards.NoDrink = false }),
	"forgets that a drink is needed": changing(func(t *ordermanager.Transition) { t.Guards.HasDrink = false }),
	"applies a repeated request again": changing(func() func(*ordermanager.Transition) {
		var mu sync.Mutex
		n := 0
		return func(t *ordermanager.Transition) {
			mu.Lock()
			defer mu.Unlock()
			n++
			t.Entry.RequestID += fmt.Sprint("#", n)
		}
	}()),
	"checks first and writes then": func() ordermanager.Store {
		w := &wrong{Store: memory.NewStore()}
		w.apply = func(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
			before, err := w.Store.Get(ctx, t.OrderID)
			if err != nil || t.Create != nil {
				return w.Store.Apply(ctx, t)
			}
			if !t.Permits(before) {
				return ordermanager.Result{Order: before}, nil
			}
			later()
			t.Guards = ordermanager.Guards{}
			return w.Store.Apply(ctx, t)
		}
		return w
	},
	"reads what was": func() ordermanager.Store {
		w := &wrong{Store: memory.NewStore()}
		var mu sync.Mutex
		old := map[string]*ordermanager.Order{}
		w.get = func(ctx context.Context, id string) (*ordermanager.Order, error) {
			mu.Lock()
			defer mu.Unlock()
			stale := old[id]
			fresh, err := w.Store.Get(ctx, id)
			if err == nil {
				old[id] = fresh
			}
			if stale != nil {
				return stale.Clone(), err
			}
			return fresh, err
		}
		return w
	},
	"answers before it has written, and loses it now and then": func() ordermanager.Store {
		w := &wrong{Store: memory.NewStore()}
		n := 0
		var mu sync.Mutex
		w.apply = func(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
			mu.Lock()
			n++
			lost := n%7 == 0
			mu.Unlock()
			before, err := w.Store.Get(ctx, t.OrderID)
			if err == nil && lost && t.Permits(before) {
				return ordermanager.Result{Applied: true, Order: t.Apply(before)}, nil
			}
			return w.Store.Apply(ctx, t)
		}
		return w
	},
	"refuses with the order as it was when it refused last": func() ordermanager.Store {
		w := &wrong{Store: memory.NewStore()}
		var mu sync.Mutex
		old := map[string]*ordermanager.Order{}
		w.apply = func(ctx context.Context, t ordermanager.Transition) (ordermanager.Result, error) {
			result, err := w.Store.Apply(ctx, t)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && !result.Applied && result.Order != nil {
				if last := old[t.OrderID]; last != nil && !t.Permits(last) {
					return ordermanager.Result{Order: last.Clone()}, nil
				}
				old[t.OrderID] = result.Order.Clone()
			}
			return result, err
		}
		return w
	},
	"keeps the old order number": changing(func(t *ordermanager.Transition) {
		if t.Entry.Action == ordermanager.ActionWaitingCompletion {
			t.Assign.Number = ""
		}
	}),
	"lets an older token replace a newer one": changing(func(t *ordermanager.Transition) {
		if r := t.Assign.Register; r != nil && t.Create == nil {
			later := *r
			later.At = time.UnixMilli(1 << 40)
			t.Assign.Register = &later
		}
	}),
}

// A checker that lets everything pass would be green as well: each of these stores is caught within a few histories.
func TestChecker_catchesEveryWrongStore(t *testing.T) {
	for name, store := range mistakes {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 40; seed++ {
				ops, err := inBubble(t, seed, store())
				if err != nil || porcupine.CheckOperations(model, ops) {
					if errors.Is(err, ordermanager.ErrStoreContract) {
						t.Logf("seed %d: %v", seed, err)
						return
					}
					continue
				}
				t.Logf("found with seed %d", seed)
				return
			}
			t.Error("no history of 40 found it")
		})
	}
}
