package serverlesspresso

import (
	"encoding/json"

	"github.com/brewline/ordermanager"
)

// Outcome is an [ordermanager.Options.Outcome] for an OrderProcessor that is as the sample has it: it is [ordermanager.DefaultOutcome], but
// for a first wait that was cancelled, which succeeds too, with "cancelled" true. The sample's workflow knows no failure but a time-out, and
// would end as failed. So it takes a number and waits once more, and is answered at once when it does: nothing is announced to baristas, and
// the execution succeeds.
//
// A workflow that catches [ordermanager.CancelledError] needs no number for such an order, and wants the default.
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
