package lambdahandler

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
	"github.com/brewline/ordermanager/view"
)

// Direct returns the handler of a function that takes the input of the OrderManager workflow, the JSON form of an
// [ordermanager.Request]: from the console, the SDK, or as a task of a state machine.
//
// A refusal is an error of the function, not a negative answer: a careless caller cannot take it for a success, and a
// state machine can distinguish refusals by name. "store_failed", "menu_unavailable" and "context_done" are worth a
// Retry.
//
// A request without a requestId gets the invocation's own id, which stays the same when Lambda retries an asynchronous
// invocation ("Error handling for asynchronous invocation" in the AWS Lambda Developer Guide). A state machine that
// retries should send a requestId.
//
// The JSON names the actor, so anybody allowed to invoke the function can act as anybody. Allow only your own programs
// to invoke it.
func Direct(manager *ordermanager.Manager) func(context.Context, json.RawMessage) (view.Receipt, error) {
	return func(ctx context.Context, input json.RawMessage) (view.Receipt, error) {
		id := ""
		if invocation, ok := lambdacontext.FromContext(ctx); ok {
			id = invocation.AwsRequestID
		}
		return answer(act(ctx, manager, input, id))
	}
}

// act carries out a request, with id as its request id if it has none.
func act(ctx context.Context, manager *ordermanager.Manager, input []byte, id string) (ordermanager.Receipt, error) {
	request, err := serverlesspresso.ParseRequest(input)
	if err != nil {
		return ordermanager.Receipt{}, err
	}
	if request.RequestID == "" {
		request.RequestID = id
	}
	return manager.Handle(ctx, request)
}
