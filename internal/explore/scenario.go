package explore

import (
	"context"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
)

// Scenario describes who acts on the order, and how far to explore. The workflow, its notifications and a redriver take
// part in every scenario.
type Scenario struct {
	// Name and About describe the scenario.
	Name, About string
	// Callers are the people.
	Callers []Caller
	// Prelude is what happened before, in order and without faults: names of actors, each of which makes one call, and
	// of moves of the workflow.
	Prelude []string
	// Lifecycle is the life-cycle table. Default: the standard one.
	Lifecycle ordermanager.Lifecycle
	// Times are the times of notifications with wrong clocks, relative to the start.
	Times map[token]time.Duration
	// TimeOuts lets the workflow's waits time out. Redrives is how often it can begin a wait again with a new token.
	TimeOuts bool
	Redrives uint8
	// Duplicates lets an accepted notification be delivered again, any number of times.
	Duplicates bool
	// OtherMenu lets the menu lose and regain its drinks at any time.
	OtherMenu bool
	// Joint puts the workflow into the store's database, where it takes part in the store's writes.
	Joint bool
	// NoPublisher omits the publisher. Publishers are the names of additional ones.
	NoPublisher bool
	Publishers  []string
	// Redrivers is the number of redrivers.
	Redrivers int
	// Faults limits how many steps of I/O fail, lose their answer or end in a crash; -1 is no limit.
	Faults int
	// InFlight limits the number of concurrent calls; 0 is no limit.
	InFlight int
	// Long scenarios are skipped with -short.
	Long bool
	// Mutation is a seeded bug, or nil.
	Mutation *Mutation

	actors []actor
	law    *law
}

// Caller makes calls, one after another. A call without a successful answer can be repeated, under the same request id,
// or given up. With Repeats, a successful call can be repeated too.
type Caller struct {
	Name    string
	Calls   []*call
	Repeats bool
}

// actor makes one sequence of calls: it is a caller, delivers a notification, or redrives.
type actor struct {
	name    string
	calls   []*call
	notice  notice // the notification that it delivers, 0 for none
	repeats bool
	forever bool // its only call is never done
}

// Bound describes the limits of the exploration.
func (sc *Scenario) Bound() string {
	number := func(n int, one, more string) string {
		switch {
		case n < 0 || n == 0 && more == "calls at once":
			return "any number of " + more
		case n == 1:
			return "1 " + one
		}
		return fmt.Sprintf("up to %d %s", n, more)
	}
	bound := number(sc.Faults, "fault", "faults") + ", " + number(sc.InFlight, "call at once", "calls at once")
	if sc.TimeOuts {
		bound += ", time-outs"
	}
	if sc.Redrives > 0 {
		bound += ", " + number(int(sc.Redrives), "wait begun again", "waits begun again")
	}
	if sc.Duplicates {
		bound += ", every notification any number of times"
	}
	if sc.Redrivers > 1 {
		bound += fmt.Sprintf(", %d redrivers", sc.Redrivers)
	}
	return bound
}

// prepare builds the actors.
func (sc *Scenario) prepare() {
	if sc.law == nil {
		sc.law = shopLaw(false)
	}
	if sc.Lifecycle.Rules() == nil {
		sc.Lifecycle = ordermanager.StandardLifecycle()
	}
	sc.actors = nil
	for _, c := range sc.Callers {
		sc.actors = append(sc.actors, actor{name: c.Name, calls: c.Calls, repeats: c.Repeats})
	}
	for n := notice(1); n <= noticeSecondTimedOut; n++ {
		if sc.canEmit(n) {
			c := sc.notification(n)
			sc.actors = append(
				sc.actors, actor{name: "notice of " + c.name, calls: []*call{c}, notice: n, repeats: sc.Duplicates},
			)
		}
	}
	for i := range sc.Redrivers {
		name := "redriver"
		if i > 0 {
			name = "second redriver"
		}
		sc.actors = append(sc.actors, actor{name: name, calls: []*call{redrive()}, forever: true})
	}
}

// publishers returns the names of all publishers; the first is unnamed.
func (sc *Scenario) publishers() []string {
	if sc.NoPublisher {
		return nil
	}
	return append([]string{""}, sc.Publishers...)
}

// at returns the time that a token is registered with.
func (sc *Scenario) at(t token) time.Time {
	if after, wrong := sc.Times[t]; wrong {
		return start.Add(after)
	}
	return tokens[t].at
}

// recorded returns the time that is recorded: one too far in the future counts as the oldest.
func (sc *Scenario) recorded(t token) time.Time {
	if at := sc.at(t); !at.After(start.Add(5 * time.Minute)) {
		return at
	}
	return time.UnixMilli(0)
}

// canEmit reports whether a notification can occur in the scenario.
func (sc *Scenario) canEmit(n notice) bool {
	switch n {
	case noticeFirstTimedOut, noticeSecondTimedOut:
		return sc.TimeOuts
	case notice(tokenA1), notice(tokenB1):
		return true
	default:
		return sc.Redrives > 0
	}
}

func (sc *Scenario) notification(n notice) *call {
	system := ordermanager.System("workflow")
	if n < notice(tokenCount) {
		t, at := tokens[n], sc.at(token(n))
		c := &call{name: t.name, id: t.id, actor: system}
		if t.wait == ordermanager.FirstWait {
			c.action = ordermanager.ActionWorkflowStarted
			c.run = func(ctx context.Context, m *ordermanager.Manager) (ordermanager.Receipt, error) {
				return m.WorkflowStarted(
					ctx, ordermanager.WorkflowStarted{OrderID: orderID, Customer: customer, Token: t.value, At: at},
				)
			}
			return c
		}
		c.action = ordermanager.ActionWaitingCompletion
		c.run = func(ctx context.Context, m *ordermanager.Manager) (ordermanager.Receipt, error) {
			return m.WaitingCompletion(ctx, ordermanager.WaitingCompletion{
				OrderID: orderID, Customer: customer, Number: numberOf(token(n)), Token: t.value, At: at,
			})
		}
		return c
	}
	cause := map[notice]string{noticeFirstTimedOut: "Customer timedout", noticeSecondTimedOut: "Barista timedout"}[n]
	return &call{
		name: cause, action: ordermanager.ActionTimedOut, actor: system, id: "notice of " + cause,
		run: func(ctx context.Context, m *ordermanager.Manager) (ordermanager.Receipt, error) {
			return m.TimedOut(ctx, ordermanager.TimedOut{OrderID: orderID, Cause: cause, RequestID: "notice of " + cause})
		},
	}
}
