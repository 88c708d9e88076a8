package ordermanager

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/brewline/ordermanager/internal/jsonform"
)

// Resumer answers the paused workflow. Check an implementation with the suite in resumertest.
//
// A Manager calls it after the transition that it reports is durable, and may call it again with the same token, from
// several goroutines or processes at once: at least once, never exactly once. An implementation must be safe for
// concurrent use.
type Resumer interface {
	// Resume gives the outcome to the workflow that waits on the token.
	//
	//  - [Accepted]: the workflow has the outcome. Nobody else can give it another one.
	//  - [Gone]: nothing waits on this token any more, because it was answered before or has expired, or nothing ever did.
	//    This is a value and not an error: there is nothing left to do. A token that the service cannot read is not gone,
	//    because it may belong to another account or region, where a workflow waits: it is undeliverable.
	//  - an error: it is unknown whether the workflow has the outcome, and the call will be repeated. An implementation
	//    that knows that a retry is useless until somebody fixes something (access denied, output refused) returns an
	//    error that wraps [ErrUndeliverable]; the answer stays owed.
	//
	// The token and the outcome have passed [Outcome.Validate] and the limits of this package. Errors never contain
	// the token's value. A context that is already done is an error, and nothing is sent.
	// One that ends meanwhile must end the call, since the action or the redrive that delivers waits for it.
	Resume(ctx context.Context, token TaskToken, outcome Outcome) (Answer, error)
}

// Answer is what a [Resumer] found.
type Answer string

const (
	// Accepted means that the workflow has the outcome.
	Accepted Answer = "accepted"
	// Gone means that nothing waits on the token.
	Gone Answer = "gone"
)

// Outcome is what the workflow receives: a success with JSON output, or a failure with a name and a cause.
type Outcome struct {
	// Output is the JSON of a success, at most [MaxOutputBytes].
	Output json.RawMessage
	// Error is the name of a failure, at most [MaxErrorBytes]; empty for a success. A workflow matches on it.
	Error string
	// Cause explains a failure to people, at most [MaxCauseBytes].
	Cause string
}

// Failure reports whether the outcome is a failure.
func (o Outcome) Failure() bool { return o.Error != "" }

// Validate checks the outcome against the limits. It returns a [*RequestError].
func (o Outcome) Validate() error {
	switch {
	case o.Failure() && len(o.Output) > 0:
		return invalid("outcome", "has both an output and an error")
	case len(o.Error) > MaxErrorBytes:
		return invalid("outcome.error", "is too long")
	case len(o.Cause) > MaxCauseBytes:
		return invalid("outcome.cause", "is too long")
	case o.Failure():
		return nil
	case len(o.Output) > MaxOutputBytes:
		return invalid("outcome.output", "is larger than a workflow accepts")
	case !json.Valid(o.Output):
		return invalid("outcome.output", "is not JSON")
	}
	return nil
}

// ErrUndeliverable marks a resume or a publication that will not succeed by being repeated: somebody has to fix a
// permission, a configuration or the receiver first. What is owed stays recorded until then.
var ErrUndeliverable = errors.New("will not succeed by being repeated")

// WorkflowOutput is the JSON with which [DefaultOutcome] resumes a workflow. Both versions of the Serverlesspresso
// sample's OrderProcessor understand it: one looks at the boolean cancelled after the second wait, the other takes any
// success.
type WorkflowOutput struct {
	OrderID string `json:"orderId"`
	// Action is what decided the wait: put, complete, cancel or timed_out in [StandardLifecycle].
	Action Action `json:"action"`
	// State is the order's state when the answer was sent.
	State State `json:"state"`
	// Cancelled is true when the order has been cancelled.
	Cancelled bool `json:"cancelled"`
	// BaristaUserID holds the order or made it, OrderNumber is its number, Reason says why it was cancelled; absent
	// where there is none.
	BaristaUserID string `json:"baristaUserId,omitempty"`
	OrderNumber   string `json:"orderNumber,omitempty"`
	Reason        string `json:"reason,omitempty"`
}

// CancelledError is the name of the failure with which the first wait ends when the order is cancelled before a drink
// was accepted: a workflow that went on would take a number for an order that nobody will make. Catch it in the
// workflow to end without an error.
const CancelledError = "OrderCancelled"

// Decided is a wait whose answer is on record.
type Decided struct {
	// Order is the order as it is when the answer is sent. Its tokens are masked.
	Order Order
	// Wait is the wait, and Decision what it is answered with.
	Wait     Wait
	Decision Decision
	// By is the history entry that decided it.
	By Entry
}

// DefaultOutcome is what a workflow is resumed with unless [Options.Outcome] says otherwise: a [WorkflowOutput], except
// for a cancelled first wait, which ends with the failure [CancelledError].
func DefaultOutcome(d Decided) (Outcome, error) {
	return defaultOutcome(&d.Order, d.Wait, d.Decision, d.By.Action), nil
}

func defaultOutcome(o *Order, wait Wait, decision Decision, by Action) Outcome {
	if wait == FirstWait && decision == Cancelled {
		return Outcome{Error: CancelledError, Cause: o.Reason}
	}
	output := WorkflowOutput{
		OrderID:       o.ID,
		Action:        by,
		State:         o.State,
		Cancelled:     decision == Cancelled || o.SecondWait.Decision == Cancelled,
		BaristaUserID: o.Barista,
		OrderNumber:   o.Number,
		Reason:        o.Reason,
	}
	return Outcome{Output: output.form()}
}

// form returns what [json.Marshal] would, only faster: every answer needs it.
func (w *WorkflowOutput) form() []byte {
	f := jsonform.New(160)
	f.Text("orderId", w.OrderID)
	f.Text("action", string(w.Action))
	f.Text("state", string(w.State))
	f.Bool("cancelled", w.Cancelled)
	f.Optional("baristaUserId", w.BaristaUserID)
	f.Optional("orderNumber", w.OrderNumber)
	f.Optional("reason", w.Reason)
	return f.Bytes()
}
