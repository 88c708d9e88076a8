package lambdahandler

import (
	"context"
	"encoding/json"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
	"github.com/brewline/ordermanager/view"
)

// EventBridge returns the handler of a function that is the target of a rule for the OrderProcessor's events
// "OrderProcessor.WorkflowStarted", "OrderProcessor.WaitingCompletion" and "OrderProcessor.OrderTimeOut", in either
// dialect of the Serverlesspresso sample. It takes the event as EventBridge sends it (an events.EventBridgeEvent),
// without an input transformer.
//
// A repeated event changes nothing: a time-out's request id is the event's id, and a registration has its token. Any
// event that is not accepted is an error, so that Lambda retries and finally sends the event to the function's failure
// destination. That includes events of other kinds, and ErrOrderNotFound for an event that overtook the start of its
// workflow, which a retry cures.
func EventBridge(
	manager *ordermanager.Manager,
) func(context.Context, json.RawMessage) (view.Receipt, error) {
	return func(ctx context.Context, event json.RawMessage) (view.Receipt, error) {
		return answer(notify(ctx, manager, event))
	}
}

func notify(ctx context.Context, manager *ordermanager.Manager, data []byte) (ordermanager.Receipt, error) {
	event, err := serverlesspresso.ParseEvent(data)
	if err != nil {
		return ordermanager.Receipt{}, err
	}
	switch news := event.News.(type) {
	case ordermanager.WorkflowStarted:
		return manager.WorkflowStarted(ctx, news)
	case ordermanager.WaitingCompletion:
		return manager.WaitingCompletion(ctx, news)
	case ordermanager.TimedOut:
		return manager.TimedOut(ctx, news)
	}
	return ordermanager.Receipt{}, &ordermanager.RequestError{
		Field: "detail-type",
		Rule:  "is one that starts a workflow: route it to the workflow, and its OrderProcessor events here",
	}
}
