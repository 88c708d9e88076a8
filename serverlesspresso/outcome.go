package serverlesspresso

import (
	"encoding/json"

	"github.com/brewline/ordermanager"
)

// Outcome is an [ordermanager.Options.Outcome] for the sample's own OrderProcessor. It differs from
// [ordermanager.DefaultOutcome] in one case: a cancelled first wait succeeds too, with "cancelled" true, because the
// sample's workflow catches no failure but a time-out and would fail. It then takes a number and waits once more, and
// is answered at once: nothing is announced to baristas, and the execution succeeds.
//
// A workflow that catches [ordermanager.CancelledError] should use the default, and takes no number for such an order.
func Outcome(d ordermanager.Decided) (ordermanager.Outcome, error) {
	outcome, err := ordermanager.DefaultOutcome(d)
	if err != nil || !outcome.Failure() {
		return outcome, err
	}
	output, err := json.Marshal(ordermanager.WorkflowOutput{
		OrderID: d.Order.ID, Action: d.By.Action, State: d.Order.State, Cancelled: true, BaristaUserID: d.Order.Barista,
		OrderNumber: d.Order.Number, Reason: d.Order.Reason,
	})
	return ordermanager.Outcome{Output: output}, err
}
