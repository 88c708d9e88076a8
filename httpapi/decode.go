package httpapi

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func invalid(field, rule string) error { return &ordermanager.RequestError{Field: field, Rule: rule} }

// parameters returns those of the query. A duplicate is refused, because it is ambiguous. So is a known name in the
// wrong case: without its action, a cancel would be a put.
type parameters url.Values

func parseParameters(r *http.Request) (parameters, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalid("query", "is not well-formed")
	}
	for _, known := range [...]string{"action", "eventId", "state", "maxItems", "cursor"} {
		if len(values[known]) > 1 {
			return nil, invalid(known, "is present more than once")
		}
		for name := range values {
			if name != known && strings.EqualFold(name, known) {
				return nil, invalid(name, "is not a parameter: write "+known)
			}
		}
	}
	return parameters(values), nil
}

// parseStaffParameters returns those of a question about everybody's orders, which is not for customers.
func parseStaffParameters(r *http.Request, actor ordermanager.Actor) (parameters, error) {
	if actor.Role == ordermanager.RoleCustomer {
		return nil, &refusal{code: "forbidden", detail: "customers have GET /myOrders"}
	}
	return parseParameters(r)
}

func (p parameters) get(name string) string { return url.Values(p).Get(name) }

// query reads the parameters of every listing: maxItems and cursor.
func (p parameters) query() (ordermanager.Query, error) {
	q := ordermanager.Query{Limit: ordermanager.DefaultPageSize, Cursor: p.get("cursor")}
	if text, given := p["maxItems"]; given {
		n, err := strconv.Atoi(text[0])
		if err != nil || n < 1 || n > ordermanager.MaxPageSize {
			return q, invalid("maxItems", fmt.Sprintf("is not between 1 and %d", ordermanager.MaxPageSize))
		}
		q.Limit = n
	}
	return q, nil
}

// venue reads the venue of requests that do not go through the Manager, which checks its own.
func (p parameters) venue() (string, error) {
	venue := p.get("eventId")
	return venue, ordermanager.CheckID("eventId", venue)
}

// idempotencyKey is the header that makes a request safe to repeat: it becomes the request id.
const idempotencyKey = "Idempotency-Key"

// parseAction reads a request for an action. The actor is the caller, whatever the body says.
func parseAction(w http.ResponseWriter, r *http.Request, actor ordermanager.Actor) (ordermanager.Request, error) {
	var none ordermanager.Request
	params, err := parseParameters(r)
	if err != nil {
		return none, err
	}
	keys := r.Header.Values(idempotencyKey)
	if len(keys) > 1 || len(keys) == 1 && keys[0] == "" {
		return none, invalid(idempotencyKey, "must be absent, or present once and not empty")
	}
	body, err := parseBody(w, r)
	if err != nil {
		return none, err
	}
	// The sample's apps name the user in the body. A barista's names the order's customer, and is ignored.
	if body.UserID != "" && body.UserID != actor.ID && actor.Role == ordermanager.RoleCustomer {
		detail := "body.userId names somebody other than the caller"
		return none, &refusal{code: "forbidden", field: "body.userId", detail: detail}
	}
	request := ordermanager.Request{
		Action:  ordermanager.Action(params.get("action")),
		OrderID: r.PathValue("id"),
		Venue:   params.get("eventId"),
		Actor:   actor,
		Drink:   body.Drink,
		Reason:  body.Reason,
	}
	if len(keys) == 1 {
		request.RequestID = keys[0]
	}
	return request, nil
}

// parseBody reads the body of a put. None at all counts as an empty one.
func parseBody(w http.ResponseWriter, r *http.Request) (serverlesspresso.Body, error) {
	body, err := readBody(w, r)
	if err != nil || len(body) == 0 {
		return serverlesspresso.Body{}, err
	}
	return serverlesspresso.ParseBody(body)
}

// readBody reads a body that is JSON or empty.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ordermanager.MaxRequestBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		detail := fmt.Sprintf("the body is longer than %d bytes", ordermanager.MaxRequestBytes)
		return nil, &refusal{code: codeTooLarge, detail: detail}
	}
	switch {
	case err != nil:
		return nil, invalid("body", "could not be read")
	case len(body) > 0 && !isJSON(r.Header):
		return nil, &refusal{code: codeUnsupportedMediaType, detail: "send the body as application/json, not encoded"}
	}
	return body, nil
}

// isJSON reports whether the headers say that the body is JSON. Without a type it is assumed to be.
func isJSON(header http.Header) bool {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	declared := header.Get("Content-Type")
	if declared == "" || declared == "application/json" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(declared)
	return err == nil && mediaType == "application/json"
}
