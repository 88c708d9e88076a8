package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// What went wrong, in the words of the people who read it.

func explainListen(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens on %s: stop it, or choose another address with --addr "+
			"(127.0.0.1:0 is any free port)", addr)
	}
	return fmt.Errorf("cannot listen on %s: %w", addr, err)
}

func explainFile(path string, err error) error {
	var advice string
	switch {
	case errors.Is(err, sqlitestore.ErrCorrupt):
		advice = "it is damaged, or not a database, and was left as it is; restore it, choose another file with --db, " +
			"or put it aside with --reset"
	case errors.Is(err, sqlitestore.ErrReadOnly), errors.Is(err, fs.ErrPermission):
		advice = "the file or its directory may not be written to; choose another one with --db"
	case errors.Is(err, sqlitestore.ErrCannotOpen):
		advice = "its directory has to exist; create it, or choose another file with --db"
	case errors.Is(err, sqlitestore.ErrFull):
		advice = "the disk is full"
	case errors.Is(err, sqlitestore.ErrNewerSchema):
		advice = "a newer version of this program wrote it, and it was left as it is; choose another one with --db"
	case errors.Is(err, sqlitestore.ErrLocked):
		advice = "another program keeps it locked"
	default:
		return fmt.Errorf("the file %s cannot be used: %w", path, err)
	}
	return fmt.Errorf("the file %s cannot be used: %s (%w)", path, advice, err)
}

// explain tells a person why something was refused.
func (t table) explain(err error) string {
	refused, _ := errors.AsType[*ordermanager.TransitionError](err)
	switch {
	case errors.Is(err, workflow.ErrShopClosed):
		return "The bar is closed. Come back when it is open."
	case errors.Is(err, workflow.ErrQueueFull):
		return "The bar has more orders than it can take. Try again in a few minutes."
	case errors.Is(err, workflow.ErrTooManyOrders):
		return fmt.Sprintf("You have %d orders already. Wait until one of them is ready.", maxPerCustomer)
	case errors.Is(err, ordermanager.ErrInvalidOrder):
		return explainDrink(err)
	case errors.Is(err, ordermanager.ErrOrderNotFound):
		return "There is no such order."
	case errors.Is(err, ordermanager.ErrNotOwner):
		return "This is somebody else’s order."
	case errors.Is(err, ordermanager.ErrUnknownState):
		return "The bar’s life cycle has changed, and this order cannot go on."
	case errors.Is(err, ordermanager.ErrClaimed) && refused != nil && refused.Order != nil:
		return fmt.Sprintf("%s was faster and is making %s.", refused.Order.Barista, called(*refused.Order))
	case errors.Is(err, ordermanager.ErrDrinkAccepted):
		return "This order already has its drink."
	case errors.Is(err, ordermanager.ErrNotReady):
		return "No drink has been chosen for this order yet."
	case errors.Is(err, ordermanager.ErrIllegalTransition) && refused != nil && refused.Order != nil:
		return "Too late: " + called(*refused.Order) + " " + t.standing(*refused.Order) + "."
	case errors.Is(err, ordermanager.ErrForbidden):
		return "You may not do that."
	case errors.Is(err, ordermanager.ErrTooManyTransitions):
		return "This order was claimed and put back too often. It can only be cancelled now."
	case errors.Is(err, ordermanager.ErrInvalidRequest):
		return "That cannot be done: " + err.Error() + "."
	}
	return "The bar’s file could not be read or written. What was done before is safe; try again."
}

func explainDrink(err error) string {
	refused, ok := errors.AsType[*ordermanager.MenuError](err)
	if !ok {
		return err.Error()
	}
	words := make([]string, len(refused.Violations))
	for i, violation := range refused.Violations {
		words[i] = violation.String()
		if violation.Code == ordermanager.ViolationUnavailableDrink {
			words[i] = violation.Value + " has just run out"
		}
	}
	return "That cannot be ordered: " + strings.Join(words, "; ") + "."
}
