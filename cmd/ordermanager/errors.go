package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
)

// explain turns a backend's error into a sentence that names the table or the file and says what to do. Other errors,
// and none, it returns as they are.
func (b *backends) explain(err error) error {
	advised, ok := errors.AsType[*advisedError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return err // whoever interrupted knows
	case ok && b.knows(advised.err):
		return advise(b.explain(advised.err), advised.advice)
	case ok:
		return err
	}
	if e, ok := errors.AsType[*dynamostore.Error](err); ok {
		return fmt.Errorf("table %s: %s", e.Table, b.adviceFor(e))
	}
	if item, ok := errors.AsType[*dynamostore.ItemError](err); ok {
		return fmt.Errorf("table %s, item %s: attribute %s %s; fix the item, or check whether its layout is other than %s",
			item.Table, item.OrderID, item.Attribute, item.Rule, b.layout)
	}
	for _, advice := range fileAdvice {
		if b.path != "" && errors.Is(err, advice.kind) {
			_, detail, _ := strings.Cut(err.Error(), advice.kind.Error())
			return fmt.Errorf("file %s: %w%s; %s", b.path, advice.kind, detail, advice.text)
		}
	}
	if errors.Is(err, ordermanager.ErrInvalidLifecycle) {
		return advise(err, "choose another --layout, or another --lifecycle")
	}
	for _, advice := range serverAdvice {
		if b.server != "" && errors.Is(err, advice.kind) {
			return advise(fmt.Errorf("%s: %w", b.server, err), advice.text)
		}
	}
	if errors.Is(err, ordermanager.ErrStore) || errors.Is(err, ordermanager.ErrContextDone) {
		return advise(err, "try again; docs/operations.md says what to check")
	}
	return err
}

// knows reports whether an error of a table or a file can be explained.
func (b *backends) knows(err error) bool {
	_, ofTable := errors.AsType[*dynamostore.Error](err)
	_, ofItem := errors.AsType[*dynamostore.ItemError](err)
	return ofTable || ofItem ||
		b.path != "" && slices.ContainsFunc(fileAdvice, func(a advice) bool { return errors.Is(err, a.kind) })
}

// adviceFor says what is wrong with a table, or the connection to it, and what to do.
func (b *backends) adviceFor(e *dynamostore.Error) string {
	command := func(verb string) string {
		return fmt.Sprintf("ordermanager table %s dynamodb:%s --layout %s", verb, e.Table, b.layout)
	}
	region, cause := b.cloud.region(), causeOf(e)
	switch {
	case errors.Is(e, dynamostore.ErrNoTable):
		return fmt.Sprintf(
			"there is no such table in the region %s for these credentials; create one with: %s", region,
			command("create"),
		)
	case errors.Is(e, dynamostore.ErrNoIndex):
		return fmt.Sprintf(
			"it lacks an index; see what is missing with: %s; add the index that only redrive needs with: %s (%v)",
			command("check"), command("add-index"), cause,
		)
	case errors.Is(e, dynamostore.ErrWrongKeys):
		return fmt.Sprintf(
			"its keys are not those of the layout %s; see what differs with: %s (%v)", b.layout, command("check"), cause,
		)
	case errors.Is(e, dynamostore.ErrAccessDenied):
		return fmt.Sprintf("access to %s is denied; the policies that are needed are in docs/aws.md (%v)", e.Op, cause)
	case errors.Is(e, dynamostore.ErrCredentials):
		return fmt.Sprintf(
			"the credentials are missing, wrong or expired; sign in again, or set AWS_PROFILE or AWS_ACCESS_KEY_ID (%v)", cause,
		)
	case errors.Is(e, dynamostore.ErrUnreachable), unanswered(e):
		return fmt.Sprintf(
			"there was no answer; check the network, the region %s and AWS_ENDPOINT_URL_DYNAMODB (%v)", region, cause,
		)
	case errors.Is(e, dynamostore.ErrThrottled):
		return fmt.Sprintf("it is throttled; try again later (%v)", cause)
	}
	return fmt.Sprintf("%s failed: %v; try again, and see docs/aws.md if it keeps failing", e.Op, cause)
}

// unanswered reports whether a request exceeded the time limit of [cloud].
func unanswered(err error) bool {
	e, ok := errors.AsType[*url.Error](err)
	return ok && e.Timeout()
}

// causeOf returns the error of the service or the network, without the SDK's wrapping.
func causeOf(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return fmt.Errorf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	if connection, ok := errors.AsType[*url.Error](err); ok {
		return connection
	}
	return lastOf(err)
}

// lastOf returns the last error of the chain.
func lastOf(err error) error {
	for {
		var inner error
		switch e := err.(type) { //nolint:errorlint // this walks the chain
		case interface{ Unwrap() error }:
			inner = e.Unwrap()
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			inner = all[len(all)-1]
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}
