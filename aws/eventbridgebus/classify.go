package eventbridgebus

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awserror"
)

// classify sorts the errors of a call into those worth a retry and those that are not: "PutEvents" and "Common Errors"
// in the Amazon EventBridge API Reference.
func classify(err error) error {
	later := fmt.Errorf("eventbridgebus: %w", err)
	var api smithy.APIError
	if !errors.As(err, &api) {
		return later // the service was not reached, or its answer was not understood
	}
	if awserror.Transient(err) {
		return later
	}
	return fmt.Errorf("%w: %w", ordermanager.ErrUndeliverable, later)
}

// permanent does the same for the error code of one entry: "PutEventsResultEntry" in the Amazon EventBridge API
// Reference lists what is not retryable. Other codes may pass.
func permanent(code string) bool {
	switch code {
	case "AccessDeniedException", "InvalidAccountIdException", "InvalidArgument", "MalformedDetail", "RedactionFailure",
		"NotAuthorizedForSourceException", "NotAuthorizedForDetailTypeException":
		return true
	}
	return false
}
