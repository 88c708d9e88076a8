package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/webhook"
)

// A board on the wall hears of every order. Its address is down for a while.
func Example() {
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3" // "openssl rand -base64 32" makes one
	down := true

	// The receiver, in another program.
	receiver, err := webhook.NewReceiver(secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	board := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := receiver.Event(r)
		switch {
		case errors.Is(err, webhook.ErrUnverified):
			w.WriteHeader(http.StatusUnauthorized)
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Println("board:", event.OrderID, "is", event.State)
		}
	}))
	defer board.Close()

	// The order service.
	hook, err := webhook.New(board.URL, []string{secret}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, resumer := context.Background(), &memory.Resumer{}
	manager, err := ordermanager.New(memory.NewStore(), ordermanager.NoMenu(), resumer, &ordermanager.Options{
		Publishers: map[string]ordermanager.Publisher{"board": hook},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "anna", Token: resumer.Issue(),
	})
	receipt, _ := manager.Cancel(ctx, ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("anna")})
	fmt.Println("events:", receipt.Events)

	down = false
	report, _ := manager.Redrive(ctx, nil)
	fmt.Println("redriven:", report.Published)
	// Output:
	// events: pending
	// board: 1 is cancelled
	// redriven: 1
}
