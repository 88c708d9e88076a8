// Package eventbridgebus publishes the events of orders on Amazon EventBridge, with the names, the source and the fields of the
// Serverlesspresso sample, so that rules and consumers made for it keep working.
//
//	bus, err := eventbridgebus.New(eventbridge.NewFromConfig(cfg), nil)
//	manager, err := ordermanager.New(store, menu, resumer, &ordermanager.Options{Publisher: bus})
//
// It needs the permission events:PutEvents on the bus.
//
// Every detail also has the fields id and version, which the sample does not know. The same event may arrive twice and events may
// overtake each other: a consumer drops duplicates by id and stale news of an order by version. No detail contains a task
// token.
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
)

// API is the part of the EventBridge client that is used; [*eventbridge.Client] has it.
type API interface {
	PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, options ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Options is everything about a Publisher that has a default. The zero Options, and nil, are fine.
type Options struct {
	// Bus is the name or ARN of the event bus. Default: [DefaultBus].
	Bus string
	// Dialect is how the state of an order is spelt. Default: [Workshop].
	Dialect Dialect
}

// Publisher is an [ordermanager.Publisher] on EventBridge. It is safe for concurrent use if its client is, as those of the SDK are.
type Publisher struct {
	client  API
	bus     string
	dialect Dialect
	backoff retry.BackoffDelayer
}

var _ ordermanager.Publisher = (*Publisher)(nil)

// New returns a Publisher that uses the client. It does no I/O. A dialect that does not exist is [ordermanager.ErrInvalidOptions].
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
		p.bus = DefaultBus
	}
	if p.dialect != Workshop && p.dialect != Core {
		return nil, fmt.Errorf("%w: dialect %d does not exist", ordermanager.ErrInvalidOptions, p.dialect)
	}
	return p, nil
}

// The limits of one call: "PutEvents" in the Amazon EventBridge API Reference, and "Calculating PutEvents event entry size" in the
// Amazon EventBridge User Guide, of which the smaller figure is taken: it holds in every region.
const (
	maxEntries = 10
	maxBytes   = 256 << 10
)

// maxAttempts is how often an entry is sent that fails inside an accepted call; as often as the SDK sends a call that fails.
const maxAttempts = retry.DefaultMaxAttempts

// Publish implements [ordermanager.Publisher] with as few calls of PutEvents as its limits allow. The service may accept a call and fail
// some of its entries: those are sent again, up to three times and with growing delays, as long as the context lasts. It
// stops at the first call that is not accepted in full, so that what follows does not overtake what failed.
//
// An error wraps [ordermanager.ErrUndeliverable] when repeating cannot cure it: no permission, wrong or expired credentials, no such bus, an
// entry that the service does not take, an event type that has no name here. Of any other error (throttling, a failure of the
// service or on the way to it) it is unknown which events were accepted.
func (p *Publisher) Publish(ctx context.Context, events []ordermanager.Event) error {
	entries := make([]types.PutEventsRequestEntry, len(events))
	for i := range events {
		var err error
		if entries[i], err = p.entry(&events[i]); err != nil {
			return err
		}
	}
	for len(entries) > 0 {
		n := fitting(entries)
		if err := p.put(ctx, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return ctx.Err()
}

// fitting returns how many entries the next call can take, at least one: whether an entry is too large alone is the
// service's decision.
func fitting(entries []types.PutEventsRequestEntry) int {
	bytes := 0
	for i := range entries {
		bytes += size(&entries[i])
		if i == maxEntries || i > 0 && bytes >= maxBytes {
			return i
		}
	}
	return len(entries)
}

// size is the size of an entry as the service counts it; its time counts 14 bytes.
func size(entry *types.PutEventsRequestEntry) int {
	return 14 + len(*entry.Source) + len(*entry.DetailType) + len(*entry.Detail)
}

// put sends the entries of one call, and again those of them that fail for a while.
func (p *Publisher) put(ctx context.Context, entries []types.PutEventsRequestEntry) error {
	var refused []error
	for attempt := 1; ; attempt++ {
		failed, reasons, err := p.send(ctx, entries)
		if err != nil {
			return errors.Join(append(refused, err)...)
		}
		refused = append(refused, reasons.refused...)
		if len(failed) == 0 {
			return errors.Join(refused...)
		}
		if attempt == maxAttempts {
			return errors.Join(append(refused, reasons.failed...)...)
		}
		if err := p.wait(ctx, attempt); err != nil {
			return errors.Join(append(append(refused, reasons.failed...), err)...)
		}
		entries = failed
	}
}

// reasons are why entries were not accepted: refused for good, or failed for now.
type reasons struct{ refused, failed []error }

// send makes one call and returns the entries that are worth another.
func (p *Publisher) send(ctx context.Context, entries []types.PutEventsRequestEntry) (again []types.PutEventsRequestEntry, why reasons, err error) {
	if err := ctx.Err(); err != nil {
		return nil, why, err
	}
	out, err := p.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		return nil, why, classify(err)
	}
	if len(out.Entries) != len(entries) {
		return nil, why, fmt.Errorf("eventbridgebus: %d events were sent and %d answered", len(entries), len(out.Entries))
	}
	for i, result := range out.Entries {
		code := aws.ToString(result.ErrorCode)
		if code == "" {
			continue
		}
		reason := fmt.Errorf("eventbridgebus: %s: %s: %s", *entries[i].DetailType, code, aws.ToString(result.ErrorMessage))
		if permanent(code) {
			why.refused = append(why.refused, fmt.Errorf("%w: %w", ordermanager.ErrUndeliverable, reason))
			continue
		}
		why.failed = append(why.failed, reason)
		again = append(again, entries[i])
	}
	return again, why, nil
}

// wait lets the delay after an attempt pass.
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
