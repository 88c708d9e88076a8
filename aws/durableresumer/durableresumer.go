// Package durableresumer resumes AWS Lambda durable executions that wait for a callback. The callback's identifier is
// the task token of package ordermanager.
//
//	resumer := durableresumer.New(lambda.NewFromConfig(cfg))
//	manager, err := ordermanager.New(store, menu, resumer, nil)
//
// It needs the permissions lambda:SendDurableExecutionCallbackSuccess and lambda:SendDurableExecutionCallbackFailure.
//
// A resume is one call, which the SDK's client repeats by its own rules. If the answer to a call was lost, the
// repetition finds the callback closed. The execution was resumed, but the resumer answers [ordermanager.Gone],
// because the service has one error for a callback that expired and a callback that was answered.
//
// AWS's durable SDK for Python reports a failed callback as a CallbackExternalError, which has the cause but not the
// name of the failure. The only failure that a Manager sends is [ordermanager.CancelledError].
//
// The identifier is part of the path of the request: a client or a proxy that logs requests ([aws.LogRequest]) logs it.
package durableresumer

import (
	"context"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/brewline/ordermanager"
)

// API is the part of the Lambda client that is used; [*lambda.Client] has it.
type API interface {
	SendDurableExecutionCallbackSuccess(ctx context.Context, in *lambda.SendDurableExecutionCallbackSuccessInput,
		options ...func(*lambda.Options)) (*lambda.SendDurableExecutionCallbackSuccessOutput, error)
	SendDurableExecutionCallbackFailure(ctx context.Context, in *lambda.SendDurableExecutionCallbackFailureInput,
		options ...func(*lambda.Options)) (*lambda.SendDurableExecutionCallbackFailureOutput, error)
}

// MaxCallbackIDBytes limits a callback's identifier: "CallbackId" in the AWS Lambda API Reference,
// SendDurableExecutionCallbackSuccess. It is below [ordermanager.MaxTokenBytes].
const MaxCallbackIDBytes = 1024

// callbackID is the form of an identifier, from the same page. Nothing else may get into the path of a request.
var callbackID = regexp.MustCompile(`^[A-Za-z0-9+/]+={0,2}$`)

// Resumer is an [ordermanager.Resumer] on durable executions. It is safe for concurrent use if its client is, as the
// SDK's are.
type Resumer struct{ client API }

var _ ordermanager.Resumer = (*Resumer)(nil)

// New returns a Resumer that uses the client, which must be for the account and region of the durable functions. It
// does no I/O.
func New(client API) *Resumer { return &Resumer{client} }

// Resume implements [ordermanager.Resumer] with SendDurableExecutionCallbackSuccess and
// SendDurableExecutionCallbackFailure (pages of these names in the AWS Lambda API Reference). The result of a callback
// is exactly the JSON of the outcome. A failure's error becomes the ErrorType and its cause the ErrorMessage.
//
//   - [ordermanager.Gone] for CallbackTimeoutException (the callback expired, or was answered) and
//     ResourceNotFoundException.
//   - An error that wraps [ordermanager.ErrUndeliverable] if a retry cannot help: no permission, wrong or expired
//     credentials, an unusable key, a refused parameter. The answer stays owed. A token that cannot be a callback's
//     identifier (1 to 1,024 bytes of base64) is refused without a call.
//   - Any other error for throttling, a failure of the service, and a failure on the way to it: the execution may or
//     may not have the outcome.
//
// No error contains 16 bytes or more of the token: a message that does is withheld.
func (r *Resumer) Resume(
	ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	id := token.Reveal()
	if len(id) > MaxCallbackIDBytes || !callbackID.MatchString(id) {
		return "", fmt.Errorf("durableresumer: %w: the token, of %d bytes, is not the identifier of a callback",
			ordermanager.ErrUndeliverable, len(id))
	}
	if err := r.send(ctx, id, outcome); err != nil {
		return classify(err, id)
	}
	return ordermanager.Accepted, nil
}

func (r *Resumer) send(ctx context.Context, id string, outcome ordermanager.Outcome) error {
	if outcome.Failure() {
		_, err := r.client.SendDurableExecutionCallbackFailure(ctx, &lambda.SendDurableExecutionCallbackFailureInput{
			CallbackId: &id, Error: &types.ErrorObject{ErrorType: &outcome.Error, ErrorMessage: &outcome.Cause},
		}, typeFromBody)
		return err
	}
	_, err := r.client.SendDurableExecutionCallbackSuccess(ctx, &lambda.SendDurableExecutionCallbackSuccessInput{
		CallbackId: &id, Result: outcome.Output,
	}, typeFromBody)
	return err
}
