package durableresumer_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
)

// starting answers every start with an error, or with a success.
type starting struct{ err error }

func (s starting) Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	return &lambda.InvokeOutput{}, s.err
}

func TestStart_saysWhatIsKnownAfterIt(t *testing.T) {
	lost := errors.New("connection reset")
	for name, test := range map[string]struct {
		orderID   string
		err, want error
		code      ordermanager.Code
	}{
		"it began": {"1", nil, nil, ""},
		"the name was used": {
			"1", &types.DurableExecutionAlreadyStartedException{}, ordermanager.ErrOrderExists, "order_exists",
		},
		"the answer was lost":       {"1", lost, lost, ordermanager.CodeInternal},
		"the name cannot be a name": {"café", nil, ordermanager.ErrInvalidRequest, "invalid_request"},
	} {
		receipt, err := durableresumer.NewStarter(starting{test.err}, "f").Start(t.Context(), test.orderID, "ann", "NYC")
		if !errors.Is(err, test.want) || ordermanager.CodeOf(err) != test.code || (err == nil) != (receipt.Pending != nil) {
			t.Errorf("%s: Start = %+v, %v", name, receipt, err)
		}
	}
}
