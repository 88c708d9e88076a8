package durableresumer_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/aws/internal/awstest"
	"github.com/brewline/ordermanager/resumertest"
)

// Shown on a stub of what the AWS Lambda API Reference says of durable callbacks; aws/integration shows it on AWS's own
// runner.
func TestResumer_keepsTheContractOfAResumer(t *testing.T) {
	resumertest.Run(t, func(*testing.T) resumertest.Harness { return newCallbacks().harness() })
}

func TestResume_isGoneForACallbackThatNeverWas(t *testing.T) {
	resumer := newCallbacks().harness().Resumer
	for _, id := range []string{"x", "a/b+c=", strings.Repeat("A", durableresumer.MaxCallbackIDBytes)} {
		for _, outcome := range []ordermanager.Outcome{awstest.Success, awstest.Failed} {
			answer, err := resumer.Resume(t.Context(), ordermanager.NewTaskToken(id), outcome)
			if answer != ordermanager.Gone || err != nil {
				t.Errorf("Resume = %q, %v", answer, err)
			}
		}
	}
}

// callbacks is a transport that behaves as documented: a callback is answered once, and one that was answered, expired
// or never was is an error.
type callbacks struct {
	mu    sync.Mutex
	open  map[string]bool // false once it is closed
	given map[string][]ordermanager.Outcome
	fault resumertest.Fault
}

func newCallbacks() *callbacks {
	return &callbacks{open: map[string]bool{}, given: map[string][]ordermanager.Outcome{}}
}

func (s *callbacks) harness() resumertest.Harness {
	client := lambda.New(lambda.Options{
		Region:      awstest.Region,
		Credentials: awstest.Credentials(),
		HTTPClient:  (&awstest.Service{Answer: s.answer}).Client(),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		}),
	})
	return resumertest.Harness{
		Resumer: durableresumer.New(client),
		Start: func(context.Context) (ordermanager.TaskToken, error) {
			id := rand.Text() + "/+" + rand.Text() + "=="
			s.mu.Lock()
			defer s.mu.Unlock()
			s.open[id] = true
			return ordermanager.NewTaskToken(id), nil
		},
		Given: func(_ context.Context, token ordermanager.TaskToken) ([]ordermanager.Outcome, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.given[token.Reveal()], nil
		},
		Expire: func(_ context.Context, token ordermanager.TaskToken) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.open[token.Reveal()] = false
			return nil
		},
		Break: func(fault resumertest.Fault) func() {
			s.setFault(fault)
			return func() { s.setFault("") }
		},
	}
}

func (s *callbacks) setFault(fault resumertest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *callbacks) answer(_ int, r awstest.Request) (awstest.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == resumertest.Unreachable {
		return awstest.Reply{}, errors.New("unreachable")
	}
	reply, err := s.serve(r.Path, []byte(r.Body))
	if err == nil && s.fault == resumertest.AnswerLost {
		err = errors.New("the answer was lost")
	}
	return reply, err
}

// serve answers one request.
func (s *callbacks) serve(path string, body []byte) (awstest.Reply, error) {
	rest, ok := strings.CutPrefix(path, "/2025-12-01/durable-execution-callbacks/")
	escaped, end, _ := strings.Cut(rest, "/")
	id, err := url.PathUnescape(escaped)
	if !ok || err != nil {
		return awstest.Reply{}, fmt.Errorf("there is nothing at %s", path)
	}
	outcome := ordermanager.Outcome{Output: body}
	if end == "fail" {
		var failure struct{ ErrorType, ErrorMessage string }
		if err := json.Unmarshal(body, &failure); err != nil {
			return awstest.Reply{}, err
		}
		outcome = ordermanager.Outcome{Error: failure.ErrorType, Cause: failure.ErrorMessage}
	}
	open, known := s.open[id]
	switch {
	case len(body) > 262_144:
		return failure(http.StatusBadRequest, "InvalidParameterValueException", "the result is too large"), nil
	case !known:
		return failure(http.StatusNotFound, "ResourceNotFoundException", "there is no callback "+id), nil
	case !open:
		return failure(http.StatusBadRequest, "CallbackTimeoutException", "callback "+id+" is closed"), nil
	}
	s.open[id] = false
	s.given[id] = append(s.given[id], outcome)
	return accepted, nil
}
