package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/brewline/ordermanager"
)

func invalid(field, rule string) error { return &ordermanager.RequestError{Field: field, Rule: rule} }

// parameters are those of the query. One that is there twice is refused: which was meant?
type parameters url.Values

func parseParameters(r *http.Request) (parameters, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalid("query", "is not well-formed")
	}
	for _, name := range [...]string{"action", "eventId", "state", "maxItems", "cursor"} {
		if len(values[name]) > 1 {
			return nil, invalid(name, "is there more than once")
		}
	}
	return parameters(values), nil
}

func (p parameters) get(name string) string { return url.Values(p).Get(name) }

// query reads what all listings have in common: maxItems and cursor.
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

// venue reads the venue for what goes past the Manager, which checks its own.
func (p parameters) venue() (string, error) {
	venue := p.get("eventId")
	if len(venue) > ordermanager.MaxIDBytes || !utf8.ValidString(venue) || strings.ContainsFunc(venue, unicode.IsControl) {
		return "", invalid("eventId", fmt.Sprintf("is not a text of at most %d bytes", ordermanager.MaxIDBytes))
	}
	return venue, nil
}

// idempotencyKey is the header that makes a request repeatable: it becomes the request id.
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
		return none, invalid(idempotencyKey, "must be there once, and not empty, or not at all")
	}
	request, err := parseBody(w, r)
	if err != nil {
		return none, err
	}
	// The sample's apps name the user in the body. For a barista that is the order's customer, and does not matter.
	if named := request.Actor.ID; named != "" && named != actor.ID && actor.Role == ordermanager.RoleCustomer {
		return none, &refusal{code: "forbidden", field: "body.userId", detail: "body.userId names somebody else than the caller"}
	}
	request.Action = ordermanager.Action(params.get("action"))
	request.OrderID = r.PathValue("id")
	request.Venue = params.get("eventId")
	request.Actor = actor
	if len(keys) == 1 {
		request.RequestID = keys[0]
	}
	return request, nil
}

// parseBody reads the body of a put, which is the "body" of the Manager's own JSON form. Nothing is read as an empty one.
func parseBody(w http.ResponseWriter, r *http.Request) (ordermanager.Request, error) {
	var request ordermanager.Request
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ordermanager.MaxRequestBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return request, &refusal{code: codeTooLarge, detail: fmt.Sprintf("the body is longer than %d bytes", ordermanager.MaxRequestBytes)}
	}
	switch {
	case err != nil:
		return request, invalid("body", "could not be read")
	case len(body) == 0:
		return request, nil
	case !isJSON(r.Header):
		return request, &refusal{code: codeUnsupportedMediaType, detail: "send the body as application/json, not encoded"}
	case !json.Valid(body):
		return request, invalid("body", "is not valid JSON")
	}
	// One valid value, so it cannot reach beyond its place.
	wrapped := append(append([]byte(`{"body":`), body...), '}')
	if err := json.Unmarshal(wrapped, &request); err != nil {
		if errors.Is(err, ordermanager.ErrInvalidRequest) {
			return request, err
		}
		return request, invalid("body", "is not valid JSON")
	}
	return request, nil
}

// isJSON reports whether the headers say that the body is JSON. A body without a type is taken for it.
func isJSON(header http.Header) bool {
	if encoding := header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return false
	}
	declared := header.Get("Content-Type")
	if declared == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(declared)
	return err == nil && mediaType == "application/json"
}
