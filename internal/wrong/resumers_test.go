package wrong_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/resumertest"
)

type (
	token   = ordermanager.TaskToken
	outcome = ordermanager.Outcome
	answer  = ordermanager.Answer
)

const (
	accepted = ordermanager.Accepted
	gone     = ordermanager.Gone
)

var errOutOfOrder = errors.New("the service is out of order")

// service is a workflow service with a right resumer. A mistake replaces resume.
type service struct {
	memory.Resumer
	resume func(ctx context.Context, t token, o outcome) (answer, error)

	mu    sync.Mutex
	fault resumertest.Fault
	// forged is what a wrong resumer gave to workflows behind the back of the right one.
	forged map[string][]outcome
}

func newService(mistake func(s *service)) *service {
	s := &service{forged: map[string][]outcome{}}
	s.Hook = func(_, _ string, done bool) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if done && s.fault == resumertest.AnswerLost || !done && s.fault == resumertest.Unreachable {
			return errOutOfOrder
		}
		return nil
	}
	s.resume = s.Resumer.Resume
	mistake(s)
	return s
}

func (s *service) Resume(ctx context.Context, t token, o outcome) (answer, error) {
	return s.resume(ctx, t, o)
}

// forge gives a workflow an outcome that it must not get.
func (s *service) forge(t token, o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forged[t.Fingerprint()] = append(s.forged[t.Fingerprint()], o)
}

func (s *service) given(_ context.Context, t token) ([]outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var given []outcome
	for _, answered := range s.Answered() {
		if answered.Token.Equal(t) {
			given = append(given, answered.Outcome)
		}
	}
	return append(given, s.forged[t.Fingerprint()]...), nil
}

func (s *service) harness() resumertest.Harness {
	return resumertest.Harness{
		Resumer: s,
		Start:   func(context.Context) (token, error) { return s.Issue(), nil },
		Given:   s.given,
		Expire:  func(_ context.Context, t token) error { s.Expire(t); return nil },
		Break: func(fault resumertest.Fault) func() {
			set := func(fault resumertest.Fault) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.fault = fault
			}
			set(fault)
			return func() { set("") }
		},
	}
}

// changing sends something else than it was given.
func changing(change func(o *outcome)) func(s *service) {
	return func(s *service) {
		s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
			change(&o)
			return s.Resumer.Resume(ctx, t, o)
		}
	}
}

// answering changes what comes back.
func answering(change func(s *service, t token, o outcome, got answer, err error) (answer, error)) func(s *service) {
	return func(s *service) {
		s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
			got, err := s.Resumer.Resume(ctx, t, o)
			return change(s, t, o, got, err)
		}
	}
}

