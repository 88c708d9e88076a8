package lambdahandler

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"github.com/brewline/ordermanager"
)

// CodePending is the errorType of a redrive that went through all orders and could not deliver everything. The errorMessage has the
// code and the [ordermanager.RedriveReport]. The Manager's logger has the reasons.
const CodePending ordermanager.Code = "deliveries_pending"

// Schedule returns the handler of a function that a schedule invokes, with whatever input, to deliver what is still owed:
// [ordermanager.Manager.Redrive]. It stops a second before the function's time is over.
//
// If something is still owed afterwards, that is an error with [CodePending], so that an alarm on the function's errors is one on workflows that
// wait for an answer, and Lambda's retries of the invocation are further attempts. A redrive that failed or was stopped midway is an error too.
func Schedule(manager *ordermanager.Manager) func(context.Context) (ordermanager.RedriveReport, error) {
	return func(ctx context.Context) (ordermanager.RedriveReport, error) { return redrive(ctx, manager) }
}

// Stream returns the handler of a function that reads the DynamoDB stream of the order table: when a batch has an order that
// was written owing something, it redrives, once, all that is owed. Its error is that of [Schedule].
//
// Whoever wrote the order normally delivers in the next instant. So give the event source mapping a batching window of a minute or so, in which
// that is settled, and a filter for images with the attribute "ow" ("om_ow" in the sample's layouts), so that the function runs for
// little else. It does not replace the schedule: a delivery that fails again writes nothing, so nothing comes down the stream
// for it.
//
// Of a record without a new image, which a stream of keys alone has, it is not known whether the order owes something; it counts as if it did.
func Stream(manager *ordermanager.Manager) func(context.Context, events.DynamoDBEvent) (ordermanager.RedriveReport, error) {
	return func(ctx context.Context, batch events.DynamoDBEvent) (ordermanager.RedriveReport, error) {
		if len(batch.Records) == 0 {
			return ordermanager.RedriveReport{}, failure(&ordermanager.RequestError{
				Field: "Records", Rule: "is missing or empty: this is not a batch of a DynamoDB stream",
			})
		}
		owing := false
		for i := range batch.Records {
			if batch.Records[i].EventSource != "aws:dynamodb" {
				return ordermanager.RedriveReport{}, failure(&ordermanager.RequestError{Field: "Records", Rule: "has one that is not of a DynamoDB stream"})
			}
			owing = owing || mayOwe(&batch.Records[i])
		}
		if !owing {
			return ordermanager.RedriveReport{}, nil
		}
		return redrive(ctx, manager)
	}
}

// owingAttributes mark an order that owes something, in the layouts of dynamostore.
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
		// Reading an order may have been cut short too, but what is the matter is the time.
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
