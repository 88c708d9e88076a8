// Package lambdahandler makes AWS Lambda handlers from an [ordermanager.Manager], one for each way to invoke a
// function. Pass each directly to lambda.Start of github.com/aws/aws-lambda-go:
//
//	lambda.Start(lambdahandler.Direct(manager))       // the OrderManager's input: console, SDK, a Step Functions task
//	lambda.Start(lambdahandler.RestAPI(api))          // API Gateway REST API; also HTTPAPI and FunctionURL
//	lambda.Start(lambdahandler.EventBridge(manager))  // the workflow's notifications
//	lambda.Start(lambdahandler.SQS(manager, logger))  // inputs and notifications from a queue
//	lambda.Start(lambdahandler.Schedule(manager))     // redrive from time to time
//	lambda.Start(lambdahandler.Stream(manager))       // redrive after a change in the table
//
// # Errors
//
// Except over HTTP, where a refusal is an answer, everything but a success is an error of the function. The errorType
// is the stable code of [ordermanager.CodeOf], which a state machine can name in Retry and Catch, and the errorMessage
// is the JSON of a [view.Problem]. No error contains a task token.
//
// # Time
//
// Give a function more time than the Manager's DeliveryTimeout, which starts again with each action. A delivery that
// Lambda cuts off is not lost: it waits for the next redrive.
package lambdahandler

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

func answer(receipt ordermanager.Receipt, err error) (view.Receipt, error) {
	if err != nil {
		return view.Receipt{}, failure(err)
	}
	return view.ReceiptOf(&receipt), nil
}

// failure returns an error in the only form whose type the Lambda runtime does not replace with a Go type's name.
func failure(err error) error {
	return failed(ordermanager.CodeOf(err), view.ProblemOf(err))
}

func failed(code ordermanager.Code, problem any) error {
	message, err := json.Marshal(problem)
	if err != nil {
		message = []byte(err.Error())
	}
	return messages.InvokeResponse_Error{Type: string(code), Message: string(message)}
}

// margin is the time kept for reporting what was done.
const margin = time.Second

// inTime returns a context that ends shortly before Lambda stops the function.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, limited := ctx.Deadline(); limited {
		return context.WithDeadline(ctx, deadline.Add(-margin))
	}
	return ctx, func() {}
}
