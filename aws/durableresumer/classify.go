package durableresumer

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/aws/smithy-go"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awserror"
)

// classify sorts every error of both calls: gone, retry later, or will never work by being repeated. The errors are those of
// "SendDurableExecutionCallbackSuccess", "SendDurableExecutionCallbackFailure" and "Common Error Types" in the AWS Lambda API
// Reference.
func classify(err error, id string) (ordermanager.Answer, error) {
	// The error of a connection always quotes the address, and the identifier is in its path, escaped.
	later := fmt.Errorf("durableresumer: %w", awserror.Without(err, "the callback's identifier", id, url.QueryEscape(id)))
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
	if awserror.Transient(err) {
		return "", later
	}
	// The request was understood and refused: InvalidParameterValueException, AccessDeniedException, ExpiredTokenException,
	// UnrecognizedClientException, ValidationException and their like.
	return "", never
}
