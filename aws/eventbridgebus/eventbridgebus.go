// Package eventbridgebus publishes the events of orders on Amazon EventBridge, with the names, the source and the
// fields of the Serverlesspresso sample, so that existing rules and consumers keep working.
//
//	bus, err := eventbridgebus.New(eventbridge.NewFromConfig(cfg), nil)
//	manager, err := ordermanager.New(store, menu, resumer, &ordermanager.Options{Publisher: bus})
//
// It needs the permission events:PutEvents on the bus.
//
// Every detail also has the fields id and version, which the sample's do not. An event may arrive twice, and events may
// arrive out of order: consumers drop duplicates by id and stale events of an order by version. No detail contains a
// task token.
package eventbridgebus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// API is the part of the EventBridge client that is used; [*eventbridge.Client] has it.
type API interface {
	PutEvents(
		ctx context.Context, in *eventbridge.PutEventsInput, options ...func(*eventbridge.Options),
	) (*eventbridge.PutEventsOutput, error)
}

// Options configures a Publisher. Nil and the zero Options mean the defaults.
type Options struct {
	// Bus is the name or ARN of the event bus. Default: [serverlesspresso.EventBus].
	Bus string
	// Dialect determines how the state of an order is spelt. Default: [serverlesspresso.Workshop].
	Dialect serverlesspresso.Dialect
}

// Publisher is an [ordermanager.Publisher] on EventBridge. It is safe for concurrent use if its client is, as the SDK's
// are.
type Publisher struct {
	client  API
	bus     string
	dialect serverlesspresso.Dialect
	backoff retry.BackoffDelayer
}

var _ ordermanager.Publisher = (*Publisher)(nil)

// New returns a Publisher that uses the client. It does no I/O. An unknown dialect is [ordermanager.ErrInvalidOptions].
func New(client API, options *Options) (*Publisher, error) {
	if options == nil {
		options = &Options{}
	}
	p := &Publisher{
		client:  client,
		bus:     options.Bus,
		dialect: options.Dialect,
		backoff: retry.NewExponentialJitterBackoff(retry.DefaultMaxBackoff),
	}
	if p.bus == "" {
		p.bus = serverlesspresso.EventBus
	}
	if p.dialect == "" {
		p.dialect = serverlesspresso.Workshop
	}
	if !p.dialect.Known() {
		return nil, fmt.Errorf("%w: there is no dialect %q", ordermanager.ErrInvalidOptions, p.dialect)
	}
	return p, nil
}

// The limits of one call: "PutEvents" in the Amazon EventBridge API Reference, and "Calculating PutEvents event entry
// size" in the Amazon EventBridge User Guide, where the smaller figure holds in every region.
const (
	maxEntries = 10
	maxBytes   = 256 << 10
)

// maxAttempts limits how often an entry is sent that fails in a successful call; it is the SDK's limit for a failing
// call.
const maxAttempts = retry.DefaultMaxAttempts

// Publish implements [ordermanager.Publisher] with as few calls of PutEvents as its limits allow. The service may
// accept a call but fail some of its entries: those are retried, three attempts in all, with growing delays, while the
// context lasts. It stops at an event that failed but may be accepted later, so that later ones do not overtake it; an
// undeliverable event does not stop it.
//
// An error is an [*ordermanager.PublishError]. It wraps [ordermanager.ErrUndeliverable] if a retry cannot help: no
// permission, wrong or expired credentials, no such bus, an entry that the service refuses, an event without a type.
// After any other error (throttling, a failure of the service or on the way to it) it is unknown whether the events
// that it names were accepted.
func (p *Publisher) Publish(ctx context.Context, events []ordermanager.Event) error {
	failed := map[string]error{}
	var batch []outgoing
	for i := range events {
		entry, err := entryOf(&events[i], p.bus, p.dialect)
		if err != nil {
			failed[events[i].ID] = err
			continue
		}
		batch = append(batch, outgoing{events[i].ID, entry})
	}
	for len(batch) > 0 {
		n := fitting(batch)
		goOn := p.put(ctx, batch[:n], failed)
		batch = batch[n:]
		if !goOn {
			for _, o := range batch {
				failed[o.id] = errNotSent
			}
			break
		}
	}
	if len(failed) > 0 {
		return &ordermanager.PublishError{Failed: failed}
	}
	return ctx.Err()
}

// outgoing is an event as an entry of PutEvents.
type outgoing struct {
	id    string
	entry types.PutEventsRequestEntry
}

// fitting returns how many entries fit into the next call: at least one, as the service decides whether a single entry
// is too large.
func fitting(batch []outgoing) int {
	bytes := 0
	for i := range batch {
		bytes += size(&batch[i].entry)
		if i == maxEntries || i > 0 && bytes >= maxBytes {
			return i
		}
	}
	return len(batch)
}

// size returns the size of an entry as the service counts it; its time counts 14 bytes.
func size(entry *types.PutEventsRequestEntry) int {
	return 14 + len(*entry.Source) + len(*entry.DetailType) + len(*entry.Detail)
}

// put sends the entries of one call, and retries those that fail temporarily. It notes which are not accepted, and
// reports whether later ones may be sent.
func (p *Publisher) put(ctx context.Context, batch []outgoing, failed map[string]error) bool {
	for attempt := 1; ; attempt++ {
		again, err := p.send(ctx, batch, failed)
		if err != nil {
			for _, o := range batch {
				failed[o.id] = err
			}
			return false
		}
		if len(again) == 0 {
			return true
		}
		if attempt == maxAttempts {
			return false
		}
		if err := p.wait(ctx, attempt); err != nil {
			for _, o := range again {
				failed[o.id] = errors.Join(failed[o.id], err)
			}
			return false
		}
		batch = again
	}
}

// errNotSent keeps events from overtaking one that may be accepted later.
var errNotSent = errors.New("eventbridgebus: not sent, because an event before it failed")

// send makes one call, notes which entries are not accepted, and returns those worth a retry.
func (p *Publisher) send(ctx context.Context, batch []outgoing, failed map[string]error) (again []outgoing, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries := make([]types.PutEventsRequestEntry, len(batch))
	for i := range batch {
		entries[i] = batch[i].entry
	}
	out, err := p.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		return nil, classify(err)
	}
	if len(out.Entries) != len(entries) {
		return nil, fmt.Errorf("eventbridgebus: %d events were sent and %d answered", len(entries), len(out.Entries))
	}
	for i, result := range out.Entries {
		code := aws.ToString(result.ErrorCode)
		if code == "" {
			delete(failed, batch[i].id)
			continue
		}
		reason := fmt.Errorf("eventbridgebus: %s: %s: %s", *entries[i].DetailType, code, aws.ToString(result.ErrorMessage))
		if permanent(code) {
			failed[batch[i].id] = fmt.Errorf("%w: %w", ordermanager.ErrUndeliverable, reason)
			continue
		}
		failed[batch[i].id] = reason
		again = append(again, batch[i])
	}
	return again, nil
}

// wait waits for the delay after an attempt.
func (p *Publisher) wait(ctx context.Context, attempt int) error {
	delay, err := p.backoff.BackoffDelay(attempt, nil)
	if err != nil {
		return err
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
