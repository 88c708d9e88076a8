package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/brewline/ordermanager"
)

// ErrUnverified is returned for a request that nobody who has a secret sent just now: without a signature, with a wrong
// one, or with a time that is more than five minutes off. Nothing of such a request can be believed; 401 is an answer
// to it.
var ErrUnverified = errors.New("the webhook is not signed as it must be")

// Receiver receives what a [Publisher] posts. It is safe for concurrent use.
type Receiver struct {
	// verify alone knows the secrets.
	verify func(body []byte, header http.Header) error
}

// NewReceiver returns a Receiver that believes whoever signs with one of the secrets; see [New] for what they are. Its
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
// the event. One that comes again has the same ID, by which it is dropped.
//
// Errors: [ErrUnverified]; [ordermanager.ErrInvalidRequest] for what is too large, or signed and not an event; and that
// of reading the body.
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
