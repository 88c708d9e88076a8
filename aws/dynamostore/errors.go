package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/brewline/ordermanager"
)

// What can go wrong, for [errors.Is]. A write that returned one of these wrote nothing, unless the comment says
// otherwise.
var (
	// ErrNoTable is returned when the table does not exist, or is still being created, in the account and region of the
	// client. [Create] makes one.
	ErrNoTable = errors.New("the table does not exist")
	// ErrNoIndex is returned by a listing when the table lacks the index that it reads. [Check] says what else is
	// missing, [AddOwingIndex] adds the one that a redrive reads.
	ErrNoIndex = errors.New("the table lacks an index")
	// ErrWrongKeys is returned when the keys of the table or of an index are not those of the layout: the table or the
	// layout is the wrong one. [Check] says what differs.
	ErrWrongKeys = errors.New("the keys of the table are not those of the layout")
	// ErrThrottled is returned when DynamoDB still throttled after the SDK's own retries. Try again later.
	ErrThrottled = errors.New("throttled")
	// ErrAccessDenied is returned when the caller's policy does not allow the call.
	ErrAccessDenied = errors.New("access denied")
	// ErrCredentials is returned when the caller's credentials are missing, wrong or expired.
	ErrCredentials = errors.New("the credentials are missing, wrong or expired")
	// ErrClock is returned when the clock of this machine differs too much from DynamoDB's, or a request took too long
	// to arrive.
	ErrClock = errors.New("the clock is wrong")
	// ErrUnavailable is returned when DynamoDB failed even after the SDK's own retries. A write may have been applied:
	// repeat it with the same request id.
	ErrUnavailable = errors.New("DynamoDB failed")
	// ErrUnreachable is returned when no answer came from the endpoint. A write may have been applied: repeat it with
	// the same request id.
	ErrUnreachable = errors.New("the endpoint did not answer")
	// ErrBrokenItem is returned when an attribute that a decision depends on is not what the layout says; an
	// [*ItemError] says which. The item is left as it is: each write checks these attributes in its condition. An
	// attribute that is only displayed may hold anything.
	ErrBrokenItem = errors.New("the item is broken")
	// ErrContended is returned when the item changed each time between a refused write and the next, or when another
	// program's transaction still held it after the SDK's own retries. Try again.
	ErrContended = errors.New("the item keeps changing")
	// ErrTooLarge is returned when the item, or in the layouts of the sample all items together, cannot grow any more.
	ErrTooLarge = errors.New("the item or its collection is too large")
	// ErrNoStream is returned by [Watched.Changes] when the table has no stream with new images. [Create] switches one
	// on for a new table, and [Migrate] for a table in the layout [Native].
	ErrNoStream = errors.New("the table has no stream with new images")
	// ErrUnlistable is returned for a listing that no index of the layout can serve without reading the whole table.
	// The text says what to add to the query. It is also an [ordermanager.ErrInvalidRequest].
	ErrUnlistable = errors.New("no index serves this listing")
)

// Error says what failed where.
type Error struct {
	// Op is the operation of DynamoDB.
	Op string
	// Table is the table, and OrderID the order, empty for a listing.
	Table, OrderID string
	// Kind is one of the sentinels of this package, nil if none fits.
	Kind error
	// Hint says what to do about it, if there is more to say than Kind does.
	Hint string
	// Err is what the SDK said.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on table %s", e.Op, e.Table)
	if e.OrderID != "" {
		fmt.Fprintf(&b, ", order %s", e.OrderID)
	}
	for _, part := range []any{e.Kind, e.Hint, e.Err} {
		if part != nil && part != "" {
			fmt.Fprintf(&b, ": %v", part)
		}
	}
	return b.String()
}

// Unwrap returns Kind and Err.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// ItemError says which attribute of an item breaks which rule. It is an [ErrBrokenItem].
type ItemError struct {
	// Table and OrderID name the item. In the table of menus OrderID is the item's key.
	Table, OrderID string
	// Attribute is the attribute that is wrong.
	Attribute string
	// Rule completes the sentence that begins with the attribute. It never quotes the value, which might be a token.
	Rule string
}

func (e *ItemError) Error() string {
	return fmt.Sprintf("%v: table %s, item %s: %s %s", ErrBrokenItem, e.Table, e.OrderID, e.Attribute, e.Rule)
}

// Unwrap returns [ErrBrokenItem].
func (e *ItemError) Unwrap() error { return ErrBrokenItem }

// kindOf sorts the errors of the SDK. The codes are those of "Error handling with DynamoDB" in the Amazon DynamoDB
// Developer Guide; only the message tells that a key or an index is wrong.
func kindOf(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "ResourceNotFoundException":
			return ErrNoTable
		case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
			"LimitExceededException":
			return ErrThrottled
		case "TransactionConflictException", "ReplicatedWriteConflictException":
			return ErrContended
		case "ItemCollectionSizeLimitExceededException":
			return ErrTooLarge
		case "InternalServerError", "InternalFailure", "ServiceUnavailable":
			return ErrUnavailable
		case "RequestTimeTooSkewed", "RequestExpired":
			return ErrClock
		case "AccessDeniedException", "KMSAccessDeniedException", "NotAuthorized", "OptInRequired":
			return ErrAccessDenied
		case "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException",
			"MissingAuthenticationTokenException", "MissingAuthenticationToken", "IncompleteSignatureException",
			"InvalidClientTokenId":
			return ErrCredentials
		case "ValidationException":
			return invalidKind(api.ErrorMessage())
		}
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return ErrUnreachable
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return ErrUnreachable
	}
	// The SDK has no error type for missing credentials.
	if text := err.Error(); strings.Contains(text, "get identity") || strings.Contains(text, "retrieve credentials") {
		return ErrCredentials
	}
	return nil
}

func invalidKind(message string) error {
	message = strings.ToLower(message)
	switch {
	case strings.Contains(message, "does not have the specified index"):
		return ErrNoIndex
	case strings.Contains(message, "item size"):
		return ErrTooLarge
	}
	for _, sign := range []string{
		"key element does not match the schema", "missed key schema element", "number of conditions on the keys is invalid",
		"type mismatch for index key", "type mismatch for key", "missing the key",
		"condition parameter type does not match schema type",
		"starting key is invalid", "starting key does not match", "starting key is outside", "exclusive start key",
	} {
		if strings.Contains(message, sign) {
			return ErrWrongKeys
		}
	}
	return nil
}

// isInvalid reports whether DynamoDB called a request invalid.
func isInvalid(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "ValidationException"
}

func invalidCursor() error {
	return &ordermanager.RequestError{Field: "cursor", Rule: "is not from a page of this listing"}
}

// unlistable is the error that names the missing part of a query.
type unlistable struct{ ordermanager.RequestError }

func (e *unlistable) Unwrap() []error { return []error{ErrUnlistable, &e.RequestError} }
