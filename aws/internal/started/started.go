// Package started is what the adapters that start workflows share.
package started

import (
	"errors"

	"github.com/brewline/ordermanager"
)

var errOnItsWay = errors.New("the workflow has started, and will create the order")

// Receipt is the receipt for starting a remote workflow, with the order as it will be.
func Receipt(orderID, customer, venue string) ordermanager.Receipt {
	return ordermanager.Receipt{
		Action:  ordermanager.ActionWorkflowStarted,
		Order:   ordermanager.Order{ID: orderID, Customer: customer, Venue: venue, State: ordermanager.StatePending},
		Resume:  ordermanager.ResumeNone,
		Events:  ordermanager.EventsNone,
		Pending: errOnItsWay,
	}
}
