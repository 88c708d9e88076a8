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

// repeatConflicts makes the SDK repeat a request that conflicts with another program's transaction, as it does when
// throttled.
func repeatConflicts(o *dynamodb.Options) {
	o.Retryer = retry.AddWithErrorCodes(o.Retryer, "TransactionConflictException", "ReplicatedWriteConflictException")
}

// noteStragglers notes when the SDK repeats a request whose earlier sending may still arrive: one that got no answer,
// or a 5xx answer.
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