// resumerMistakes are wrong resumers and the cases that are there to find them.
var resumerMistakes = []struct {
	name  string
	found string
	make  func(s *service)
}{
	{"accepts an answer twice", "answers/an answer is accepted once, and is gone when it is repeated",
		answering(func(s *service, t token, _ outcome, got answer, err error) (answer, error) {
			if got == gone {
				if given, _ := s.given(context.Background(), t); len(given) > 0 {
					got = accepted
				}
			}
			return got, err
		})},
	{"lets the last answer win", "answers/the first answer stays when another one follows", lastWins},
	{"calls gone an error", "answers/a wait that has expired is gone, for a success and for a failure",
		answering(func(_ *service, _ token, _ outcome, got answer, err error) (answer, error) {
			if got == gone {
				return "", errors.New("task timed out")
			}
			return got, err
		})},
	{"calls an unknown token accepted",
		"answers/a token that nothing ever waited on is gone, or undeliverable if it cannot be read",
		func(s *service) {
			issued := map[string]bool{}
			var mu sync.Mutex
			s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
				got, err := s.Resumer.Resume(ctx, t, o)
				mu.Lock()
				defer mu.Unlock()
				issued[t.Fingerprint()] = issued[t.Fingerprint()] || got == accepted
				if got == gone && !issued[t.Fingerprint()] {
					got = accepted
				}
				return got, err
			}
		}},
	{"answers nothing at all for gone", "answers/a wait that has expired is gone, for a success and for a failure",
		answering(func(_ *service, _ token, _ outcome, got answer, err error) (answer, error) {
			if got == gone {
				got = ""
			}
			return got, err
		})},
	{"turns a failure into a success", "outcomes/a failure arrives as a failure, with its error and its cause",
		changing(func(o *outcome) {
			if o.Failure() {
				*o = outcome{Output: json.RawMessage(`{"error":"` + o.Error + `"}`)}
			}
		})},
	{"swallows failures", "outcomes/a failure arrives as a failure, with its error and its cause",
		func(s *service) {
			s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
				if o.Failure() && ctx.Err() == nil {
					s.Expire(t)
					return accepted, nil
				}
				return s.Resumer.Resume(ctx, t, o)
			}
		}},
	{"loses the cause", "outcomes/a failure arrives as a failure, with its error and its cause",
		changing(func(o *outcome) { o.Cause = "" })},
	{"shortens the cause", "outcomes/a failure with the longest error and cause arrives whole",
		changing(func(o *outcome) { o.Cause = o.Cause[:min(len(o.Cause), 1024)] })},
	{"sends the output as a text", "outcomes/a success arrives with its output",
		changing(func(o *outcome) {
			if !o.Failure() {
				o.Output, _ = json.Marshal(string(o.Output))
			}
		})},
	{"sends nothing but objects", "outcomes/an output of any kind of JSON arrives unchanged",
		changing(func(o *outcome) {
			if !o.Failure() && !strings.HasPrefix(strings.TrimSpace(string(o.Output)), "{") {
				o.Output = json.RawMessage(`{}`)
			}
		})},
	{"has a smaller limit of its own", "outcomes/an output of the greatest length arrives whole",
		func(s *service) {
			s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
				if len(o.Output) > 32<<10 {
					return "", fmt.Errorf("%w: the output is too large", ordermanager.ErrUndeliverable)
				}
				return s.Resumer.Resume(ctx, t, o)
			}
		}},
	{
		"keeps the caller's output", "outcomes/an output that the caller changes afterwards has arrived as it was",
		keepsPointer,
	},
	{"tidies the output in the caller's memory", "outcomes/an output is not changed by being sent",
		changing(func(o *outcome) {
			tidy := strings.ReplaceAll(string(o.Output), " ", "")
			o.Output = o.Output[:copy(o.Output, tidy)]
		})},
	{"delivers on a context that is done", "errors/a context that was cancelled is an error, and nothing is sent",
		func(s *service) {
			s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
				got, err := s.Resumer.Resume(context.WithoutCancel(ctx), t, o)
				if ctx.Err() != nil {
					return "", ctx.Err()
				}
				return got, err
			}
		}},
	{"looks in its own record before the context",
		"errors/a context that is done is an error for a token that is gone as well",
		func(s *service) {
			s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
				if given, _ := s.given(ctx, t); len(given) > 0 {
					return gone, nil
				}
				return s.Resumer.Resume(ctx, t, o)
			}
		}},
	{"leaks the token in an error", "errors/errors never have the token's value, however they are printed",
		answering(func(_ *service, t token, _ outcome, got answer, err error) (answer, error) {
			if err != nil {
				err = fmt.Errorf("resume %s: %w", t.Reveal(), err)
			}
			return got, err
		})},
	{"leaks the token in an error that it wraps", "errors/errors never have the token's value, however they are printed",
		answering(func(_ *service, t token, _ outcome, got answer, err error) (answer, error) {
			if err != nil {
				err = quiet{fmt.Errorf("POST {\"taskToken\":%q}: %w", t.Reveal(), err)}
			}
			return got, err
		})},
	{"calls a service that it cannot reach gone",
		"errors/a service that cannot be reached is an error, and the answer can be repeated",
		answering(func(_ *service, _ token, _ outcome, got answer, err error) (answer, error) {
			if errors.Is(err, errOutOfOrder) {
				return gone, nil
			}
			return got, err
		})},
	{"gives a token up after one failure",
		"errors/a service that cannot be reached is an error, and the answer can be repeated",
		answering(func(s *service, t token, _ outcome, got answer, err error) (answer, error) {
			if errors.Is(err, errOutOfOrder) {
				s.Expire(t)
			}
			return got, err
		})},
	{"calls a lost answer accepted", "errors/an answer that was lost on its way back is never given twice",
		answering(func(_ *service, _ token, _ outcome, got answer, err error) (answer, error) {
			if errors.Is(err, errOutOfOrder) {
				return accepted, nil
			}
			return got, err
		})},
	{"lets two win a race", "races/of 16 racing answers one is accepted, and the workflow has that one", twoWinners},
	{"mixes tokens up in a race", "races/answers of different workflows run at once without meeting", mixesUp},
	{"answers every workflow that waits", "answers/an answer reaches the workflow of its token and no other", everyone},
}

// quiet wraps an error that it does not print.
type quiet struct{ err error }

func (quiet) Error() string                { return "the service failed" }
func (q quiet) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(q.Error())) }
func (q quiet) Unwrap() error              { return q.err }

func lastWins(s *service) {
	last := map[string]outcome{}
	var mu sync.Mutex
	s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		mu.Lock()
		defer mu.Unlock()
		_, again := last[t.Fingerprint()]
		if !again && !s.Expire(t) {
			return gone, nil
		}
		last[t.Fingerprint()] = o
		s.mu.Lock()
		defer s.mu.Unlock()
		s.forged[t.Fingerprint()] = []outcome{o}
		if again {
			return gone, nil
		}
		return accepted, nil
	}
}

// keepsPointer hands the caller's own memory to the workflow.
func keepsPointer(s *service) {
	s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if !s.Expire(t) {
			return gone, nil
		}
		s.forge(t, o)
		return accepted, nil
	}
}

// twoWinners looks whether anybody was answered, and then answers.
func twoWinners(s *service) {
	s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if given, _ := s.given(ctx, t); len(given) > 0 {
			return gone, nil
		}
		<-time.After(time.Millisecond)
		got, err := s.Resumer.Resume(ctx, t, o)
		if given, _ := s.given(ctx, t); err == nil && got == gone && len(given) > 0 {
			s.forge(t, o)
			got = accepted
		}
		return got, err
	}
}

// mixesUp keeps the token of the call in a field that all calls share.
func mixesUp(s *service) {
	var mu sync.Mutex
	var current token
	s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
		mu.Lock()
		current = t
		mu.Unlock()
		<-time.After(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		return s.Resumer.Resume(ctx, current, o)
	}
}

// everyone tells all that have ever been answered, or tried, about every answer.
func everyone(s *service) {
	var mu sync.Mutex
	var known []token
	s.resume = func(ctx context.Context, t token, o outcome) (answer, error) {
		got, err := s.Resumer.Resume(ctx, t, o)
		if got == accepted {
			mu.Lock()
			defer mu.Unlock()
			for _, other := range known {
				s.forge(other, o)
			}
			known = append(known, t)
		}
		return got, err
	}
}
