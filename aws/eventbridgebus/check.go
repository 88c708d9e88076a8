package eventbridgebus

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// ErrNoBus means that there is no event bus of this name. EventBridge accepts events for it anyway, and drops them.
var ErrNoBus = errors.New("there is no such event bus")

// DescribeAPI is the part of the EventBridge client that [Check] uses; [*eventbridge.Client] has it.
type DescribeAPI interface {
	DescribeEventBus(
		ctx context.Context, in *eventbridge.DescribeEventBusInput, options ...func(*eventbridge.Options),
	) (*eventbridge.DescribeEventBusOutput, error)
}

// Check checks that a bus exists, which publishing does not: "PutEvents" in the Amazon EventBridge API Reference. Call
// it once, at start. It needs the permission events:DescribeEventBus. The name may be an ARN; empty means
// [serverlesspresso.EventBus].
//
// Errors: [ErrNoBus], which is also [ordermanager.ErrUndeliverable]; after any other error nothing is known about the
// bus.
func Check(ctx context.Context, client DescribeAPI, bus string) error {
	if bus == "" {
		bus = serverlesspresso.EventBus
	}
	_, err := client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &bus})
	if missing, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
		return fmt.Errorf("eventbridgebus: %w: %q: %w: %w", ErrNoBus, bus, ordermanager.ErrUndeliverable, missing)
	}
	if err != nil {
		return classify(err)
	}
	return nil
}
