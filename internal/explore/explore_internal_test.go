package explore

import (
	"flag"
	"os"
	"strings"
	"sync"
	"testing"
)

var (
	scenarioFlag = flag.String("explore.scenario", "menu changes", "the scenario of the trace")
	traceFlag    = flag.String(
		"explore.trace", "testdata/put_lost_and_menu_changed.trace", "a file with a trace to replay",
	)
)

// manyStates is what a full run must visit at least.
const manyStates = 1_000_000

func TestExplore_invariantsHoldInEveryStateOfEveryScenario(t *testing.T) {
	short := testing.Short()
	var (
		mu                         sync.Mutex
		states, transitions, calls int
		taken                      Taken
	)
	t.Run("scenario", func(t *testing.T) {
		for _, sc := range Scenarios() {
			if short && sc.Long {
				t.Logf("left out of a short run: %s", sc.Name)
				continue
			}
			t.Run(sc.Name, func(t *testing.T) {
				t.Parallel()
				result, err := Explore(sc, 0)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s\nbound: %s\n%v", sc.About, sc.Bound(), &result)
				if result.Violation != nil {
					t.Errorf("%v\nThe shortest schedule; put it into a file and replay it with"+
						" -explore.scenario=%q -explore.trace=FILE:\n%v", result.Violation, sc.Name, result.Trace)
				}
				mu.Lock()
				defer mu.Unlock()
				states, transitions, calls = states+result.States, transitions+result.Transitions, calls+result.Calls
				taken.add(&result.Taken)
			})
		}
	})
	t.Logf("in all: %d states, %d transitions, %d runs of a call\n%v", states, transitions, calls, &taken)
	if short || t.Failed() {
		return
	}
	if states < manyStates {
		t.Errorf("%d states visited, want at least %d", states, manyStates)
	}
	for _, want := range everyOutcome {
		if taken[want.kind][want.outcome] == 0 {
			t.Errorf("no schedule has a %q that is %q", opNames[want.kind], outcomeNames[want.outcome])
		}
	}
}

// everyOutcome is what a full run must have seen of every kind of I/O.
var everyOutcome = func() (all []struct {
	kind    opKind
	outcome outcome
}) {
	add := func(kind opKind, outcomes ...outcome) {
		for _, o := range outcomes {
			all = append(all, struct {
				kind    opKind
				outcome outcome
			}{kind, o})
		}
	}
	add(opApply, asAsked, lost, failed, retried, apart, crashBefore, crashAfter)
	add(opSettle, asAsked, lost, failed, crashBefore, crashAfter)
	add(opGet, asAsked, failed, crashBefore)
	add(opList, asAsked, failed)
	add(opResume, asAsked, lost, failed, crashBefore)
	add(opPublish, asAsked, lost, failed, partly, named, crashBefore)
	add(opMenu, asAsked, otherMenu, failed)
	return all
}()

// A schedule is text. This one loses an answer, crashes, and is mended by the redriver.
const mended = `
notice of A1: apply A1, creating the order -> applied
ann: apply put -> done, answer lost
ann: apply put -> refused
ann: resume A1 with success (put, pending) -> done, answer lost
redriver: list owing orders -> listed
redriver: get -> read
redriver: resume A1 with success (put, pending) -> gone
redriver: settle A1, all of version 2 -> crash before
`

func TestReplay_runsAScheduleThatIsGivenAsText(t *testing.T) {
	trace, err := ParseTrace(mended)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := trace.String(), strings.TrimPrefix(mended, "\n"); got != want {
		t.Errorf("printed again it is\n%s", got)
	}
	violation, states, err := Replay(find(t, "put"), trace)
	if err != nil || violation != nil {
		t.Fatal(violation, err)
	}
	want := "redriver: settle A1, all of version 2 -> crash before\n    pending at version 2 (A1 being answered); " +
		"workflow between the waits"
	if got := states[len(states)-1]; got != want {
		t.Errorf("ends with\n%s\nwant\n%s", got, want)
	}
}

func TestReplay_namesTheStepsThatArePossibleInsteadOfOneThatIsNot(t *testing.T) {
	trace := Trace{{Actor: "ann", Op: "apply put", Did: "applied"}}
	_, _, err := Replay(find(t, "put"), trace)
	if err == nil || !strings.Contains(err.Error(), "ann: apply put -> refused") {
		t.Errorf("got %v", err)
	}
}

func TestParseTrace_refusesWhatIsNotAStep(t *testing.T) {
	if trace, err := ParseTrace("# a remark\n\nnonsense"); err == nil {
		t.Errorf("got %v", trace)
	}
}

// TestReplayTrace replays the trace of the flags; without them, one that once ended in a refusal of a put that had been
// applied.
func TestReplayTrace(t *testing.T) {
	text, err := os.ReadFile(*traceFlag)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := ParseTrace(string(text))
	if err != nil {
		t.Fatal(err)
	}
	violation, states, err := Replay(find(t, *scenarioFlag), trace)
	t.Log("\n" + strings.Join(states, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if violation != nil {
		t.Error(violation)
	}
}
