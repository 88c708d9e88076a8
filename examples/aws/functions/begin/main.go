// Command begin is the function behind "POST /orders": it starts the workflow of a new order for the customer who is signed in. The
// answer has the order's id; the order itself is there as soon as the workflow has found that the shop takes it.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/httpapi"
)

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		logger.Error("the function cannot start", "error", err)
		os.Exit(1)
	}
	b := &beginner{sfn.NewFromConfig(cfg), os.Getenv("ORDER_PROCESSOR"), logger}
	lambda.Start(lambdahandler.HTTPAPI(b))
}

// beginner starts workflows.
type beginner struct {
	workflows *sfn.Client
	processor string
	logger    *slog.Logger
}

func (b *beginner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	customer, err := httpapi.CognitoIdentity(r)
	switch {
	case err != nil || customer.ID == "":
		answer(w, http.StatusUnauthorized, map[string]string{"code": "unauthenticated"})
		return
	case customer.Role != ordermanager.RoleCustomer:
		answer(w, http.StatusForbidden, map[string]any{"code": ordermanager.CodeOf(ordermanager.ErrForbidden)})
		return
	}
	id := rand.Text()
	input, err := json.Marshal(map[string]string{"orderId": id, "userId": customer.ID})
	if err == nil {
		// An execution has the order's name, so that a repetition by the SDK starts no second one.
		_, err = b.workflows.StartExecution(r.Context(), &sfn.StartExecutionInput{
			StateMachineArn: &b.processor, Name: &id, Input: aws.String(string(input)),
		})
	}
	if err != nil {
		b.logger.ErrorContext(r.Context(), "no workflow was started", "error", err)
		answer(w, http.StatusServiceUnavailable, map[string]string{"code": "workflow_unavailable"})
		return
	}
	answer(w, http.StatusAccepted, map[string]string{"orderId": id})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
