package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/brewline/ordermanager"
)

// ErrUnverified is returned for a request without a valid, recent signature: it is missing, wrong, or more than five
// minutes off. Trust nothing in such a request; answer it with 401.
var ErrUnverified = errors.New("the webhook has no valid, recent signature")

// Receiver receives what a [Publisher] posts. It is safe for concurrent use.
type Receiver struct {
	// verify holds the secrets.
	verify func(body []byte, header http.Header) error
}

// NewReceiver returns a Receiver that accepts signatures made with any of the secrets; see [New] for their form. Its
// errors are [ordermanager.ErrInvalidOptions].
func NewReceiver(secrets ...string) (*Receiver, error) {
	keys, err := keysOf(secrets)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ordermanager.ErrInvalidOptions, err)
	}
	return &Receiver{func(body []byte, header http.Header) error { return verify(keys, body, header) }}, nil
}

func verify(keys []*standardwebhooks.Webhook, body []byte, header http.Header) (err error) {
	for _, key := range keys {
		if err = key.Verify(body, header); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: %w", ErrUnverified, err)
}

// Event reads the body of a request, at most [ordermanager.MaxRequestBytes] of it, verifies its signature and returns
// the event. An event that is sent again has the same ID: drop duplicates by it.
//
// Errors: [ErrUnverified]; [ordermanager.ErrInvalidRequest] for a body that is too large, or signed but not an event;
// and errors of reading the body.
func (v *Receiver) Event(r *http.Request) (ordermanager.Event, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, ordermanager.MaxRequestBytes+1))
	if err != nil {
		return ordermanager.Event{}, err
	}
	if len(body) > ordermanager.MaxRequestBytes {
		return ordermanager.Event{}, fmt.Errorf("%w: the body is larger than %d bytes",
			ordermanager.ErrInvalidRequest, ordermanager.MaxRequestBytes)
	}
	if err := v.verify(body, r.Header); err != nil {
		return ordermanager.Event{}, err
	}
	return decode(body)
}
