package ordermanager_test

import (
	"context"
	"testing"

	"github.com/brewline/ordermanager"
)

// stuck brings an order to its end while its workflow cannot be reached.
func stuck(t *testing.T) (*house, ordermanager.Request) {
	t.Helper()
	h := newHouse(t)
	h.bring(ordermanager.StateMaking)
	h.wait()
	h.resumer.Hook = failing("resume", false)
	h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
	request := by("", ordermanager.Admin("chief"))
	request.Reason, request.RequestID = "the network is back", "a"
	return h, request
}

func TestResend_deliversWhatIsOwedAndKeepsWhoAndWhy(t *testing.T) {
	h, request := stuck(t)
	if r := h.receipt(h.Resend(t.Context(), request)); r.Resume != ordermanager.ResumePending || r.Pending == nil {
		t.Errorf("while nothing can be delivered: %+v", r)
	}
	h.resumer.Hook = nil
	request.RequestID = "b"
	if r := h.receipt(h.Resend(t.Context(), request)); r.Resume != ordermanager.ResumeDelivered || r.Replayed ||
		r.Unchanged {
		t.Errorf("got %+v", r)
	}
	o := h.order()
	last := o.History[len(o.History)-1]
	if o.Owes() || o.State != ordermanager.StateCompleted || last.Action != ordermanager.ActionResent ||
		last.Actor != request.Actor || last.Reason != request.Reason {
		t.Errorf("the order is %+v", o)
	}
}

func TestResend_ofARepeatedRequestDeliversAgainAndRecordsOnce(t *testing.T) {
	h, request := stuck(t)
	h.receipt(h.Resend(t.Context(), request))
	h.resumer.Hook = nil
	if r := h.receipt(h.Resend(t.Context(), request)); !r.Replayed || r.Resume != ordermanager.ResumeDelivered {
		t.Errorf("got %+v", r)
	}
	if o := h.order(); o.History[len(o.History)-2].Action == ordermanager.ActionResent {
		t.Error("it is recorded twice")
	}
}

func TestResend_ofAnOrderThatOwesNothingWritesNothing(t *testing.T) {
	h, request := stuck(t)
	h.resumer.Hook = nil
	must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	before := h.order().Version
	if r := h.receipt(h.Resend(t.Context(), request)); !r.Unchanged || h.order().Version != before {
		t.Errorf("got %+v", r)
	}
}

func TestResend_isForAdminsWhoSayWhy(t *testing.T) {
	h, request := stuck(t)
	resend := func(change func(*ordermanager.Request)) func(context.Context) error {
		r := request
		change(&r)
		return func(ctx context.Context) error { _, err := h.Resend(ctx, r); return err }
	}
	h.refuses(ordermanager.ErrForbidden, resend(func(r *ordermanager.Request) { r.Actor = ordermanager.Barista(holder) }))
	h.refuses(ordermanager.ErrInvalidRequest, resend(func(r *ordermanager.Request) { r.Reason = "" }))
	h.refuses(ordermanager.ErrOrderNotFound, resend(func(r *ordermanager.Request) { r.OrderID = "nobody's" }))
	h.refuses(ordermanager.ErrRequestReused, resend(func(r *ordermanager.Request) {
		o := h.order()
		r.RequestID = o.History[len(o.History)-1].RequestID
	}))
}

// Whoever is bound to venues repairs nothing of another one, whether it owes something or not.
func TestRepair_ofAnotherVenueIsRefused(t *testing.T) {
	h, request := stuck(t)
	request.Venues = []string{"elsewhere"}
	for range 2 {
		for _, repair := range []func(context.Context, ordermanager.Request) (ordermanager.Receipt, error){
			h.Resend, h.Abandon,
		} {
			h.refuses(ordermanager.ErrWrongVenue, func(ctx context.Context) error { _, err := repair(ctx, request); return err })
		}
		h.resumer.Hook = nil
		must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	}
	request.Venues = []string{"elsewhere", h.order().Venue}
	h.receipt(h.Abandon(t.Context(), request))
}
