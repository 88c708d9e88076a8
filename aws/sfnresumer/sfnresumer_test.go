package sfnresumer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/sfnresumer"
)

// secret is a token of the length that AWS issues.
var secret = "AAAAKgAAAAIAAAAA" + strings.Repeat("k7Zp/+q3", 83) + "end="

var (
	success = ordermanager.Outcome{Output: json.RawMessage(`{"orderId":"1","cancelled":false}`)}
	failed  = ordermanager.Outcome{Error: ordermanager.CancelledError, Cause: "sold out"}
)

func TestResume_sendsTheOutcomeInOneCall(t *testing.T) {
	for name, test := range map[string]struct {
		outcome   ordermanager.Outcome
		operation string
		input     map[string]any
	}{
		"a success": {success, "SendTaskSuccess", map[string]any{
			"taskToken": secret, "output": `{"orderId":"1","cancelled":false}`,
		}},
		"a failure": {failed, "SendTaskFailure", map[string]any{
			"taskToken": secret, "error": "OrderCancelled", "cause": "sold out",
		}},
		"a failure without a cause": {ordermanager.Outcome{Error: "E"}, "SendTaskFailure", map[string]any{
			"taskToken": secret, "error": "E", "cause": "",
		}},
		"the longest output": {
			ordermanager.Outcome{Output: json.RawMessage(`"` + strings.Repeat("x", ordermanager.MaxOutputBytes-2) + `"`)}, "SendTaskSuccess",
			map[string]any{"taskToken": secret, "output": `"` + strings.Repeat("x", ordermanager.MaxOutputBytes-2) + `"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{answer: accepted}
			answer, err := sfnresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), test.outcome)
			if answer != ordermanager.Accepted || err != nil {
				t.Errorf("Resume = %q, %v", answer, err)
			}
			if len(s.sent) != 1 || s.sent[0].Operation != test.operation {
				t.Fatalf("sent %d requests, the first %q", len(s.sent), s.sent[0].Operation)
			}
			var input map[string]any
			if err := json.Unmarshal([]byte(s.sent[0].Body), &input); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.input, input); diff != "" {
				t.Errorf("input (-want +got):\n%s", diff)
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

// Both calls, with every error that their pages and "Common Errors" name, are sorted, and only what
// may be cured by it is repeated by the SDK.
func TestResume_sortsEveryErrorOfTheService(t *testing.T) {
	tests := []struct {
		status   int
		code     string
		want     verdict
		requests int
	}{
		{400, "TaskTimedOut", gone, 1},
		{400, "TaskDoesNotExist", gone, 1},
		{400, "InvalidToken", undeliverable, 1},
		{400, "InvalidOutput", undeliverable, 1},
		{400, "KmsAccessDeniedException", undeliverable, 1},
		{400, "KmsInvalidStateException", undeliverable, 1},
		{400, "KmsThrottlingException", later, 1},
		{400, "AccessDeniedException", undeliverable, 1},
		{403, "AccessDeniedException", undeliverable, 1},
		{403, "ExpiredTokenException", undeliverable, 1},
		{400, "UnrecognizedClientException", undeliverable, 1},
		{403, "InvalidClientTokenId", undeliverable, 1},
		{403, "MissingAuthenticationToken", undeliverable, 1},
		{400, "IncompleteSignature", undeliverable, 1},
		{403, "OptInRequired", undeliverable, 1},
		{400, "NotAuthorized", undeliverable, 1},
		{400, "ValidationException", undeliverable, 1},
		{400, "ValidationError", undeliverable, 1},
		{413, "RequestEntityTooLarge", undeliverable, 1},
		{404, "UnknownOperationException", undeliverable, 1},
		{400, "ThrottlingException", later, 3},
		{429, "TooManyRequestsException", later, 3},
		{429, "SomethingNew", later, 1},
		{500, "InternalFailure", later, 3},
		{500, "InternalServerError", later, 3},
		{503, "ServiceUnavailable", later, 3},
		{504, "SomethingNew", later, 3},
		{507, "SomethingNew", later, 1},
		{408, "RequestTimeoutException", later, 3},
	}
	for _, outcome := range []ordermanager.Outcome{success, failed} {
		for _, test := range tests {
			t.Run(fmt.Sprintf("%s with status %d, failure %v", test.code, test.status, outcome.Failure()), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &service{answer: failure(test.status, test.code, "why")}
					answer, err := sfnresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), outcome)
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

func TestResume_repeatsLaterWhatFailedOnTheWay(t *testing.T) {
	for name, answer := range map[string]answer{
		"a connection that is refused": func(int) (int, string, error) { return 0, "", errors.New("connection refused") },
		"an answer that is not JSON":   func(int) (int, string, error) { return 403, "<html>proxy</html>", nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answer: answer}
				answer, err := sfnresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), success)
				if got := sorted(answer, err); got != later {
					t.Errorf("sorted into %s, want %s", got, later)
				}
			})
		})
	}
}

func TestResume_isAcceptedWhenTheSDKGetsThroughAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(n int) (int, string, error) {
			if n < 3 {
				return failure(400, "ThrottlingException", "slow down")(n)
			}
			return accepted(n)
		}}
		answer, err := sfnresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), success)
		if answer != ordermanager.Accepted || err != nil || len(s.sent) != 3 {
			t.Errorf("Resume = %q, %v after %d requests", answer, err, len(s.sent))
		}
	})
}

func TestResume_sendsNothingWhenTheContextIsDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &service{answer: accepted}
	answer, err := sfnresumer.New(s.client()).Resume(ctx, ordermanager.NewTaskToken(secret), success)
	if answer != "" || !errors.Is(err, context.Canceled) || len(s.sent) != 0 {
		t.Errorf("Resume = %q, %v after %d requests", answer, err, len(s.sent))
	}
}

func TestResume_isAnErrorWhenTheContextEndsInTheCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &service{answer: func(int) (int, string, error) {
		cancel()
		return 0, "", ctx.Err()
	}}
	answer, err := sfnresumer.New(s.client()).Resume(ctx, ordermanager.NewTaskToken(secret), success)
	if answer != "" || !errors.Is(err, context.Canceled) || errors.Is(err, ordermanager.ErrUndeliverable) {
		t.Errorf("Resume = %q, %v", answer, err)
	}
}

func TestResume_refusesATokenThatNoServiceTakesWithoutACall(t *testing.T) {
	for name, token := range map[string]ordermanager.TaskToken{
		"none":                    {},
		"masked":                  ordermanager.NewTaskToken(secret).Masked(),
		"longer than 2,048 bytes": ordermanager.NewTaskToken(strings.Repeat("x", 2049)),
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{answer: accepted}
			answer, err := sfnresumer.New(s.client()).Resume(t.Context(), token, success)
			if sorted(answer, err) != undeliverable || len(s.sent) != 0 {
				t.Errorf("Resume = %q, %v after %d requests", answer, err, len(s.sent))
			}
		})
	}
	s := &service{answer: accepted}
	answer, err := sfnresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(strings.Repeat("x", 2048)), success)
	if answer != ordermanager.Accepted {
		t.Errorf("the longest token: %q, %v", answer, err)
	}
}

// Invariant 8.
func TestResume_errorsNeverContainTheToken(t *testing.T) {
	for name, answer := range map[string]answer{
		"the message quotes it":                  failure(400, "InvalidToken", "Invalid Token: '"+secret+"'"),
		"the message quotes the beginning of it": failure(400, "InvalidToken", "Invalid Token: '"+secret[:40]+"…'"),
		"the message quotes the end of it":       failure(400, "ValidationException", "Value '…"+secret[len(secret)-20:]+"' is not valid"),
		"an unmodelled error quotes it":          failure(403, "AccessDeniedException", secret+" is not yours"),
		"the type quotes it":                     failure(400, secret, "no"),
		"the answer is not JSON":                 func(int) (int, string, error) { return 400, secret, nil },
		"the transport quotes it":                func(int) (int, string, error) { return 0, "", fmt.Errorf("cannot send %s", secret) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{answer: answer}
				_, err := sfnresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), success)
				if err == nil {
					t.Fatal("no error")
				}
				for ; err != nil; err = unwrap(err) {
					for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err)} {
						if strings.Contains(text, secret[:20]) || strings.Contains(text, secret[len(secret)-20:]) {
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

func TestResume_errorsKeepTheTypeOfTheService(t *testing.T) {
	s := &service{answer: failure(400, "KmsInvalidStateException", "the key is disabled")}
	_, err := sfnresumer.New(s.client()).Resume(t.Context(), ordermanager.NewTaskToken(secret), success)
	kms, ok := errors.AsType[*types.KmsInvalidStateException](err)
	if !ok || kms.ErrorMessage() != "the key is disabled" {
		t.Errorf("the error is %v", err)
	}
}
