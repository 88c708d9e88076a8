package explore

import (
	"time"

	"github.com/brewline/ordermanager"
)

// maxActors is how many actors a scenario can have, besides the workflow.
const maxActors = 12

// state is everything that the future depends on: the world (the order's record, the store's listing, the workflow, what was published)
// and where each actor stands. It is a plain comparable value: the explorer's set of visited states holds the states themselves
// and not their hashes, so no state is ever missed because two hashes collide.
type state struct {
	order     orderRef
	published requestSet
	workflow  workflow
	// left are the tokens that have been in a slot and are not any more.
	left tokenSet
	// listed says that the store lists the order as owing. It is kept as a store with an index of its own would keep it, from
	// Transition.Owing and Settlement.Everything alone, which is the harder contract.
	listed bool
	faults uint8
	// done is how many of its calls each actor has been answered with success.
	done [maxActors]uint8
	// at is where each actor's call is cut; zero when it is not in a call.
	at [maxActors]nodeRef
}

// orderRef names an order record in the explorer's table of records; zero means that there is no order.
type orderRef uint32

// requestSet is a set of the scenario's request ids.
type requestSet uint32

// token is one of the task tokens that the workflow can hand out.
type token uint8

// The tokens, in the order of their events' times: a second first wait begins before or after the first second wait.
const (
	noToken token = iota
	tokenA1
	tokenA2
	tokenB1
	tokenA3
	tokenB2
	tokenCount
)

type tokenSet uint8

func (s tokenSet) has(t token) bool { return s&(1<<t) != 0 }

func (s *tokenSet) add(t token) { *s |= 1 << t }

// secret begins the value of every token, so that a leak is easily found.
const secret = "secret-value-of-"

var tokens = [tokenCount]struct {
	name  string
	wait  ordermanager.Wait
	at    time.Time
	value ordermanager.TaskToken
	id    string
}{
	tokenA1: newToken("A1", ordermanager.FirstWait, 1),
	tokenA2: newToken("A2", ordermanager.FirstWait, 2),
	tokenB1: newToken("B1", ordermanager.SecondWait, 3),
	tokenA3: newToken("A3", ordermanager.FirstWait, 4),
	tokenB2: newToken("B2", ordermanager.SecondWait, 5),
}

func newToken(name string, wait ordermanager.Wait, minute int) (t struct {
	name  string
	wait  ordermanager.Wait
	at    time.Time
	value ordermanager.TaskToken
	id    string
}) {
	t.name, t.wait, t.at = name, wait, start.Add(time.Duration(minute)*time.Minute)
	t.value = ordermanager.NewTaskToken(secret + name)
	t.id = t.value.Fingerprint()
	return t
}

// start is the time at which nothing has happened yet.
var start = time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)

// tokenWithID names the token of a registration; noToken for what is none.
func tokenWithID(requestID string) token {
	for t := tokenA1; t < tokenCount; t++ {
		if tokens[t].id == requestID {
			return t
		}
	}
	return noToken
}

func numberOf(t token) string { return "number of " + tokens[t].name }

// tokenOf names a task token; noToken for one that the workflow never handed out.
func tokenOf(value ordermanager.TaskToken) token {
	for t := tokenA1; t < tokenCount; t++ {
		if tokens[t].value.Equal(value) {
			return t
		}
	}
	return noToken
}

// stage is where the workflow stands.
type stage uint8

const (
	stageFirstWait stage = iota
	stageBetween
	stageSecondWait
	stageFinished
	stageFailed
	stageFirstTimedOut
	stageSecondTimedOut
)

func (s stage) String() string {
	return [...]string{
		"in the first wait", "between the waits", "in the second wait", "finished", "failed",
		"timed out in the first wait", "timed out in the second wait",
	}[s]
}

// notice is a notification of the workflow: the registration of a token (the notice has the token's number) or a time-out.
type notice uint8

const (
	noticeFirstTimedOut  = notice(tokenCount)
	noticeSecondTimedOut = notice(tokenCount) + 1
)

type noticeSet uint8

func (s noticeSet) has(n notice) bool { return s&(1<<n) != 0 }

func (s *noticeSet) add(n notice) { *s |= 1 << n }

// workflow is the workflow with the two waits. At most one token is live: the newest one, until it is answered or its
// time is up.
type workflow struct {
	stage stage
	live  token
	// emitted are the notifications that were sent; they are delivered in any order, as often as the scenario says.
	emitted noticeSet
	// answered are the tokens whose answer was accepted.
	answered tokenSet
	redrives uint8
}

// begin is a workflow that has just reached its first wait.
func begin() workflow {
	var w workflow
	w.wait(tokenA1)
	return w
}

func (w *workflow) wait(t token) {
	w.live = t
	w.emitted.add(notice(t))
	w.stage = stageFirstWait
	if tokens[t].wait == ordermanager.SecondWait {
		w.stage = stageSecondWait
	}
}

func (w *workflow) end(s stage, n notice) {
	w.live, w.stage = noToken, s
	w.emitted.add(n)
}

// resume gives an answer to the workflow, and reports whether it was waiting for it.
func (w *workflow) resume(t token, failure bool) bool {
	if t == noToken || w.live != t {
		return false
	}
	w.live = noToken
	w.answered.add(t)
	switch {
	case tokens[t].wait == ordermanager.SecondWait:
		w.stage = stageFinished
	case failure:
		w.stage = stageFailed
	default:
		w.stage = stageBetween
	}
	return true
}

// The moves of the workflow itself.
const (
	moveReach uint8 = iota
	moveTimeOut
	moveRedriveFirst
	moveRedriveSecond
	moveCount
)

var moveNames = [moveCount]string{
	"reach the second wait", "time out", "begin the first wait again", "begin the second wait again",
}

// move makes a move of the workflow, and reports whether it was possible.
func (w *workflow) move(move uint8, sc *Scenario) bool {
	redriven := w.redrives < sc.Redrives
	switch move {
	case moveReach:
		if w.stage != stageBetween {
			return false
		}
		switch {
		case !w.emitted.has(notice(tokenB1)):
			w.wait(tokenB1)
		case !w.emitted.has(notice(tokenB2)):
			w.wait(tokenB2)
		default:
			return false
		}
	case moveTimeOut:
		switch {
		case !sc.TimeOuts || w.live == noToken:
			return false
		case w.stage == stageFirstWait:
			w.end(stageFirstTimedOut, noticeFirstTimedOut)
		default:
			w.end(stageSecondTimedOut, noticeSecondTimedOut)
		}
	case moveRedriveFirst:
		t := tokenA2
		if w.emitted.has(notice(tokenB1)) {
			t = tokenA3
		}
		if !redriven || w.stage == stageFinished || w.emitted.has(notice(t)) || w.emitted.has(notice(tokenB2)) {
			return false
		}
		w.wait(t)
		w.redrives++
	case moveRedriveSecond:
		if !redriven || w.stage != stageSecondWait && w.stage != stageSecondTimedOut || w.emitted.has(notice(tokenB2)) {
			return false
		}
		w.wait(tokenB2)
		w.redrives++
	}
	return true
}
