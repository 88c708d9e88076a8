// Package watch is for stores that tell what any process changed. A program hears of every change without polling
// listings, and after an interruption continues where it was.
package watch

import (
	"context"
	"errors"
	"time"

	"github.com/brewline/ordermanager"
)

// Watcher is implemented by an [ordermanager.Store] that can tell what changed.
//
// A reader asks with the empty position to get the current one, reads what it wants to know from listings, and then
// asks for the changes after that position, each time with the position of the answer before. It may be told of a
// change more than once, and of several changes of an order only as the latest: compare [ordermanager.Order.Version].
//
// A store that needs something set up for this, such as a stream of its table, is a Watcher only if it has that. So the
// user of a Watcher need not poll as well.
type Watcher interface {
	// Changes returns orders that changed after a position, each as it is now, or as the latest of these changes left
	// it. If there are none it waits for some, at most for wait, and not at all if wait is not positive. It may stop
	// waiting earlier. To return no orders is not an error.
	//
	//  - The empty position means this moment: the answer comes at once and has no orders.
	//  - Whatever is committed after a position is in the answers that follow it. Asking does not delay a write or make
	//    it fail.
	//  - An answer without orders says that there were none when Changes was called: whatever an earlier call returned,
	//    to this process or another, is before the position of the answer.
	//  - Only transitions are changes; settlements are not.
	//
	// Listed orders may come without some fields, and so may these: see [ordermanager.Store]. An order that cannot be read
	// is left out.
	//
	// Errors: [ErrPositionUnknown]; an error that wraps the context's when the context is done; any other means that
	// the store cannot be asked now, and the same position can be tried again.
	Changes(ctx context.Context, after string, wait time.Duration) (Changes, error)
}

// Changes is an answer of [Watcher].
type Changes struct {
	// Orders are the orders that changed. A store limits how many come at once.
	Orders []*ordermanager.Order
	// Position is where to continue. It is never empty. Only the store understands it, but in every process that has
	// the same store open. It is printable ASCII without spaces, so that it can travel in a header.
	Position string
}

// ErrPositionUnknown is returned by a [Watcher] for a position from which it cannot continue: it belongs to another
// store or to an earlier state of this one, or too much has changed since. Start again with the empty position, and
// read everything.
var ErrPositionUnknown = errors.New("the store does not know this position: read everything again")
