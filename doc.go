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
// [Manager.Handle] takes the action from the request; package serverlesspresso reads such requests from the JSON of
// the Serverlesspresso sample. [Manager.Explain] says in advance what would be refused, and why.
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
// # Implementations
//
// Package memory has fakes for unit tests. The packages below embedded are for one machine, package postgres is for
// several replicas, and the packages below aws are for AWS. Packages storetest and resumertest check your own.
package ordermanager
