package explore

import (
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
)

var tableFlag = flag.Int64("explore.table", -1, "the seed of the only table to explore")

// tablesOfSize is how many sound tables of each number of states a full run explores.
const tablesOfSize = 50

// smallOrder is where the exploration of a table with callers who interfere is given up. Most are done before.
const smallOrder = 60_000

// drawn is a table that Validate accepts.
type drawn struct {
	seed uint64
	*law
}

func (d drawn) name() string { return fmt.Sprintf("table %d", d.seed) }

// soundTables draws tables until it has so many of each number of states that Validate accepts. It also says how many
// it drew.
func soundTables(t *testing.T, ofSize int) (sound []drawn, tried int) {
	t.Helper()
	if *tableFlag >= 0 {
		seed := uint64(*tableFlag)
		return []drawn{{seed, drawTable(seed)}}, 1
	}
	size := map[int]int{}
	for seed := uint64(0); len(sound) < 4*ofSize; seed++ {
		l := drawTable(seed)
		if n := len(l.states); size[n] < ofSize && l.lifecycle().Validate() == nil {
			size[n]++
			sound = append(sound, drawn{seed, l})
		}
		tried++
		if tried > 200_000 {
			t.Fatalf("of %d tables too few are sound: %v", tried, size)
		}
	}
	return sound, tried
}

// Whatever its states and actions are: a table that Validate accepts keeps every invariant.
func TestTables_everyOneThatValidateAcceptsKeepsTheInvariants(t *testing.T) {
	ofSize := tablesOfSize
	if testing.Short() {
		ofSize = 3
	}
	sound, tried := soundTables(t, ofSize)
	var (
		mu                                        sync.Mutex
		states, transitions, places, whole, rules int
		taken                                     Taken
	)
	t.Run("table", func(t *testing.T) {
		for _, table := range sound {
			t.Run(fmt.Sprint(table.seed), func(t *testing.T) {
				t.Parallel()
				sc := table.scenario(table.name(), table.seed)
				n, trace, violation, err := Roam(sc)
				if err != nil {
					t.Fatal(err)
				}
				if violation != nil {
					t.Fatalf("seed %d: %v\n%vThe table:\n%v", table.seed, violation, trace, table)
				}
				result, err := Explore(sc, smallOrder)
				if err != nil {
					t.Fatal(err)
				}
				if result.Violation != nil {
					t.Fatalf("seed %d: %v\n%vThe table:\n%v", table.seed, result.Violation, result.Trace, table)
				}
				mu.Lock()
				defer mu.Unlock()
				states, transitions, places, rules = states+result.States, transitions+result.Transitions, places+n, rules+
					len(table.rules)
				if result.Complete {
					whole++
				}
				taken.add(&result.Taken)
			})
		}
	})
	t.Logf("%d sound tables of %d drawn, with %d rules: %d places where everybody tried everything; %d states and %d transitions with callers"+
		" who interfere, faults and crashes, of %d tables to the end\n%v", len(sound), tried, rules, places, states, transitions, whole, &taken)
}

// String prints a table for people.
func (l *law) String() string {
	var b strings.Builder
	for _, s := range l.states {
		fmt.Fprintf(&b, "  %s initial=%t answers=%q\n", s.State, s.Initial, s.Answers)
	}
	for i, r := range l.rules {
		fmt.Fprintf(&b, "  rules[%d] %s: %v -> %s by=%v claim=%q drink=%q answers=%d event=%q\n",
			i, r.Action, r.From, r.To, r.By, r.Claim, r.Drink, r.Answers, r.Event)
	}
	return b.String()
}
