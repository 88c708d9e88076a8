// Package eventbridgebus publishes the events of orders on Amazon EventBridge, with the names, the source and the
// fields of the Serverlesspresso sample, so that rules and consumers made for it keep working.
//
//	bus, err := eventbridgebus.New(eventbridge.NewFromConfig(cfg), nil)
//	manager, err := ordermanager.New(store, menu, resumer, &ordermanager.Options{Publisher: bus})
//
// It needs the permission events:PutEvents on the bus.
//
// Every detail also has the fields id and version, which the sample does not know. The same event may arrive twice and
// events may overtake each other: a consumer drops duplicates by id and stale news of an order by version. No detail
// contains a task token.
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
	PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, options ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Options is everything about a Publisher that has a default. The zero Options, and nil, are fine.
type Options struct {
	// Bus is the name or ARN of the event bus. Default: [serverlesspresso.EventBus].
	Bus string
	// Dialect is how the state of an order is spelt. Default: [serverlesspresso.Workshop].
	Dialect serverlesspresso.Dialect
}

// Publisher is an [ordermanager.Publisher] on EventBridge. It is safe for concurrent use if its client is, as those of
// the SDK are.
type Publisher struct {
	client  API
	bus     string
	dialect serverlesspresso.Dialect
	backoff retry.BackoffDelayer
}

var _ ordermanager.Publisher = (*Publisher)(nil)

// New returns a Publisher that uses the client. It does no I/O. A dialect that does not exist is
// [ordermanager.ErrInvalidOptions].
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
// size" in the Amazon EventBridge User Guide, of which the smaller figure is taken: it holds in every region.
const (
	maxEntries = 10
	maxBytes   = 256 << 10
)

// maxAttempts is how often an entry is sent that fails inside an accepted call; as often as the SDK sends a call that
// fails.
const maxAttempts = retry.DefaultMaxAttempts

// Publish implements [ordermanager.Publisher] with as few calls of PutEvents as its limits allow. The service may
// accept a call and fail some of its entries: those are sent again, up to three times and with growing delays, as long
// as the context lasts. It stops at an event that fails although it may be accepted later, so that what follows does
// not overtake it; one that never will be accepted holds nothing up.
//
// An error is an [*ordermanager.PublishError]. It wraps [ordermanager.ErrUndeliverable] when repeating cannot cure it:
// no permission, wrong or expired credentials, no such bus, an entry that the service does not take, an event type that
// has no name here. Of any other error (throttling, a failure of the service or on the way to it) it is unknown whether
// the events that it names were accepted.
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

// outgoing is an event in the form of the service.
type outgoing struct {
	id    string
	entry types.PutEventsRequestEntry
}

// fitting returns how many entries the next call can take, at least one: whether an entry is too large alone is the
// service's decision.
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

// size is the size of an entry as the service counts it; its time counts 14 bytes.
func size(entry *types.PutEventsRequestEntry) int {
	return 14 + len(*entry.Source) + len(*entry.DetailType) + len(*entry.Detail)
}

// put sends the entries of one call, and again those of them that fail for a while. It notes which are not accepted,
// and reports whether others may be sent after them.
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

// send makes one call, notes which entries are not accepted, and returns those that are worth another.
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
