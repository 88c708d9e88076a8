package sfnresumer_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awstest"
)

func TestResume_sendsTheOutcomeInOneCall(t *testing.T) {
	longest := `"` + strings.Repeat("x", ordermanager.MaxOutputBytes-2) + `"`
	for name, test := range map[string]struct {
		outcome   ordermanager.Outcome
		operation string
		input     map[string]any
	}{
		"a success": {awstest.Success, "SendTaskSuccess", map[string]any{
			"taskToken": token, "output": `{"orderId":"1","cancelled":false}`,
		}},
		"a failure": {awstest.Failed, "SendTaskFailure", map[string]any{
			"taskToken": token, "error": "OrderCancelled", "cause": "sold out",
		}},
		"a failure without a cause": {ordermanager.Outcome{Error: "E"}, "SendTaskFailure", map[string]any{
			"taskToken": token, "error": "E", "cause": "",
		}},
		"the longest output": {ordermanager.Outcome{Output: json.RawMessage(longest)}, "SendTaskSuccess", map[string]any{
			"taskToken": token, "output": longest,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &awstest.Service{Answer: awstest.Always(accepted)}
			answer, err := newResumer(s.Client()).Resume(t.Context(), ordermanager.NewTaskToken(token), test.outcome)
			if answer != ordermanager.Accepted || err != nil {
				t.Errorf("Resume = %q, %v", answer, err)
			}
			sent := s.Sent()
			if len(sent) != 1 || sent[0].Operation != test.operation {
				t.Fatalf("sent %v", sent)
			}
			var input map[string]any
			if err := json.Unmarshal([]byte(sent[0].Body), &input); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.input, input); diff != "" {
				t.Errorf("input (-want +got):\n%s", diff)
			}
		})
	}
}

// Both calls, with every error that their pages and "Common Errors" name, are sorted, and only what
// may be cured by it is repeated by the SDK.
func TestResume_sortsEveryErrorOfTheService(t *testing.T) {
	resumer.SortsEveryError(t, `
		400 TaskTimedOut                    gone           1
		400 TaskDoesNotExist                gone           1
		400 InvalidToken                    undeliverable  1
		400 InvalidOutput                   undeliverable  1
		400 KmsAccessDeniedException        undeliverable  1
		400 KmsInvalidStateException        undeliverable  1
		400 KmsThrottlingException          later          1
		400 AccessDeniedException           undeliverable  1
		403 AccessDeniedException           undeliverable  1
		403 ExpiredTokenException           undeliverable  1
		400 UnrecognizedClientException     undeliverable  1
		403 InvalidClientTokenId            undeliverable  1
		403 MissingAuthenticationToken      undeliverable  1
		400 IncompleteSignature             undeliverable  1
		403 OptInRequired                   undeliverable  1
		400 NotAuthorized                   undeliverable  1
		400 ValidationException             undeliverable  1
		400 ValidationError                 undeliverable  1
		413 RequestEntityTooLarge           undeliverable  1
		404 UnknownOperationException       undeliverable  1
		400 ThrottlingException             later          3
		429 TooManyRequestsException        later          3
		429 SomethingNew                    later          1
		500 InternalFailure                 later          3
		500 InternalServerError             later          3
		503 ServiceUnavailable              later          3
		504 SomethingNew                    later          3
		507 SomethingNew                    later          1
		408 RequestTimeoutException         later          3`)
}

func TestResume_keepsThePromisesOfAResumerForAWS(t *testing.T) { resumer.KeepsItsPromises(t) }

func TestResume_repeatsLaterWhatWasNotAnsweredByTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &awstest.Service{Answer: awstest.Always(awstest.Reply{Status: 403, Header: header, Body: "<html>proxy</html>"})}
		answer, err := newResumer(s.Client()).Resume(t.Context(), ordermanager.NewTaskToken(token), awstest.Success)
		if got := awstest.VerdictOf(answer, err); got != awstest.Later {
			t.Errorf("sorted into %s, want %s", got, awstest.Later)
		}
	})
}

func TestResume_isAcceptedWhenTheSDKGetsThroughAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &awstest.Service{Answer: func(n int, _ awstest.Request) (awstest.Reply, error) {
			if n < 3 {
				return failure(400, "ThrottlingException", "slow down"), nil
			}
			return accepted, nil
		}}
		answer, err := newResumer(s.Client()).Resume(t.Context(), ordermanager.NewTaskToken(token), awstest.Success)
		if answer != ordermanager.Accepted || err != nil || len(s.Sent()) != 3 {
			t.Errorf("Resume = %q, %v after %d requests", answer, err, len(s.Sent()))
		}
	})
}

func TestResume_errorsKeepTheTypeOfTheService(t *testing.T) {
	s := &awstest.Service{Answer: awstest.Always(failure(400, "KmsInvalidStateException", "the key is disabled"))}
	_, err := newResumer(s.Client()).Resume(t.Context(), ordermanager.NewTaskToken(token), awstest.Success)
	kms, ok := errors.AsType[*types.KmsInvalidStateException](err)
	if !ok || kms.ErrorMessage() != "the key is disabled" {
		t.Errorf("the error is %v", err)
	}
}
