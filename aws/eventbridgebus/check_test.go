package eventbridgebus_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/eventbridgebus"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// described answers for one bus.
type described struct{ err error }

func (d described) DescribeEventBus(
	_ context.Context, in *eventbridge.DescribeEventBusInput, _ ...func(*eventbridge.Options),
) (*eventbridge.DescribeEventBusOutput, error) {
	if *in.Name != serverlesspresso.EventBus {
		return nil, &types.ResourceNotFoundException{}
	}
	return &eventbridge.DescribeEventBusOutput{}, d.err
}

func TestCheck_findsABusThatIsNotThere(t *testing.T) {
	if err := eventbridgebus.Check(t.Context(), described{}, ""); err != nil {
		t.Errorf("the sample's bus: %v", err)
	}
	err := eventbridgebus.Check(t.Context(), described{}, "Serverlesspreso")
	if !errors.Is(err, eventbridgebus.ErrNoBus) || !errors.Is(err, ordermanager.ErrUndeliverable) {
		t.Errorf("a name with a typo: %v", err)
	}
	err = eventbridgebus.Check(t.Context(), described{errors.New("the network is down")}, "")
	if err == nil || errors.Is(err, eventbridgebus.ErrNoBus) {
		t.Errorf("what could not be asked: %v", err)
	}
}
