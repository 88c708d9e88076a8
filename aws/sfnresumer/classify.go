package sfnresumer

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/brewline/ordermanager"
)

// transient is the SDK's own judgement of which errors are worth a repetition.
var transient = retry.IsErrorRetryables(retry.DefaultRetryables)

// classify sorts every error of both calls: gone, retry later, or will never work by being repeated. The errors are those of
// "SendTaskSuccess", "SendTaskFailure" and "Common Errors" in the AWS Step Functions API Reference.
func classify(err error, token string) (ordermanager.Answer, error) {
	later := fmt.Errorf("sfnresumer: %w", withoutToken(err, token))
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "", later // the service was not reached, or its answer was not understood
	}
	switch api.ErrorCode() {
	case "TaskTimedOut", "TaskDoesNotExist":
		return ordermanager.Gone, nil
	case "KmsThrottlingException": // throttling that the SDK does not know as such
		return "", later
	}
	if status := httpStatus(err); status >= http.StatusInternalServerError || status == http.StatusTooManyRequests ||
		transient.IsErrorRetryable(err) == aws.TrueTernary {
		return "", later
	}
	// The request was understood and refused: InvalidOutput, InvalidToken, KmsAccessDeniedException, KmsInvalidStateException,
	// AccessDeniedException, ExpiredTokenException, UnrecognizedClientException, ValidationException and their like.
	return "", fmt.Errorf("%w: %w", ordermanager.ErrUndeliverable, later)
}

func httpStatus(err error) int {
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// withoutToken returns the error, or if its text gives the token away the first error beneath it that does not.
func withoutToken(err error, token string) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if !mentions(e.Error(), token) {
			return e
		}
	}
	var api smithy.APIError
	if errors.As(err, &api) && !mentions(api.ErrorCode(), token) {
		return fmt.Errorf("%s (the message is withheld, because the task token is in it)", api.ErrorCode())
	}
	return errors.New("the message is withheld, because the task token is in it")
}

// telling is the length from which a part of a token counts as giving it away.
const telling = 16

// mentions reports whether a text contains the token, or a telling part of it.
func mentions(text, token string) bool {
	for i := range max(len(token)-telling, 0) + 1 {
		if strings.Contains(text, token[i:min(i+telling, len(token))]) {
			return true
		}
	}
	return false
}
