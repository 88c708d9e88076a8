package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"

	"github.com/aws/aws-lambda-go/cfn"
)

// deploy invokes the function of a custom resource as CloudFormation does: the outcome arrives at a URL, not in the
// function's answer.
func deploy(ctx context.Context, f *function, properties map[string]string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	heard := make(chan cfn.Response, 1)
	hear := func(_ http.ResponseWriter, r *http.Request) {
		var response cfn.Response
		if json.NewDecoder(r.Body).Decode(&response) == nil {
			heard <- response
		}
	}
	server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(hear)}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	event := cfn.Event{
		RequestType: cfn.RequestCreate, RequestID: "1", ResponseURL: "http://" + listener.Addr().String(),
		ResourceType: "Custom::Seed", LogicalResourceID: "Seeded",
		StackID:            "arn:aws:cloudformation:us-east-1:123456789012:stack/walkthrough/1",
		ResourceProperties: map[string]any{},
	}
	for name, value := range properties {
		event.ResourceProperties[name] = value
	}
	if _, err := f.invoke(ctx, "deploy", []byte(marshal(event))); err != nil {
		return err
	}
	select {
	case response := <-heard:
		if response.Status != cfn.StatusSuccess {
			return errors.New("the resource was not created: " + response.Reason)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
