package explore

import "github.com/brewline/ordermanager"

// stage is the position of the workflow.
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

// workflow is the workflow with two waits. At most one token is live: the newest, until it is answered or times out.
type workflow struct {
	stage stage
	live  token
	// emitted are the notifications that were sent. They are delivered in any order, as often as the scenario allows.
	emitted noticeSet
	// answered are the tokens whose answers were accepted.
	answered tokenSet
	redrives uint8
}

// begin returns a workflow that has just reached its first wait.
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

// resume answers the workflow, and reports whether it was waiting for that.
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
