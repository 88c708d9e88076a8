package sfnresumer

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awserror"
)

// classify sorts the errors of both calls: gone, worth a retry, or not. The errors are those of "SendTaskSuccess",
// "SendTaskFailure" and "Common Errors" in the AWS Step Functions API Reference.
func classify(err error, token string) (ordermanager.Answer, error) {
	later := fmt.Errorf("sfnresumer: %w", awserror.Without(err, "the task token", token))
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
	if awserror.Transient(err) {
		return "", later
	}
	// The request was understood and refused: InvalidOutput, InvalidToken, KmsAccessDeniedException,
	// KmsInvalidStateException, AccessDeniedException, ExpiredTokenException, UnrecognizedClientException,
	// ValidationException and their like.
	return "", fmt.Errorf("%w: %w", ordermanager.ErrUndeliverable, later)
}
