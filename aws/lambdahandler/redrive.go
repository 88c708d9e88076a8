package lambdahandler

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"github.com/brewline/ordermanager"
)

// CodePending is the errorType of a redrive that tried everything and could not deliver all of it. The errorMessage has
// the code and the [ordermanager.RedriveReport]; the Manager's logger has the reasons.
const CodePending ordermanager.Code = "deliveries_pending"

// Schedule returns the handler of a function that a schedule invokes, with any input, to deliver what is still owed:
// [ordermanager.Manager.Redrive]. It stops a second before the function's timeout.
//
// If something is still owed afterwards, the error is [CodePending]: an alarm on the function's errors then reports
// workflows that wait for an answer, and Lambda's retries are further attempts. A redrive that failed or was stopped
// midway is an error too.
func Schedule(manager *ordermanager.Manager) func(context.Context) (ordermanager.RedriveReport, error) {
	return func(ctx context.Context) (ordermanager.RedriveReport, error) { return redrive(ctx, manager) }
}

// Stream returns the handler of a function that reads the DynamoDB stream of the order table: if an order in a batch
// was written owing something, it redrives everything owed, once. Its errors are those of [Schedule].
//
// The writer of the order normally delivers at once. So give the event source mapping a batching window of about a
// minute, in which that happens, and a filter for images with the attribute "ow" ("om_ow" in the sample's layouts), so
// that the function rarely runs for nothing. It does not replace the schedule: a delivery that fails again writes
// nothing, so the stream does not show it.
//
// A record without a new image, as in a keys-only stream, counts as an order that owes something.
func Stream(
	manager *ordermanager.Manager,
) func(context.Context, events.DynamoDBEvent) (ordermanager.RedriveReport, error) {
	return func(ctx context.Context, batch events.DynamoDBEvent) (ordermanager.RedriveReport, error) {
		if len(batch.Records) == 0 {
			return ordermanager.RedriveReport{}, failure(&ordermanager.RequestError{
				Field: "Records", Rule: "is missing or empty: this is not a batch of a DynamoDB stream",
			})
		}
		owing := false
		for i := range batch.Records {
			if batch.Records[i].EventSource != "aws:dynamodb" {
				return ordermanager.RedriveReport{}, failure(&ordermanager.RequestError{
					Field: "Records", Rule: "has one that is not of a DynamoDB stream",
				})
			}
			owing = owing || mayOwe(&batch.Records[i])
		}
		if !owing {
			return ordermanager.RedriveReport{}, nil
		}
		return redrive(ctx, manager)
	}
}

// owingAttributes mark an order that owes something, in the layouts of package dynamostore.
var owingAttributes = [...]string{"ow", "om_ow"}

func mayOwe(record *events.DynamoDBEventRecord) bool {
	if record.EventName == string(events.DynamoDBOperationTypeRemove) {
		return false
	}
	image := record.Change.NewImage
	if len(image) == 0 {
		return true
	}
	for _, name := range owingAttributes {
		if _, marked := image[name]; marked {
			return true
		}
	}
	return false
}

func redrive(ctx context.Context, manager *ordermanager.Manager) (ordermanager.RedriveReport, error) {
	ctx, cancel := inTime(ctx)
	defer cancel()
	report, err := manager.Redrive(ctx, nil)
	switch {
	case errors.Is(err, ordermanager.ErrContextDone):
		// The time ran out, whatever the last error was.
		return report, failure(fmt.Errorf("%w: %w", ordermanager.ErrContextDone, err))
	case err != nil:
		return report, failure(err)
	case report.Pending > 0:
		return report, failed(CodePending, struct {
			Code ordermanager.Code `json:"code"`
			ordermanager.RedriveReport
		}{CodePending, report})
	}
	return report, nil
}
