package sfnresumer_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/sfnresumer"
)

// starting answers every start with an error, or with a success.
type starting struct{ err error }

func (s starting) StartExecution(
	context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options),
) (*sfn.StartExecutionOutput, error) {
	return &sfn.StartExecutionOutput{}, s.err
}

// execution is what is known of one, if it is asked for by its name.
type execution struct {
	starting
	status types.ExecutionStatus
}

func (e execution) DescribeExecution(
	_ context.Context, in *sfn.DescribeExecutionInput, _ ...func(*sfn.Options),
) (*sfn.DescribeExecutionOutput, error) {
	if *in.ExecutionArn != "arn:aws:states:us-east-1:1:execution:shop:order-1" {
		return nil, &types.ExecutionDoesNotExist{}
	}
	return &sfn.DescribeExecutionOutput{Status: e.status}, e.err
}

func TestStanding_saysHowAnExecutionStands(t *testing.T) {
	denied := errors.New("access denied")
	const machine = "arn:aws:states:us-east-1:1:stateMachine:shop"
	for name, test := range map[string]struct {
		machine, orderID string
		status           types.ExecutionStatus
		err              error
		begun, running   bool
	}{
		"it runs":                   {machine, "order-1", types.ExecutionStatusRunning, nil, true, true},
		"it waits for its redrive":  {machine, "order-1", types.ExecutionStatusPendingRedrive, nil, true, true},
		"it has ended":              {machine, "order-1", types.ExecutionStatusSucceeded, nil, true, false},
		"it was stopped":            {machine, "order-1", types.ExecutionStatusAborted, nil, true, false},
		"it has not begun":          {machine, "order-2", "", nil, false, false},
		"it was begun by its alias": {machine + ":live", "order-1", types.ExecutionStatusFailed, nil, true, false},
		"nobody may know":           {machine, "order-1", "", denied, false, false},
	} {
		starter := sfnresumer.NewStarter(execution{starting{test.err}, test.status}, test.machine)
		begun, running, err := starter.Standing(t.Context(), test.orderID)
		if begun != test.begun || running != test.running || !errors.Is(err, test.err) {
			t.Errorf("%s: begun %v, running %v, %v", name, begun, running, err)
		}
	}
}

func TestStart_saysWhatIsKnownAfterIt(t *testing.T) {
	lost := errors.New("connection reset")
	for name, test := range map[string]struct {
		orderID   string
		err, want error
		code      ordermanager.Code
	}{
		"it began":                  {"1", nil, nil, ""},
		"the name was used":         {"1", &types.ExecutionAlreadyExists{}, ordermanager.ErrOrderExists, "order_exists"},
		"the answer was lost":       {"1", lost, lost, ordermanager.CodeInternal},
		"the name cannot be a name": {"café", nil, ordermanager.ErrInvalidRequest, "invalid_request"},
	} {
		starter := sfnresumer.NewStarter(execution{starting: starting{test.err}}, "f")
		receipt, err := starter.Start(t.Context(), test.orderID, "ann", "NYC")
		if !errors.Is(err, test.want) || ordermanager.CodeOf(err) != test.code || (err == nil) != (receipt.Pending != nil) {
			t.Errorf("%s: Start = %+v, %v", name, receipt, err)
		}
	}
}
