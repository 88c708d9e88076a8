package durableresumer

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/started"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// StartAPI is the part of the Lambda client that a [Starter] uses; [*lambda.Client] has it.
type StartAPI interface {
	Invoke(ctx context.Context, in *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Starter begins an execution of a durable function for each order. It is an httpapi.Starter, and needs the permission lambda:InvokeFunction. It
// is safe for concurrent use if its client is, as those of the SDK are.
type Starter struct {
	client   StartAPI
	function string
}

// NewStarter returns a Starter of a durable function, which is named with its version or alias. It does no I/O.
func NewStarter(client StartAPI, function string) *Starter { return &Starter{client, function} }

// executionName is what the name of an execution may be: "Invoke" in the AWS Lambda API Reference.
var executionName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// Start begins the execution that has the order's identifier as its name and [serverlesspresso.NewOrderInput] as its event. The order itself is
// created when the function tells the Manager of its first wait: until then the receipt has it as it will be, and
// [ordermanager.Receipt.Pending] says so.
//
// Starting the same order again changes nothing and is a success. Errors: [ordermanager.ErrInvalidRequest] for an identifier that cannot
// be a name, which is 1 to 64 letters, digits, hyphens and underscores; [ordermanager.ErrOrderExists] when the name was used for
// another order; any other error leaves it open whether the execution began.
func (s *Starter) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	if !executionName.MatchString(orderID) {
		return ordermanager.Receipt{}, &ordermanager.RequestError{
			Field: "orderId", Rule: "is not 1 to 64 letters, digits, hyphens and underscores, of which the name of an execution is made",
		}
	}
	_, err := s.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &s.function, InvocationType: types.InvocationTypeEvent, DurableExecutionName: &orderID,
		Payload: serverlesspresso.NewOrderInput(orderID, customer, venue),
	})
	if _, exists := errors.AsType[*types.DurableExecutionAlreadyStartedException](err); exists {
		return ordermanager.Receipt{}, fmt.Errorf("%w: %s", ordermanager.ErrOrderExists, orderID)
	}
	if err != nil {
		return ordermanager.Receipt{}, fmt.Errorf("durableresumer: starting order %s: %w", orderID, err)
	}
	return started.Receipt(orderID, customer, venue), nil
}
