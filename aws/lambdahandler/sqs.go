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

// SQS returns the handler of a function that reads a queue whose messages are inputs as for [Direct] or events as for [EventBridge], in any
// mixture. Its event source mapping must have ReportBatchItemFailures, and the queue a dead-letter queue ("Handling errors for an SQS event
// source in Lambda" in the AWS Lambda Developer Guide).
//
// Each message is carried out by itself, and comes to one of three ends:
//
//   - accepted, also when something is still owed, which a redrive delivers;
//   - refused for good: a request that was understood and that the order, the menu or the policy does not allow. Nobody waits for the
//     answer, and repeating would not change it: the logger gets a warning, and the message is done with;
//   - failed: everything else. It comes again, and in the end it is in the dead-letter queue, where somebody can see it. Among
//     these are messages that cannot be read, requests and events for an order that is not there (yet), and every
//     notification that is not accepted, because a workflow may be waiting for what it brings.
//
// In a standard queue, whose messages overtake each other, a request for which it is too early has failed too: a make before the order
// has its drink, a complete before the make. Its turn may come.
//
// In a FIFO queue what follows a failure in the same message group is not carried out, and reported as failed too, so that the
// group stays in order. Other groups go on.
//
// A request without a requestId gets the message's id, and an event has its own: when a message comes again because others of its batch
// failed, or because the outcome was unknown, nothing is done twice. A message that is moved back from a dead-letter queue has a new
// id: give requests a requestId of their own if that must hold even then.
//
// An error means that the invocation was not with messages of a queue, and nothing was carried out. A nil logger is silence.
func SQS(manager *ordermanager.Manager, logger *slog.Logger) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
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
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: message.MessageId})
		}
		return response, nil
	}
}

// checkBatch refuses what no queue sends. A failure could not even be reported for a message without an id.
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

// fifoGroup is the message's group if its queue is a FIFO queue. Messages of other queues may have one too, which is not about order.
func fifoGroup(message *events.SQSMessage) string {
	if isFIFO(message) {
		return message.Attributes["MessageGroupId"]
	}
	return ""
}

func isFIFO(message *events.SQSMessage) bool {
	return strings.HasSuffix(message.EventSourceARN, ".fifo")
}

// consume carries out one message. Its error is final if repeating the message is useless.
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

// isEarly reports whether a refused request may be allowed later: what it waits for can still happen to the order. An order never gets a
// second drink, and one that has ended stays so.
func isEarly(err error) bool {
	refused, ok := errors.AsType[*ordermanager.TransitionError](err)
	switch {
	case !ok, refused.State == "", refused.Ended, errors.Is(err, ordermanager.ErrDrinkAccepted), errors.Is(err, ordermanager.ErrClaimed):
		return false
	}
	return errors.Is(err, ordermanager.ErrNotReady) || errors.Is(err, ordermanager.ErrIllegalTransition)
}

// finalError is a refusal that repeating does not change.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

// isRefusal reports whether a request was understood and not allowed.
func isRefusal(err error) bool {
	_, byOrder := errors.AsType[*ordermanager.TransitionError](err)
	_, byMenu := errors.AsType[*ordermanager.MenuError](err)
	return byOrder || byMenu || errors.Is(err, ordermanager.ErrForbidden)
}

// done reports whether a message need not come again, and tells the log why it was not accepted.
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
