// Package started is what the adapters that start workflows have in common.
package started

import (
	"errors"

	"github.com/brewline/ordermanager"
)

var errOnItsWay = errors.New("the workflow has begun, and will tell of the order")

// Receipt is the answer to the start of a workflow that runs somewhere else: the order is as it will be.
func Receipt(orderID, customer, venue string) ordermanager.Receipt {
	return ordermanager.Receipt{
		Action:  ordermanager.ActionWorkflowStarted,
		Order:   ordermanager.Order{ID: orderID, Customer: customer, Venue: venue, State: ordermanager.StatePending},
		Resume:  ordermanager.ResumeNone,
		Events:  ordermanager.EventsNone,
		Pending: errOnItsWay,
	}
}
