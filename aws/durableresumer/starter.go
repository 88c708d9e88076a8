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

// Starter starts an execution of a durable function for each order. It is an httpapi.Starter, and needs the permission
// lambda:InvokeFunction. It is safe for concurrent use if its client is, as the SDK's are.
type Starter struct {
	client   StartAPI
	function string
}

// NewStarter returns a Starter for a durable function, named with its version or alias. It does no I/O.
func NewStarter(client StartAPI, function string) *Starter { return &Starter{client, function} }

// executionName is what the name of an execution may be: "Invoke" in the AWS Lambda API Reference.
var executionName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// Start starts an execution with the order's identifier as its name and [serverlesspresso.NewOrderInput] as its event.
// The order is created when the function notifies the Manager of its first wait: until then the receipt has the order
// as it will be, and [ordermanager.Receipt.Pending] says so.
//
// Starting the same order again succeeds and changes nothing. Errors: [ordermanager.ErrInvalidRequest] for an
// identifier that is not 1 to 64 letters, digits, hyphens and underscores; [ordermanager.ErrOrderExists] if the name
// was used for another order; after any other error the execution may or may not have started.
func (s *Starter) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	if !executionName.MatchString(orderID) {
		return ordermanager.Receipt{}, &ordermanager.RequestError{
			Field: "orderId",
			Rule:  "is not 1 to 64 letters, digits, hyphens and underscores, as the name of an execution must be",
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
