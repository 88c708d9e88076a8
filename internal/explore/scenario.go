package explore

import (
	"context"
	"fmt"
	"time"

	"github.com/brewline/ordermanager"
)

// Scenario says who acts on the one order, and how far the exploration goes. The workflow, its notifications and a
// redriver take part in every scenario.
type Scenario struct {
	// Name and About say what the scenario is.
	Name, About string
	// Callers are the people.
	Callers []Caller
	// Prelude is what has happened before, in order and without faults: names of actors, each of whom makes one call, and
	// of moves of the workflow.
	Prelude []string
	// Lifecycle is the life-cycle table. Default: the standard one.
	Lifecycle ordermanager.Lifecycle
	// Times are the times of notifications whose clocks were wrong, as of the start.
	Times map[token]time.Duration
	// TimeOuts says that the workflow's waits can time out, and Redrives how often it can begin a wait again with a new
	// token.
	TimeOuts bool
	Redrives uint8
	// Duplicates says that a notification that was taken can be delivered again, any number of times.
	Duplicates bool
	// OtherMenu says that the menu can lose its drinks and get them back at any time.
	OtherMenu bool
	// Joint says that the workflow is in the store's database, and takes part in its writes.
	Joint bool
	// NoPublisher leaves the publisher out, and Publishers are the names of others beside it.
	NoPublisher bool
	Publishers  []string
	// Redrivers is how many redrivers there are.
	Redrivers int
	// Faults bounds how many steps of I/O fail, lose their answer or end in a crash; -1 is no bound.
	Faults int
	// InFlight bounds how many calls are under way at the same time; 0 is no bound.
	InFlight int
	// Long scenarios are left out of a short run.
	Long bool
	// Mutation is a seeded bug; nil for the code as it is.
	Mutation *Mutation

	actors []actor
	law    *law
}

// Caller is somebody who makes calls, one after another. A call that was not answered with success can be repeated,
// under the same request id, or given up; Repeats says that one that was can be repeated as well.
type Caller struct {
	Name    string
	Calls   []*call
	Repeats bool
}

// actor is one sequence of calls: of a caller, of whoever delivers a notification, or of a redriver.
type actor struct {
	name    string
	calls   []*call
	notice  notice // the notification that it delivers, 0 for none
	repeats bool
	forever bool // its only call is never done
}

// Bound says in words how far the exploration of the scenario goes.
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

// prepare makes the actors out of the description.
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

// publishers are the names of all publishers; the first has none.
func (sc *Scenario) publishers() []string {
	if sc.NoPublisher {
		return nil
	}
	return append([]string{""}, sc.Publishers...)
}

// at is the time that a token is registered with.
func (sc *Scenario) at(t token) time.Time {
	if after, wrong := sc.Times[t]; wrong {
		return start.Add(after)
	}
	return tokens[t].at
}

// recorded is the time that goes on record: one that is too far in the future counts as the oldest.
func (sc *Scenario) recorded(t token) time.Time {
	if at := sc.at(t); !at.After(start.Add(5 * time.Minute)) {
		return at
	}
	return time.UnixMilli(0)
}

// canEmit reports whether a notification can come up in the scenario.
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
