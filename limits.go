package ordermanager

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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
	// MaxRequestBytes limits the JSON of one request or notification.
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
	// MaxClaimHistory limits how many entries a history can have before the order cannot be claimed any more.
	// It leaves room below MaxHistory for what the workflow still has to register.
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
	if rule := idRule(value, limit); rule != "" {
		return invalid(field, rule)
	}
	return nil
}

// checkText checks a text that may be empty.
func checkText(field, value string, limit int) error {
	if rule := textRule(value, limit); rule != "" {
		return invalid(field, rule)
	}
	return nil
}

// textRule returns the rule that a text breaks, or "".
func textRule(value string, limit int) string {
	switch {
	case len(value) > limit:
		return "is longer than " + strconv.Itoa(limit) + " bytes"
	case plain(value):
		return ""
	case !utf8.ValidString(value):
		return "is not valid UTF-8"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "contains a control character"
	}
	return ""
}

// idRule returns the rule that an identifier breaks, or "". Two identifiers that look the same on a screen would be
// two orders that nobody can tell apart, so only what can be seen may be in one. Letters that look alike in two
// scripts are told apart all the same.
func idRule(value string, limit int) string {
	if len(value) <= limit && folded(value) && value[0] != '.' { // a quick yes for what nearly every identifier is
		return ""
	}
	rule := textRule(value, limit)
	switch {
	case rule != "":
		return rule
	case value == "." || value == "..":
		return "is " + value + ", which no address can name"
	case strings.TrimSpace(value) != value:
		return "begins or ends with a space"
	case plain(value):
		return ""
	case strings.ContainsRune(value, utf8.RuneError):
		return "contains U+FFFD, which stands for something that could not be read"
	case strings.ContainsFunc(value, unseen):
		return "contains a character that cannot be seen"
	}
	return ""
}

// plain is a quick yes for what nearly every identifier is: printable ASCII.
func plain(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}

func invalid(field, rule string) error { return &RequestError{Field: field, Rule: rule} }

// tidy turns somebody's text into one line, shortened to the limit: a text that explains an action must not prevent it.
func tidy(text string, limit int) string {
	if len(text) <= limit && plain(text) {
		return text
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if len(text) <= limit {
		return text
	}
	const more = "…"
	return strings.ToValidUTF8(text[:limit-len(more)], "") + more
}

// join lists names in a sentence.
func join[T any](all []T, name func(T) string) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = name(one)
	}
	return strings.Join(names, ", ")
}

// clip shortens a value for a message without cutting a character in two.
func clip(value string) string {
	if len(value) <= MaxNameBytes {
		return value
	}
	return strings.ToValidUTF8(value[:MaxNameBytes], "")
}
