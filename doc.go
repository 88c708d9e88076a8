// Package ordermanager moves orders through an explicit life cycle and, at the right moments, resumes a workflow that
// is paused on a callback token.
//
// # The life of an order
//
// An order is pending, making, completed or cancelled. People move it with five actions (put, make, unmake, complete,
// cancel), and the workflow that waits for them sends three notifications (workflow started, waiting completion, timed
// out). A table says which action is legal in which state, the [Lifecycle]; a [Policy] says who may act; a [Menu] says
// what can be ordered.
//
// The workflow pauses twice: for the customer's drink, and for completion. Each time it hands over a [TaskToken], and
// the action that decides the wait resumes it.
//
// # Using it
//
// A [Manager] needs a [Store] that keeps the orders, a [MenuSource], and a [Resumer] that wakes the workflow:
//
//	manager, err := ordermanager.New(store, menu, resumer, nil)
//	receipt, err := manager.Make(ctx, ordermanager.Request{OrderID: "1", Actor: ordermanager.Barista("3")})
//
// What to look at, the most used first:
//
//   - moving orders: [Manager], [Request], [Receipt], [Menu]; reading: [Order], [Query]
//   - refusals: [Manager.Explain], [TransitionError], [MenuError], the sentinels Err…
//   - the workflow: [WorkflowStarted], [WaitingCompletion], [TimedOut], [Outcome]
//   - operating: [Options], [Manager.Redrive], [Manager.Resend], [Manager.Abandon]
//   - states and actions of your own: [Lifecycle], [Rule], [StateRule]
//   - implementing: [Resumer], [Publisher], and [Store], which alone needs [Transition]
//
// # What is promised
//
// One guarded write decides, and everything that must follow from it is recorded in the same write and delivered at
// least once. So one of any number of racing callers wins, and each loser learns the current order from its own
// refusal; a request with a request id applies once, however often it is repeated; and a crash after the write loses
// nothing, because [Manager.Redrive] delivers what is owed. An accepted action returns a [Receipt] and a nil error,
// even if the workflow could not be reached. An error means that nothing was written, except [ErrStore] and
// [ErrStoreContract], after which that is unknown.
//
// # Beside this package
//
// Package memory has fakes for unit tests; embedded/… is for one machine, postgres for several replicas, aws/… for AWS;
// storetest and resumertest check your own. Package httpapi serves HTTP, serverlesspresso reads the JSON of the
// Serverlesspresso sample, view writes ours, watch tells of changes, and capacity limits what a shop takes.
package ordermanager
