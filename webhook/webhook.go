// Package webhook posts each event of an order to a URL as a CloudEvent. It is signed, so the receiver knows who sent
// it, and when.
//
//	hook, err := webhook.New("https://board.example/events", []string{secret}, nil)
//	manager, err := ordermanager.New(store, menu, resumer, &ordermanager.Options{
//		Publishers: map[string]ordermanager.Publisher{"board": hook},
//	})
//
// The body is CloudEvents 1.0 in JSON, and the signature is that of Standard Webhooks (HMAC-SHA256, in the headers
// webhook-id, webhook-timestamp and webhook-signature). Most languages have libraries for both; in Go, use [Receiver].
// docs/events.md shows a request.
//
// A receiver answers 2xx once it has stored the event. An event may come twice, with the same webhook-id, and events
// may arrive out of order.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/brewline/ordermanager"
)

// Options configures a Publisher. Nil and the zero Options mean the defaults.
type Options struct {
	// Source is the CloudEvents attribute source, a URI reference that names the shop. Source and id together must be
	// unique among the events that a receiver gets. Default: "/ordermanager".
	Source string
	// Timeout limits each POST. An action waits for it. Default: 5 seconds.
	Timeout time.Duration
	// Transport sends the requests; set it for custom certificates, proxies or tracing. Default: [http.DefaultTransport].
	Transport http.RoundTripper
}

// Publisher is an [ordermanager.Publisher] that posts to one address. It is safe for concurrent use. Printed, it shows
// only the host of the address.
type Publisher struct {
	host    string
	source  string
	timeout time.Duration
	client  http.Client
	// request builds the request for an event. The address and the secrets are in its closure, so printing a Publisher
	// cannot show them.
	request func(ctx context.Context, id string, body []byte) (*http.Request, error)
}

var _ ordermanager.Publisher = (*Publisher)(nil)

// New returns a Publisher that posts to a URL. It begins with https://, or with http://, where anybody on the way can
// read the events. Errors never contain the parts that may be secret: user name, password, path and query.
//
// Each request is signed with every secret. One is enough; use two while a receiver moves from the old to the new. A
// secret is base64 of 24 to 64 random bytes, with or without the prefix "whsec_": "openssl rand -base64 32" makes one.
// Use a different one for each address.
//
// It does no I/O. Its errors are [ordermanager.ErrInvalidOptions].
func New(address string, secrets []string, options *Options) (*Publisher, error) {
	if options == nil {
		options = &Options{}
	}
	p := &Publisher{
		source:  options.Source,
		timeout: options.Timeout,
		client: http.Client{
			Transport: options.Transport,
			// A receiver must not be able to send customers' data elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if p.source == "" {
		p.source = "/ordermanager"
	}
	if p.timeout == 0 {
		p.timeout = 5 * time.Second
	}
	var faults []error
	fault := func(what string) { faults = append(faults, fmt.Errorf("%w: %s", ordermanager.ErrInvalidOptions, what)) }
	to, err := url.Parse(address)
	switch {
	case err != nil: // err contains the address
		fault("the address of the webhook is not a URL")
	case to.Scheme != "https" && to.Scheme != "http" || to.Hostname() == "":
		fault("the address of the webhook does not begin with https:// and a host")
	default:
		p.host = to.Scheme + "://" + to.Host
	}
	if _, err := url.Parse(p.source); err != nil {
		fault("the source is not a URI reference")
	}
	if p.timeout < 0 {
		fault("the time-out is negative")
	}
	keys, err := keysOf(secrets)
	if err != nil {
		fault(err.Error())
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	p.request = func(ctx context.Context, id string, body []byte) (*http.Request, error) {
		return signed(ctx, address, keys, id, body)
	}
	return p, nil
}

// String returns "webhook" and the host of the address.
func (p *Publisher) String() string { return "webhook " + p.host }

// GoString returns [Publisher.String], so that %#v shows no more.
func (p *Publisher) GoString() string { return p.String() }

// signed builds the request for an event, signed with each key at the time of the attempt.
func signed(
	ctx context.Context, address string, keys []*standardwebhooks.Webhook, id string, body []byte,
) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the request cannot be made") // err contains the address
	}
	now := time.Now()
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", "ordermanager")
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	signatures := ""
	for _, key := range keys {
		signature, err := key.Sign(id, now, body)
		if err != nil {
			return nil, err
		}
		if signatures != "" {
			signatures += " "
		}
		signatures += signature
	}
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signatures)
	return r, nil
}

// Publish implements [ordermanager.Publisher] with one request for each event. It stops at an event that failed but may
// be accepted later, so that later ones do not overtake it; an undeliverable event does not stop it.
//
// An error is an [*ordermanager.PublishError]. Answers of 408, 425, 429 or 5xx and transport errors may pass; whether
// such an event was received is unknown. Any other answer but 2xx, including a redirect, wraps
// [ordermanager.ErrUndeliverable]: the address or the receiver is wrong.
func (p *Publisher) Publish(ctx context.Context, events []ordermanager.Event) error {
	failed := map[string]error{}
	for i := range events {
		err := p.post(ctx, &events[i])
		if err == nil {
			continue
		}
		failed[events[i].ID] = err
		if errors.Is(err, ordermanager.ErrUndeliverable) {
			continue
		}
		for _, later := range events[i+1:] {
			failed[later.ID] = errNotSent
		}
		break
	}
	if len(failed) > 0 {
		return &ordermanager.PublishError{Failed: failed}
	}
	return nil
}

var errNotSent = errors.New("not sent, because an event before it was not accepted")

// post posts one event.
func (p *Publisher) post(ctx context.Context, e *ordermanager.Event) error {
	body, err := encode(e, p.source)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	request, err := p.request(ctx, deliveryID(e), body)
	if err != nil {
		return fmt.Errorf("%s: %w", p.host, err)
	}
	answer, err := p.client.Do(request)
	if err != nil {
		// The outer error contains the address.
		if outer, ok := errors.AsType[*url.Error](err); ok {
			err = outer.Err
		}
		return fmt.Errorf("%s: %w", p.host, err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols { // whose body is the connection, which no time-out ends
		_, _ = io.CopyN(io.Discard, answer.Body, 4<<10) // a short body, so that the connection can be reused
	}
	_ = answer.Body.Close()
	status := answer.StatusCode
	refusal := fmt.Errorf("%s answers %d %s", p.host, status, http.StatusText(status)) // not in the receiver's words
	switch {
	case status/100 == 2:
		return nil
	case status >= 500:
		return refusal
	case status/100 == 3:
		return fmt.Errorf("%w, and redirects are not followed: %w", refusal, ordermanager.ErrUndeliverable)
	}
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return refusal
	}
	return fmt.Errorf("%w: %w", refusal, ordermanager.ErrUndeliverable)
}
