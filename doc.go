// Package ordermanager moves orders through an explicit life cycle and, at the right moments, resumes a workflow that is paused
// on a callback token.
//
// # The life of an order
//
// An order is pending, making, completed or cancelled. Five actions of people move it (put, make, unmake, complete, cancel),
// and three notifications come from the workflow that waits for them (workflow started, waiting completion, timed out).
// Which action is legal in which state is a table, a [Lifecycle]; who may act is a [Policy]; what can be ordered is a [Menu].
//
// The workflow pauses twice: for the customer's drink, and for completion. Each time it hands over a [TaskToken], and each time the
// action that decides the wait resumes it.
//
// # Using it
//
// A [Manager] is made of a [Store] that keeps the orders, a [MenuSource], and a [Resumer] that wakes the workflow:
//
//	manager, err := ordermanager.New(store, menu, resumer, nil)
//	receipt, err := manager.Make(ctx, ordermanager.Request{OrderID: "1", Actor: ordermanager.Barista("3")})
//
// [Manager.Handle] takes the action from the request, which can be read from the JSON that the OrderManager workflow of the
// Serverlesspresso sample takes. [Manager.Explain] says beforehand what would be refused and why.
//
// # What is promised
//
// One guarded write decides, and everything that must follow from it is recorded in that same write and delivered at least
// once. So of any number of racing callers one wins, and each loser learns the order as it is from its own refusal; a request
// with a request id applies once, however often it is repeated; and a crash after the write loses nothing:
// [Manager.Redrive] delivers what is owed. An accepted action is answered with a [Receipt] and a nil error even if the
// workflow could not be reached; an error means that nothing was written, but for [ErrStore], which says that it is not known.
//
// # Implementations
//
// Package memory has fakes for unit tests. The packages below embedded are for one machine, those below aws for everything
// beyond. Packages storetest and resumertest check anybody's own.
package ordermanager
