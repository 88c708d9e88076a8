package sfnresumer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/started"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// StartAPI is the part of the Step Functions client that a [Starter] uses; [*sfn.Client] has it.
type StartAPI interface {
	StartExecution(
		ctx context.Context, in *sfn.StartExecutionInput, options ...func(*sfn.Options),
	) (*sfn.StartExecutionOutput, error)
	DescribeExecution(
		ctx context.Context, in *sfn.DescribeExecutionInput, options ...func(*sfn.Options),
	) (*sfn.DescribeExecutionOutput, error)
}

// Starter starts an execution of a STANDARD state machine for each order. It is an httpapi.Starter, and needs the
// permission states:StartExecution, and states:DescribeExecution for [Starter.Standing]. It is safe for concurrent use
// if its client is, as the SDK's are.
type Starter struct {
	client       StartAPI
	stateMachine string
}

// NewStarter returns a Starter for a state machine, given its ARN. It does no I/O.
func NewStarter(client StartAPI, stateMachine string) *Starter { return &Starter{client, stateMachine} }

// executionName is what the name of an execution may be: "StartExecution" in the AWS Step Functions API Reference,
// limited to the characters that work with CloudWatch Logs.
var executionName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z_-]{1,80}$`) })

// Start starts an execution with the order's identifier as its name and [serverlesspresso.NewOrderInput] as its input,
// which the OrderProcessor of the Serverlesspresso sample reads. The order is created when the workflow notifies the
// Manager of its first wait: until then the receipt has the order as it will be, and [ordermanager.Receipt.Pending]
// says so.
//
// Starting the same order again while it runs succeeds and changes nothing. Errors: [ordermanager.ErrInvalidRequest]
// for an identifier that is not 1 to 80 letters, digits, hyphens and underscores; [ordermanager.ErrOrderExists] if the
// name was used for another order or for one that has ended; after any other error the execution may or may not have
// started.
func (s *Starter) Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error) {
	if !executionName().MatchString(orderID) {
		return ordermanager.Receipt{}, &ordermanager.RequestError{
			Field: "orderId",
			Rule:  "is not 1 to 80 letters, digits, hyphens and underscores, as the name of an execution must be",
		}
	}
	input := serverlesspresso.NewOrderInput(orderID, customer, venue)
	_, err := s.client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &s.stateMachine, Name: &orderID, Input: aws.String(string(input)),
	})
	if _, exists := errors.AsType[*types.ExecutionAlreadyExists](err); exists {
		return ordermanager.Receipt{}, fmt.Errorf("%w: %s", ordermanager.ErrOrderExists, orderID)
	}
	if err != nil {
		return ordermanager.Receipt{}, fmt.Errorf("sfnresumer: starting order %s: %w", orderID, err)
	}
	return started.Receipt(orderID, customer, venue), nil
}

// Standing reports whether the execution of an order has begun, and whether it still runs. One that has just begun may
// not be there yet. The error is Step Functions'.
func (s *Starter) Standing(ctx context.Context, orderID string) (begun, running bool, err error) {
	arn := s.execution(orderID)
	execution, err := s.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	if _, missing := errors.AsType[*types.ExecutionDoesNotExist](err); missing {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("sfnresumer: looking for the execution of order %s: %w", orderID, err)
	}
	running = execution.Status == types.ExecutionStatusRunning || execution.Status == types.ExecutionStatusPendingRedrive
	return true, running, nil
}

// execution returns the ARN of an order's execution, made from the state machine's without its version or alias.
func (s *Starter) execution(orderID string) string {
	const kind, name = 5, 6
	parts := strings.Split(s.stateMachine, ":")
	if len(parts) <= name {
		return s.stateMachine
	}
	parts[kind] = "execution"
	return strings.Join(append(parts[:name+1], orderID), ":")
}
