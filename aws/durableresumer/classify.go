package durableresumer

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/brewline/ordermanager"
)

// transient is the SDK's own judgement of which errors are worth a repetition.
var transient = retry.IsErrorRetryables(retry.DefaultRetryables)

// classify sorts every error of both calls: gone, retry later, or will never work by being repeated. The errors are those of
// "SendDurableExecutionCallbackSuccess", "SendDurableExecutionCallbackFailure" and "Common Error Types" in the AWS Lambda API
// Reference.
func classify(err error, id string) (ordermanager.Answer, error) {
	later := fmt.Errorf("durableresumer: %w", withoutID(err, id))
	never := fmt.Errorf("%w: %w", ordermanager.ErrUndeliverable, later)
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "", later // the service was not reached, or its answer was not understood
	}
	switch api.ErrorCode() {
	case "CallbackTimeoutException", "ResourceNotFoundException":
		return ordermanager.Gone, nil
	case "KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException":
		return "", never // the status of these is 502, but somebody has to mend the key
	}
	if status := httpStatus(err); status >= http.StatusInternalServerError || status == http.StatusTooManyRequests ||
		transient.IsErrorRetryable(err) == aws.TrueTernary {
		return "", later
	}
	// The request was understood and refused: InvalidParameterValueException, AccessDeniedException, ExpiredTokenException,
	// UnrecognizedClientException, ValidationException and their like.
	return "", never
}

func httpStatus(err error) int {
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// withoutID returns the error, or if its text gives the identifier away the first error beneath it that does not. The error
// of a connection always quotes the address, and the identifier is in its path.
func withoutID(err error, id string) error {
	escaped := url.QueryEscape(id)
	clean := func(text string) bool { return !mentions(text, id) && !mentions(text, escaped) }
	for e := err; e != nil; e = errors.Unwrap(e) {
		if clean(e.Error()) {
			return e
		}
	}
	var api smithy.APIError
	if errors.As(err, &api) && clean(api.ErrorCode()) {
		return fmt.Errorf("%s (the message is withheld, because the callback's identifier is in it)", api.ErrorCode())
	}
	return errors.New("the message is withheld, because the callback's identifier is in it")
}

// telling is the length from which a part of an identifier counts as giving it away.
const telling = 16

// mentions reports whether a text contains the identifier, or a telling part of it.
func mentions(text, id string) bool {
	for i := range max(len(id)-telling, 0) + 1 {
		if strings.Contains(text, id[i:min(i+telling, len(id))]) {
			return true
		}
	}
	return false
}
