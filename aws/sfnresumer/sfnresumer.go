// Package sfnresumer resumes AWS Step Functions workflows that wait for a task token (".waitForTaskToken").
//
//	resumer := sfnresumer.New(sfn.NewFromConfig(cfg))
//	manager, err := ordermanager.New(store, menu, resumer, nil)
//
// It needs the permissions states:SendTaskSuccess and states:SendTaskFailure.
//
// A resume is one call, which the SDK's client repeats by its own rules. If the answer to a call was lost, the
// repetition finds the task closed. The workflow was resumed, but the resumer answers [ordermanager.Gone], because the
// service has one error for a wait that expired and a wait that was answered.
//
// Do not log requests with their bodies ([aws.LogRequestWithBody]): they contain task tokens.
package sfnresumer

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
)

// API is the part of the Step Functions client that is used; [*sfn.Client] has it.
type API interface {
	SendTaskSuccess(
		ctx context.Context, in *sfn.SendTaskSuccessInput, options ...func(*sfn.Options),
	) (*sfn.SendTaskSuccessOutput, error)
	SendTaskFailure(
		ctx context.Context, in *sfn.SendTaskFailureInput, options ...func(*sfn.Options),
	) (*sfn.SendTaskFailureOutput, error)
}

// Resumer is an [ordermanager.Resumer] on Step Functions. It is safe for concurrent use if its client is, as the SDK's
// are.
type Resumer struct{ client API }

var _ ordermanager.Resumer = (*Resumer)(nil)

// New returns a Resumer that uses the client, which must be for the account and region of the workflows. It does no
// I/O.
func New(client API) *Resumer { return &Resumer{client} }

// Resume implements [ordermanager.Resumer] with SendTaskSuccess and SendTaskFailure (pages of these names in the AWS
// Step Functions API Reference).
//
//   - [ordermanager.Gone] for TaskTimedOut (the wait expired, or was answered) and TaskDoesNotExist.
//   - An error that wraps [ordermanager.ErrUndeliverable] if a retry cannot help: no permission, wrong or expired
//     credentials, an unusable key, a refused output or token. The answer stays owed. InvalidToken counts here, not as
//     gone: a workflow made the token, so it was damaged or belongs to another account or region, and its workflow may
//     be waiting. A token that is empty or longer than 2,048 bytes is refused without a call.
//   - Any other error for throttling, a failure of the service, and a failure on the way to it: the workflow may or may
//     not have the outcome.
//
// No error contains 16 bytes or more of the token: a message that does is withheld.
func (r *Resumer) Resume(
	ctx context.Context, token ordermanager.TaskToken, outcome ordermanager.Outcome,
) (ordermanager.Answer, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	value := token.Reveal()
	if value == "" || len(value) > ordermanager.MaxTokenBytes {
		return "", fmt.Errorf("sfnresumer: %w: a task token has 1 to %d bytes, this one has %d",
			ordermanager.ErrUndeliverable, ordermanager.MaxTokenBytes, len(value))
	}
	if err := r.send(ctx, value, outcome); err != nil {
		return classify(err, value)
	}
	return ordermanager.Accepted, nil
}

func (r *Resumer) send(ctx context.Context, token string, outcome ordermanager.Outcome) error {
	if outcome.Failure() {
		_, err := r.client.SendTaskFailure(ctx, &sfn.SendTaskFailureInput{
			TaskToken: &token, Error: &outcome.Error, Cause: &outcome.Cause,
		})
		return err
	}
	_, err := r.client.SendTaskSuccess(ctx, &sfn.SendTaskSuccessInput{
		TaskToken: &token, Output: aws.String(string(outcome.Output)),
	})
	return err
}
