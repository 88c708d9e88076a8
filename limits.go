package ordermanager

import (
	"strings"

	"github.com/brewline/ordermanager/internal/texts"
)

// The limits, stated once. Each is the smallest that every implementation of this module can keep, and each is
// checked before anything is called. Lengths are in bytes of UTF-8.
const (
	// MaxIDBytes limits the identifiers of orders, customers, baristas and venues.
	MaxIDBytes = 128
	// MaxRequestIDBytes limits request ids.
	MaxRequestIDBytes = 128
	// MaxNameBytes limits the names of drinks, options, modifier groups and icons.
	MaxNameBytes = 100
	// MaxModifiers limits how many modifiers one drink can have.
	MaxModifiers = 20
	// MaxReasonBytes limits the reason of a cancellation and the cause of a time-out.
	MaxReasonBytes = 1024
	// MaxTraceBytes limits the trace context of an entry: the length of a W3C traceparent of version 00.
	MaxTraceBytes = 55
	// MaxNumberBytes limits the order number.
	MaxNumberBytes = 32
	// MaxStateBytes, MaxActionBytes and MaxEventTypeBytes limit the names in a life-cycle table.
	MaxStateBytes     = 32
	MaxActionBytes    = 32
	MaxEventTypeBytes = 64
	// MaxPublishers limits how many publishers a Manager has, and MaxPublisherNameBytes the name of one: all that an
	// order can owe must fit into one item of DynamoDB beside its history.
	MaxPublishers         = 8
	MaxPublisherNameBytes = 32
	// MaxTokenBytes limits a task token: "taskToken" in the AWS Step Functions API Reference, SendTaskSuccess.
	MaxTokenBytes = 2048
	// MaxRequestBytes limits the JSON of one request.
	MaxRequestBytes = 64 << 10
	// MaxOutputBytes limits the JSON with which a workflow is resumed: "output" in the AWS Step Functions API Reference,
	// SendTaskSuccess.
	MaxOutputBytes = 256 << 10
	// MaxErrorBytes and MaxCauseBytes limit the failure with which a workflow is resumed: "error" and "cause" in the AWS
	// Step Functions API Reference, SendTaskFailure.
	MaxErrorBytes = 256
	MaxCauseBytes = 32 << 10

	// MaxHistory limits how many entries an order's history can have before no further token is registered on it. A
	// history is never shortened, because a request id that was forgotten could be applied twice: instead the order
	// stops accepting what could go on for ever. Ending an order is always possible.
	MaxHistory = 128
	// MaxClaimHistory limits how many entries a history can have before the order can no longer be claimed, or go round a
	// loop without a claim, which a table of your own may have. It leaves room below MaxHistory for what the workflow has
	// yet to register, and does not stop an admin.
	MaxClaimHistory = 100

	// DefaultPageSize and MaxPageSize limit the orders of one page of a listing.
	DefaultPageSize = 100
	MaxPageSize     = 1000
)

// CheckID checks an optional identifier of an order, a customer, a barista or a venue by the rules of every call of a
// [Manager], for code that uses one before or beside such a call. The error is a [*RequestError] about the field.
func CheckID(field, id string) error { return checkOptionalID(field, id, MaxIDBytes) }

// checkID checks an identifier that must be there.
func checkID(field, value string) error {
	if value == "" {
		return invalid(field, "is required")
	}
	return CheckID(field, value)
}

// checkOptionalID checks an identifier that may be empty.
func checkOptionalID(field, value string, limit int) error {
	if rule := texts.IDRule(value, limit); rule != "" {
		return invalid(field, rule)
	}
	return nil
}

// checkText checks a text that may be empty.
func checkText(field, value string, limit int) error {
	if rule := texts.Rule(value, limit); rule != "" {
		return invalid(field, rule)
	}
	return nil
}

func invalid(field, rule string) error { return &RequestError{Field: field, Rule: rule} }

// join lists names in a sentence.
func join[T any](all []T, name func(T) string) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = name(one)
	}
	return strings.Join(names, ", ")
}
