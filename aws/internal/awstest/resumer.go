// Package awstest has what the tests of the AWS adapters share: a stub of a service, below the SDK, and the promises
// that every resumer keeps about its errors.
package awstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/brewline/ordermanager"
)

// Two outcomes, one for each of a service's calls.
var (
	Success = ordermanager.Outcome{Output: json.RawMessage(`{"orderId":"1","cancelled":false}`)}
	Failed  = ordermanager.Outcome{Error: ordermanager.CancelledError, Cause: "sold out"}
)

// Verdict is how a resumer sorts an error of its service.
type Verdict string

// The verdicts: nothing waits, a retry may succeed, or none will until somebody fixes something.
const (
	Gone          Verdict = "gone"
	Later         Verdict = "later"
	Undeliverable Verdict = "undeliverable"
)

// VerdictOf returns the verdict of what Resume returned; for a forbidden combination, a text that shows it.
func VerdictOf(answer ordermanager.Answer, err error) Verdict {
	switch {
	case err == nil && answer == ordermanager.Gone:
		return Gone
	case errors.Is(err, ordermanager.ErrUndeliverable) && answer == "":
		return Undeliverable
	case err != nil && answer == "":
		return Later
	}
	return Verdict(fmt.Sprintf("%q, %v", answer, err))
}

// Resumer is a resumer under test, and the replies of its service.
type Resumer struct {
	// New returns it with an SDK client that uses this HTTP client.
	New func(*http.Client) ordermanager.Resumer
	// Accepted is the service's success, and Failure makes an error.
	Accepted Reply
	Failure  func(status int, code, message string) Reply
	// Token is one that the service could have made, no four bytes of which occur in a text by chance.
	Token string
	// MaxToken is the maximum length of a token.
	MaxToken int
}

func (r *Resumer) resume(
	ctx context.Context, s *Service, token string, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	return r.New(s.Client()).Resume(ctx, ordermanager.NewTaskToken(token), outcome)
}

// SortsEveryError checks how both calls sort an error. Each line of the table has its status, its code, the verdict,
// and the number of requests that the SDK makes.
func (r *Resumer) SortsEveryError(t *testing.T, table string) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(table)) {
		var (
			status, requests int
			code             string
			want             Verdict
		)
		if _, err := fmt.Sscan(line, &status, &code, &want, &requests); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, outcome := range []ordermanager.Outcome{Success, Failed} {
			t.Run(fmt.Sprintf("%s with status %d, failure %v", code, status, outcome.Failure()), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &Service{Answer: Always(r.Failure(status, code, "why"))}
					answer, err := r.resume(t.Context(), s, r.Token, outcome)
					if got := VerdictOf(answer, err); got != want {
						t.Errorf("sorted into %s, want %s", got, want)
					}
					if len(s.Sent()) != requests {
						t.Errorf("%d requests, want %d", len(s.Sent()), requests)
					}
					if want != Gone && !strings.Contains(err.Error(), code) {
						t.Errorf("the error does not say %s: %v", code, err)
					}
				})
			})
		}
	}
}

// KeepsItsPromises checks what holds for every resumer, whatever its service answers.
func (r *Resumer) KeepsItsPromises(t *testing.T) {
	t.Helper()
	t.Run("what failed on the way is repeated later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &Service{Answer: Broken(errors.New("connection refused"))}
			if got := VerdictOf(r.resume(t.Context(), s, r.Token, Success)); got != Later {
				t.Errorf("sorted into %s, want %s", got, Later)
			}
		})
	})
	t.Run("nothing is sent when the context is done", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := &Service{Answer: Always(r.Accepted)}
		answer, err := r.resume(ctx, s, r.Token, Success)
		if answer != "" || !errors.Is(err, context.Canceled) || len(s.Sent()) != 0 {
			t.Errorf("Resume = %q, %v after %d requests", answer, err, len(s.Sent()))
		}
	})
	t.Run("a context that ends in the call leaves the answer unknown", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &Service{Answer: func(int, Request) (Reply, error) {
			cancel()
			return Reply{}, ctx.Err()
		}}
		answer, err := r.resume(ctx, s, r.Token, Success)
		if answer != "" || !errors.Is(err, context.Canceled) || errors.Is(err, ordermanager.ErrUndeliverable) {
			t.Errorf("Resume = %q, %v", answer, err)
		}
	})
	t.Run("the longest token is sent", func(t *testing.T) {
		s := &Service{Answer: Always(r.Accepted)}
		answer, err := r.resume(t.Context(), s, strings.Repeat("x", r.MaxToken), Success)
		if answer != ordermanager.Accepted {
			t.Errorf("Resume = %q, %v", answer, err)
		}
	})
	for name, token := range map[string]ordermanager.TaskToken{
		"no token":               {},
		"a masked token":         ordermanager.NewTaskToken(r.Token).Masked(),
		"a token that is longer": ordermanager.NewTaskToken(strings.Repeat("x", r.MaxToken+1)),
	} {
		t.Run(name+" is refused without a call", func(t *testing.T) { r.RefusesToken(t, token) })
	}
	for name, answer := range map[string]Answer{
		"the message quotes it":                  Always(r.Failure(400, "ValidationException", "no task "+r.Token)),
		"the message quotes the beginning of it": Always(r.Failure(400, "ValidationException", r.Token[:40]+"…")),
		"the message quotes the end of it": Always(r.Failure(400, "ValidationException",
			"Value '…"+r.Token[len(r.Token)-20:]+"' is not valid")),
		"an unmodelled error quotes it": Always(r.Failure(403, "AccessDeniedException", r.Token+" is not yours")),
		"the type quotes it":            Always(r.Failure(400, r.Token, "no")),
		"the answer is not JSON":        Always(Reply{Status: 400, Body: r.Token}),
		"the transport quotes it":       Broken(fmt.Errorf("cannot send %s", r.Token)),
	} {
		t.Run("no error has the token: "+name, func(t *testing.T) { r.KeepsTheToken(t, answer) })
	}
}

// RefusesToken checks that a token that no service can have made is refused without a call.
func (r *Resumer) RefusesToken(t *testing.T, token ordermanager.TaskToken) {
	t.Helper()
	s := &Service{Answer: Always(r.Accepted)}
	answer, err := r.New(s.Client()).Resume(t.Context(), token, Success)
	if VerdictOf(answer, err) != Undeliverable || len(s.Sent()) != 0 {
		t.Errorf("Resume = %q, %v after %d requests", answer, err, len(s.Sent()))
	}
}

// KeepsTheToken checks that no error along the chain has a part of the token in it (invariant 8).
func (r *Resumer) KeepsTheToken(t *testing.T, answer Answer) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		_, err := r.resume(t.Context(), &Service{Answer: answer}, r.Token, Success)
		if err == nil {
			t.Fatal("no error")
		}
		for ; err != nil; err = unwrap(err) {
			for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err)} {
				for i := 0; i+4 <= len(r.Token); i += 4 {
					if strings.Contains(text, r.Token[i:i+4]) {
						t.Fatalf("%T gives the token away: %s", err, text)
					}
				}
			}
		}
	})
}

// unwrap follows the part of the chain that is not the sentinel's.
func unwrap(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs := joined.Unwrap()
		return errs[len(errs)-1]
	}
	return errors.Unwrap(err)
}
