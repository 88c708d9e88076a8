package httpapi

import (
	"context"
	"net/http"

	"github.com/brewline/ordermanager"
)

// repair lets an admin repair a stuck order. The Manager refuses everybody else.
func (h *Handler) repair(
	do func(context.Context, ordermanager.Request) (ordermanager.Receipt, error),
) func(http.ResponseWriter, *http.Request, ordermanager.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) error {
		request, err := parseAction(w, r, actor)
		if err != nil {
			return err
		}
		if request.Venues, err = h.bound(r, actor); err != nil {
			return err
		}
		receipt, err := do(r.Context(), request)
		if err != nil {
			return inOurWords(err)
		}
		answerReceipt(w, r, &receipt)
		return nil
	}
}
