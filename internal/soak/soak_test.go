package soak_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/brewline/ordermanager/internal/faulty"
)

var (
	soak = flag.Duration("soak", 0, "let worlds run on every store in turn for this long; 0 is one small world on each")
	seed = flag.Uint64("seed", 1, "the seed of the first world")
)

// sizes are how many orders a world has: each takes a few seconds.
var sizes = map[faulty.Home]int{
	faulty.Memory: 600, faulty.SQLite: 60, faulty.Postgres: 60, faulty.Native: 30, faulty.Workshop: 20, faulty.Core: 20,
}

// longer is how many times larger the worlds of a long soak are.
const longer = 15

// All invariants, at the end of a world in which everything went wrong.
func TestWorld_endsWithNothingLostOnAnyStore(t *testing.T) {
	sums, stop := map[faulty.Home]*figures{}, time.Now().Add(*soak)
	for round := uint64(0); round == 0 || time.Now().Before(stop); round++ {
		for _, home := range faulty.Homes() {
			t.Run(string(home), func(t *testing.T) {
				size := sizes[home]
				if *soak > 0 {
					size *= longer
				}
				f := oneWorld(t, home, *seed+round, size)
				if sums[home] == nil {
					sums[home] = &figures{}
				}
				sums[home].add(f)
			})
		}
	}
	for _, home := range faulty.Homes() {
		if sum := sums[home]; sum != nil {
			t.Logf("%s: %v", home, sum)
		}
	}
}

// oneWorld lets a world live on a store, and fails the test if it does not end well.
func oneWorld(t *testing.T, home faulty.Home, seed uint64, size int) *figures {
	t.Helper()
	// Half of the worlds on DynamoDB have a client that repeats by itself, and so cannot have stragglers.
	retries := faulty.Retries(seed%2 == 0)
	store := faulty.Open(t, home, retries)
	faults := []faulty.Fault{
		faulty.Lost, faulty.Unanswered, faulty.Late, faulty.Twice, faulty.Crash, faulty.Throttled,
		faulty.Broken, faulty.Straggling,
	}
	if bool(retries) && home.OnDynamoDB() {
		faults = faults[:len(faults)-1]
	}
	w := newWorld(store, faulty.NewNetwork(seed, rate, faults...), size)
	if err := w.live(t.Context()); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if err := w.judge(t.Context()); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if bad := w.bad(); bad != "" {
		t.Errorf("seed %d:\n%s%s", seed, bad, strings.Join(w.wrong, "\n"))
	}
	t.Logf("%v", &w.figures)
	return &w.figures
}
