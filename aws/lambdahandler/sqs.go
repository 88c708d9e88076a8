package lambdahandler

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// SQS returns the handler of a function that reads a queue of inputs as for [Direct] and events as for [EventBridge],
// in any mix. Its event source mapping must have ReportBatchItemFailures, and the queue a dead-letter queue ("Handling
// errors for an SQS event source in Lambda" in the AWS Lambda Developer Guide).
//
// Each message is handled on its own, with one of three results:
//
//   - accepted, even if something is still owed, which a redrive delivers;
//   - refused for good: a valid request that the order, the menu or the policy does not allow. Nobody waits for the
//     answer, and a retry would not change it, so it is logged as a warning and the message is deleted;
//   - failed: everything else. The message comes again, and finally goes to the dead-letter queue. These are unreadable
//     messages, requests and events for an order that does not exist (yet), and every notification that is not
//     accepted, because a workflow may be waiting for it.
//
// In a standard queue, where messages overtake each other, a request that comes too early also fails, to be retried: a
// make before the order has its drink, a complete before the make.
//
// In a FIFO queue the messages that follow a failure in the same message group are not handled, and are reported as
// failed too, so that the group stays in order. Other groups go on.
//
// A request without a requestId gets the message's id, and an event has its own, so nothing is done twice when a
// message comes again because the outcome was unknown. A message moved back from a dead-letter queue has a new id: give
// requests their own requestId if this must hold even then.
//
// An error means that the invocation held no queue messages, and nothing was done. A nil logger logs nothing.
func SQS(
	manager *ordermanager.Manager, logger *slog.Logger,
) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return func(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
		response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		if err := checkBatch(&batch); err != nil {
			return response, failure(err)
		}
		ctx, cancel := inTime(ctx)
		defer cancel()
		stopped := map[string]bool{}
		for i := range batch.Records {
			message := &batch.Records[i]
			group := fifoGroup(message)
			if group == "" || !stopped[group] {
				if done(ctx, logger, message, consume(ctx, manager, message)) {
					continue
				}
				stopped[group] = group != ""
			}
			response.BatchItemFailures = append(
				response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: message.MessageId},
			)
		}
		return response, nil
	}
}

// checkBatch refuses what no queue sends. For a message without an id a failure could not even be reported.
func checkBatch(batch *events.SQSEvent) error {
	if len(batch.Records) == 0 {
		return &ordermanager.RequestError{Field: "Records", Rule: "is missing or empty: this is not a batch of Amazon SQS"}
	}
	for i := range batch.Records {
		if batch.Records[i].MessageId == "" || batch.Records[i].EventSource != "aws:sqs" {
			return &ordermanager.RequestError{Field: "Records", Rule: "has one that is not a message of Amazon SQS"}
		}
	}
	return nil
}

// fifoGroup is the message's group if its queue is a FIFO queue. In other queues a group does not imply an order.
func fifoGroup(message *events.SQSMessage) string {
	if isFIFO(message) {
		return message.Attributes["MessageGroupId"]
	}
	return ""
}

func isFIFO(message *events.SQSMessage) bool {
	return strings.HasSuffix(message.EventSourceARN, ".fifo")
}

// consume handles one message. Its error is a [finalError] if a retry is useless.
func consume(ctx context.Context, manager *ordermanager.Manager, message *events.SQSMessage) error {
	body := []byte(message.Body)
	if serverlesspresso.IsEvent(body) {
		_, err := notify(ctx, manager, body)
		return err
	}
	_, err := act(ctx, manager, body, message.MessageId)
	if isRefusal(err) && (isFIFO(message) || !isEarly(err)) {
		return &finalError{err}
	}
	return err
}

// isEarly reports whether a refused request may be allowed later, because the order can still get there. An order never
// gets a second drink, and a closed one stays closed.
func isEarly(err error) bool {
	refused, ok := errors.AsType[*ordermanager.TransitionError](err)
	switch {
	case !ok, refused.State == "", refused.Ended,
		errors.Is(err, ordermanager.ErrDrinkAccepted), errors.Is(err, ordermanager.ErrClaimed):
		return false
	}
	return errors.Is(err, ordermanager.ErrNotReady) || errors.Is(err, ordermanager.ErrIllegalTransition)
}

// finalError is a refusal that a retry does not change.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

// isRefusal reports whether a valid request was not allowed.
func isRefusal(err error) bool {
	_, byOrder := errors.AsType[*ordermanager.TransitionError](err)
	_, byMenu := errors.AsType[*ordermanager.MenuError](err)
	return byOrder || byMenu || errors.Is(err, ordermanager.ErrForbidden)
}

// done reports whether a message need not come again, and logs why it was not accepted.
func done(ctx context.Context, logger *slog.Logger, message *events.SQSMessage, err error) bool {
	if err == nil {
		return true
	}
	level, text := slog.LevelError, "message failed"
	_, final := errors.AsType[*finalError](err)
	switch {
	case final:
		level, text = slog.LevelWarn, "message refused"
	case isEarly(err):
		level, text = slog.LevelWarn, "message early"
	}
	logger.Log(ctx, level, text, "messageId", message.MessageId, "code", ordermanager.CodeOf(err), "error", err)
	return final
}
