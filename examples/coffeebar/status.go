package main

import (
	"errors"
	"net/http"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/workflow"
)

// statusOf is the status of HTTP for a refusal.
func statusOf(err error) int {
	for _, row := range [...]struct {
		err    error
		status int
	}{
		{workflow.ErrShopClosed, http.StatusConflict},
		{workflow.ErrQueueFull, http.StatusConflict},
		{workflow.ErrTooManyOrders, http.StatusConflict},
		{ordermanager.ErrOrderNotFound, http.StatusNotFound},
		{ordermanager.ErrNotOwner, http.StatusForbidden},
		{ordermanager.ErrForbidden, http.StatusForbidden},
		{ordermanager.ErrInvalidRequest, http.StatusBadRequest},
		{ordermanager.ErrInvalidOrder, http.StatusUnprocessableEntity},
		{ordermanager.ErrIllegalTransition, http.StatusConflict},
		{ordermanager.ErrClaimed, http.StatusConflict},
		{ordermanager.ErrNotReady, http.StatusConflict},
		{ordermanager.ErrRequestReused, http.StatusConflict},
		{ordermanager.ErrTooManyTransitions, http.StatusConflict},
		{ordermanager.ErrOrderExists, http.StatusConflict},
		{ordermanager.ErrUnknownState, http.StatusConflict},
	} {
		if errors.Is(err, row.err) {
			return row.status
		}
	}
	return http.StatusInternalServerError
}
