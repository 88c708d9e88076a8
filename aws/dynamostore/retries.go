package dynamostore

import (
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// repeatConflicts lets the SDK repeat a request that met another program's transaction, as it repeats one that was
// throttled.
func repeatConflicts(o *dynamodb.Options) {
	o.Retryer = retry.AddWithErrorCodes(o.Retryer, "TransactionConflictException", "ReplicatedWriteConflictException")
}

// noteStragglers is the option that takes note when the SDK repeats a request whose last sending may still be on its
// way: one that had no answer, or one that says that the service failed.
func noteStragglers(straggling *bool) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) {
		if retryer, ok := o.Retryer.(aws.RetryerV2); ok {
			o.Retryer = &noting{retryer, straggling}
		}
	}
}

type noting struct {
	aws.RetryerV2
	straggling *bool
}

// RetryDelay is called before each repetition.
func (n *noting) RetryDelay(attempt int, err error) (time.Duration, error) {
	response, answered := errors.AsType[*smithyhttp.ResponseError](err)
	refused := answered && response.HTTPStatusCode() >= http.StatusBadRequest &&
		response.HTTPStatusCode() < http.StatusInternalServerError
	if !refused {
		*n.straggling = true
	}
	return n.RetryerV2.RetryDelay(attempt, err)
}
