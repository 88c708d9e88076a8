package durableresumer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
)

// secret has every character that an identifier can have, so that its path is escaped.
var secret = "Ab9xKz" + strings.Repeat("k7Zp/+q3", 40) + "end="

var (
	success = ordermanager.Outcome{Output: json.RawMessage(`{ "orderId" : "1" }`)}
	failed  = ordermanager.Outcome{Error: ordermanager.CancelledError, Cause: "sold out"}
)

func path(id, end string) string {
	return "/2025-12-01/durable-execution-callbacks/" + strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(id) + end
}

func TestResume_sendsTheOutcomeInOneCall(t *testing.T) {
	longest := `"` + strings.Repeat("x", ordermanager.MaxOutputBytes-2) + `"`
	for name, test := range map[string]struct {
		outcome ordermanager.Outcome
		want    request
	}{
		"a success, with exactly the bytes of the output": {success, request{path(secret, "/succeed"), `{ "orderId" : "1" }`}},
		"the longest output":                              {ordermanager.Outcome{Output: json.RawMessage(longest)}, request{path(secret, "/succeed"), longest}},
		"a failure":                                       {failed, request{path(secret, "/fail"), `{"ErrorMessage":"sold out","ErrorType":"OrderCancelled"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{answer: accepted}
			answer, err := durableresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), test.outcome)
			if answer != ordermanager.Accepted || err != nil {
				t.Errorf("Resume = %q, %v", answer, err)
			}
			if diff := cmp.Diff([]request{test.want}, s.sent); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// verdict is how an error of the service is sorted.
type verdict string

const (
	gone          verdict = "gone"
	later         verdict = "retry later"
	undeliverable verdict = "will never work"
)

func sorted(answer ordermanager.Answer, err error) verdict {
	switch {
	case err == nil && answer == ordermanager.Gone:
		return gone
	case errors.Is(err, ordermanager.ErrUndeliverable) && answer == "":
		return undeliverable
	case err != nil && answer == "":
		return later
	}
	return verdict(fmt.Sprintf("%q, %v", answer, err))
}

// Both calls, with every error that their pages and "Common Error Types" name, are sorted.
func TestResume_sortsEveryErrorOfTheService(t *testing.T) {
	tests := []struct {
		status   int
		code     string
		want     verdict
		requests int
	}{
		{400, "CallbackTimeoutException", gone, 1},
		{404, "ResourceNotFoundException", gone, 1},
		{400, "InvalidParameterValueException", undeliverable, 1},
		{502, "KMSAccessDeniedException", undeliverable, 3},
		{502, "KMSDisabledException", undeliverable, 3},
		{502, "KMSInvalidStateException", undeliverable, 3},
		{502, "KMSNotFoundException", undeliverable, 3},
		{403, "AccessDeniedException", undeliverable, 1},
		{403, "ExpiredTokenException", undeliverable, 1},
		{403, "UnrecognizedClientException", undeliverable, 1},
		{403, "InvalidClientTokenId", undeliverable, 1},
		{400, "IncompleteSignature", undeliverable, 1},
		{403, "OptInRequired", undeliverable, 1},
		{400, "ValidationException", undeliverable, 1},
		{413, "RequestTooLargeException", undeliverable, 1},
		{429, "TooManyRequestsException", later, 3},
		{400, "ThrottlingException", later, 3},
		{429, "SomethingNew", later, 1},
		{500, "ServiceException", later, 3},
		{503, "ServiceUnavailable", later, 3},
		{507, "SomethingNew", later, 1},
	}
	for _, outcome := range []ordermanager.Outcome{success, failed} {
		for _, test := range tests {
			t.Run(fmt.Sprintf("%s with status %d, failure %v", test.code, test.status, outcome.Failure()), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &service{answer: failure(test.status, test.code, "why")}
					answer, err := durableresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), outcome)
					if got := sorted(answer, err); got != test.want {
						t.Errorf("sorted into %s, want %s", got, test.want)
					}
					if len(s.sent) != test.requests {
						t.Errorf("%d requests, want %d", len(s.sent), test.requests)
					}
					if test.want != gone && !strings.Contains(err.Error(), test.code) {
						t.Errorf("the error does not say %s: %v", test.code, err)
					}
				})
			})
		}
	}
}

// AWS's local runner of durable functions names the type of an error in the body alone.
func TestResume_takesTheTypeOfAnErrorFromTheBodyWhereNoHeaderHasIt(t *testing.T) {
	for body, want := range map[string]verdict{
		`{"Type":"ResourceNotFoundException","Message":"no such callback"}`:      gone,
		`{"Type":"CallbackTimeoutException","message":"too late"}`:               gone,
		`{"Type":"InvalidParameterValueException","message":"what is that"}`:     undeliverable,
		`{"Type":"ResourceNotFoundException"`:                                    later,
		`<html>There is no such page, and nothing about a callback here.</html>`: later,
	} {
		client := newClient(transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
		}))
		for _, outcome := range []ordermanager.Outcome{success, failed} {
			answer, err := durableresumer.New(client).Resume(t.Context(), ordermanager.NewTaskToken(secret), outcome)
			if got := sorted(answer, err); got != want {
				t.Errorf("%s is sorted into %s, want %s", body, got, want)
			}
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestResume_repeatsLaterWhatFailedOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(int) (int, errorBody, error) { return 0, errorBody{}, errors.New("connection refused") }}
		answer, err := durableresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), success)
		if got := sorted(answer, err); got != later {
			t.Errorf("sorted into %s, want %s", got, later)
		}
	})
}

func TestResume_sendsNothingWhenTheContextIsDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &service{answer: accepted}
	answer, err := durableresumer.New(s.client()).Resume(ctx, ordermanager.NewTaskToken(secret), success)
	if answer != "" || !errors.Is(err, context.Canceled) || len(s.sent) != 0 {
		t.Errorf("Resume = %q, %v after %d requests", answer, err, len(s.sent))
	}
}

func TestResume_isAnErrorWhenTheContextEndsInTheCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &service{answer: func(int) (int, errorBody, error) {
		cancel()
		return 0, errorBody{}, ctx.Err()
	}}
	answer, err := durableresumer.New(s.client()).Resume(ctx, ordermanager.NewTaskToken(secret), success)
	if answer != "" || !errors.Is(err, context.Canceled) || errors.Is(err, ordermanager.ErrUndeliverable) {
		t.Errorf("Resume = %q, %v", answer, err)
	}
}

func TestResume_refusesATokenThatIsNoCallbackWithoutACall(t *testing.T) {
	for name, token := range map[string]ordermanager.TaskToken{
		"none":                    {},
		"masked":                  ordermanager.NewTaskToken(secret).Masked(),
		"longer than 1,024 bytes": ordermanager.NewTaskToken(strings.Repeat("x", 1025)),
		"a way up the path":       ordermanager.NewTaskToken(".."),
		"of two lines":            ordermanager.NewTaskToken("abc\ndef"),
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{answer: accepted}
			answer, err := durableresumer.New(s.client()).Resume(t.Context(), token, success)
			if sorted(answer, err) != undeliverable || len(s.sent) != 0 {
				t.Errorf("Resume = %q, %v after %d requests", answer, err, len(s.sent))
			}
		})
	}
	s := &service{answer: accepted}
	answer, err := durableresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(strings.Repeat("x", 1024)), success)
	if answer != ordermanager.Accepted {
		t.Errorf("the longest identifier: %q, %v", answer, err)
	}
}

// Invariant 8.
func TestResume_errorsNeverContainTheToken(t *testing.T) {
	for name, answer := range map[string]answer{
		"the message quotes it":                  failure(400, "InvalidParameterValueException", "no callback "+secret),
		"the message quotes the beginning of it": failure(400, "InvalidParameterValueException", "no callback "+secret[:40]+"…"),
		"the message quotes the address":         failure(403, "AccessDeniedException", "not you: "+path(secret, "/succeed")),
		"the type quotes it":                     failure(400, secret, "no"),
		"the connection fails": func(int) (int, errorBody, error) {
			return 0, errorBody{}, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
		},
		"the transport quotes it": func(int) (int, errorBody, error) { return 0, errorBody{}, fmt.Errorf("cannot send %s", secret) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answer: answer}
				_, err := durableresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), success)
				if err == nil {
					t.Fatal("no error")
				}
				for ; err != nil; err = unwrap(err) {
					for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err)} {
						if strings.Contains(text, "k7Zp") || strings.Contains(text, secret[len(secret)-10:]) {
							t.Errorf("%T gives the token away: %s", err, text)
						}
					}
				}
			})
		})
	}
}

// unwrap follows the part of the chain that is not the sentinel's.
func unwrap(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs := joined.Unwrap()
		return errs[len(errs)-1]
	}
	return errors.Unwrap(err)
}

func TestResume_errorsOfAConnectionStillSayWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(int) (int, errorBody, error) {
			return 0, errorBody{}, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
		}}
		_, err := durableresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), success)
		if _, ok := errors.AsType[*net.OpError](err); !ok || !strings.Contains(err.Error(), "no route to host") {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestResume_errorsKeepTheTypeOfTheService(t *testing.T) {
	s := &service{answer: failure(http.StatusBadRequest, "InvalidParameterValueException", "the result is too large")}
	_, err := durableresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), success)
	refused, ok := errors.AsType[*types.InvalidParameterValueException](err)
	if !ok || refused.ErrorMessage() != "the result is too large" {
		t.Errorf("the error is %v", err)
	}
}
