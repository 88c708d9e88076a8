package durableresumer_test

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awstest"
)

func TestResume_sendsTheOutcomeInOneCall(t *testing.T) {
	spaced := ordermanager.Outcome{Output: json.RawMessage(`{ "orderId" : "1" }`)}
	longest := `"` + strings.Repeat("x", ordermanager.MaxOutputBytes-2) + `"`
	for name, test := range map[string]struct {
		outcome ordermanager.Outcome
		want    awstest.Request
	}{
		"a success, with exactly the bytes of the output": {
			spaced, awstest.Request{Path: path(callback, "/succeed"), Body: `{ "orderId" : "1" }`},
		},
		"the longest output": {
			ordermanager.Outcome{Output: json.RawMessage(longest)},
			awstest.Request{Path: path(callback, "/succeed"), Body: longest},
		},
		"a failure": {
			awstest.Failed,
			awstest.Request{
				Path: path(callback, "/fail"),
				Body: `{"ErrorMessage":"sold out","ErrorType":"OrderCancelled"}`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &awstest.Service{Answer: awstest.Always(accepted)}
			answer, err := newResumer(s.Client()).Resume(t.Context(), ordermanager.NewTaskToken(callback), test.outcome)
			if answer != ordermanager.Accepted || err != nil {
				t.Errorf("Resume = %q, %v", answer, err)
			}
			if diff := cmp.Diff([]awstest.Request{test.want}, s.Sent()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// Both calls, with every error that their pages and "Common Error Types" name, are sorted.
func TestResume_sortsEveryErrorOfTheService(t *testing.T) {
	resumer.SortsEveryError(t, `
		400 CallbackTimeoutException        gone           1
		404 ResourceNotFoundException       gone           1
		400 InvalidParameterValueException  undeliverable  1
		502 KMSAccessDeniedException        undeliverable  3
		502 KMSDisabledException            undeliverable  3
		502 KMSInvalidStateException        undeliverable  3
		502 KMSNotFoundException            undeliverable  3
		403 AccessDeniedException           undeliverable  1
		403 ExpiredTokenException           undeliverable  1
		403 UnrecognizedClientException     undeliverable  1
		403 InvalidClientTokenId            undeliverable  1
		400 IncompleteSignature             undeliverable  1
		403 OptInRequired                   undeliverable  1
		400 ValidationException             undeliverable  1
		413 RequestTooLargeException        undeliverable  1
		429 TooManyRequestsException        later          3
		400 ThrottlingException             later          3
		429 SomethingNew                    later          1
		500 ServiceException                later          3
		503 ServiceUnavailable              later          3
		507 SomethingNew                    later          1`)
}

func TestResume_keepsThePromisesOfAResumerForAWS(t *testing.T) { resumer.KeepsItsPromises(t) }

// AWS's local runner of durable functions names the type of an error in the body alone.
func TestResume_takesTheTypeOfAnErrorFromTheBodyWhereNoHeaderHasIt(t *testing.T) {
	for body, want := range map[string]awstest.Verdict{
		`{"Type":"ResourceNotFoundException","Message":"no such callback"}`:      awstest.Gone,
		`{"Type":"CallbackTimeoutException","message":"too late"}`:               awstest.Gone,
		`{"Type":"InvalidParameterValueException","message":"what is that"}`:     awstest.Undeliverable,
		`{"Type":"ResourceNotFoundException"`:                                    awstest.Later,
		`<html>There is no such page, and nothing about a callback here.</html>`: awstest.Later,
	} {
		s := &awstest.Service{Answer: awstest.Always(awstest.Reply{Status: http.StatusNotFound, Body: body})}
		for _, outcome := range []ordermanager.Outcome{awstest.Success, awstest.Failed} {
			answer, err := newResumer(s.Client()).Resume(t.Context(), ordermanager.NewTaskToken(callback), outcome)
			if got := awstest.VerdictOf(answer, err); got != want {
				t.Errorf("%s is sorted into %s, want %s", body, got, want)
			}
		}
	}
}

func TestResume_refusesATokenThatIsNoCallbackWithoutACall(t *testing.T) {
	for name, token := range map[string]string{"a way up the path": "..", "of two lines": "abc\ndef"} {
		t.Run(name, func(t *testing.T) { resumer.RefusesToken(t, ordermanager.NewTaskToken(token)) })
	}
}

// Invariant 8.
func TestResume_errorsNeverContainTheAddressOfTheToken(t *testing.T) {
	denied := failure(403, "AccessDeniedException", "not you: "+path(callback, "/succeed"))
	resumer.KeepsTheToken(t, awstest.Always(denied))
	resumer.KeepsTheToken(t, awstest.Broken(errNoRoute))
}

var errNoRoute = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}

func TestResume_errorsOfAConnectionStillSayWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &awstest.Service{Answer: awstest.Broken(errNoRoute)}
		_, err := newResumer(s.Client()).Resume(t.Context(), ordermanager.NewTaskToken(callback), awstest.Success)
		if _, ok := errors.AsType[*net.OpError](err); !ok || !strings.Contains(err.Error(), "no route to host") {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestResume_errorsKeepTheTypeOfTheService(t *testing.T) {
	tooLarge := failure(http.StatusBadRequest, "InvalidParameterValueException", "the result is too large")
	s := &awstest.Service{Answer: awstest.Always(tooLarge)}
	_, err := newResumer(s.Client()).Resume(t.Context(), ordermanager.NewTaskToken(callback), awstest.Success)
	refused, ok := errors.AsType[*types.InvalidParameterValueException](err)
	if !ok || refused.ErrorMessage() != "the result is too large" {
		t.Errorf("the error is %v", err)
	}
}
