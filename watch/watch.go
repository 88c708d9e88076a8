// Package watch is for stores that tell what changed, whichever process changed it: a program hears of every change
// without polling listings, and continues where it was after an interruption.
package watch

import (
	"context"
	"errors"
	"time"

	"github.com/brewline/ordermanager"
)

// Watcher is implemented by an [ordermanager.Store] that can tell what changed.
//
// A reader begins with the empty position, reads what it wants to know from listings, and then asks for the changes
// after that position, each time with the position of the answer before. It may be told of an order more than once, and
// of several changes of one as if they were the latest alone: [ordermanager.Order.Version] says what is new.
//
// A store that can tell only when it is set up for it, as by a stream of its table, is a Watcher only then: whoever has
// a Watcher asks it and does not look elsewhere.
type Watcher interface {
	// Changes returns orders that changed after a position, each as it is now. Where there are none it waits for some,
	// but no longer than wait, and not at all when that is not positive; to have none then is no error. It may give up
	// waiting earlier.
	//
	//  - The empty position is that of this moment: the answer comes at once and has no orders.
	//  - Whatever is committed after a position is in the answers that follow from it; asking does not hold up or fail a
	//    write.
	//  - An answer without orders says that there were none when Changes was called: whatever an earlier call returned,
	//    to this process or another, lies before the position of the answer.
	//  - Only transitions are changes: to settle is none.
	//
	// Listed orders may come without some fields, and so may these: see [ordermanager.Store]. An order that cannot be read
	// is left out.
	//
	// Errors: [ErrPositionUnknown]; an error that wraps the context's own when the context is done; any other says that
	// the store cannot be asked now, and the same position can be tried again.
	Changes(ctx context.Context, after string, wait time.Duration) (Changes, error)
}

// Changes is an answer of [Watcher].
type Changes struct {
	// Orders are the orders that changed. There is a limit to how many come at once.
	Orders []*ordermanager.Order
	// Position is where to go on. It is never empty and means something to the store alone, but to every process that
	// has the same store open. It is printable ASCII without spaces, so that it can travel in a header.
	Position string
}

// ErrPositionUnknown is returned by a [Watcher] for a position that it cannot go on from: it is of another store or of
// an earlier state of this one, or too much has changed since. Read everything again, beginning with the empty
// position.
var ErrPositionUnknown = errors.New("the store cannot go on from this position, and everything has to be read again")
