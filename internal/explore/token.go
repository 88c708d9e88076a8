package explore

import (
	"time"

	"github.com/brewline/ordermanager"
)

// token is a task token that the workflow can issue.
type token uint8

// The tokens, in the order of their times: a second first wait may begin before or after the first second wait.
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

// secret begins the value of every token, so that leaks are easy to find.
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

// start is the time before anything has happened.
var start = time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)

// tokenWithID returns the token of a registration, or noToken.
func tokenWithID(requestID string) token {
	for t := tokenA1; t < tokenCount; t++ {
		if tokens[t].id == requestID {
			return t
		}
	}
	return noToken
}

func numberOf(t token) string { return "number of " + tokens[t].name }

// tokenOf returns the token with a value, or noToken if the workflow never issued it.
func tokenOf(value ordermanager.TaskToken) token {
	for t := tokenA1; t < tokenCount; t++ {
		if tokens[t].value.Equal(value) {
			return t
		}
	}
	return noToken
}

var waits = [...]ordermanager.Wait{ordermanager.FirstWait, ordermanager.SecondWait}

// notice is a notification of the workflow: the registration of a token (the notice has the token's number) or a
// time-out.
type notice uint8

type noticeSet uint8

func (s noticeSet) has(n notice) bool { return s&(1<<n) != 0 }

func (s *noticeSet) add(n notice) { *s |= 1 << n }

const (
	noticeFirstTimedOut  = notice(tokenCount)
	noticeSecondTimedOut = notice(tokenCount) + 1
)
