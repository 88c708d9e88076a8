package ordermanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An event is owed to each publisher on its own. What a store keeps of that is a key: the request id alone for the
// publisher without a name, and " name request-id" for the others. No identifier begins with a space, and no name has
// one.

// SplitOwed tells which publisher, by its name in [Options].Publishers, is owed the event of which history entry, by
// its request id, from an element of [Order].OwedEvents. The name is empty for [Options].Publisher.
func SplitOwed(key string) (publisher, requestID string) {
	if named, ok := strings.CutPrefix(key, " "); ok {
		publisher, requestID, _ = strings.Cut(named, " ")
		return publisher, requestID
	}
	return "", key
}

func owedKey(publisher, requestID string) string {
	if publisher == "" {
		return requestID
	}
	return " " + publisher + " " + requestID
}

// fanout is the publishers of a Manager by name, the one without a name under "".
type fanout struct {
	publishers map[string]Publisher
	names      []string // sorted
}

func newFanout(options *Options) fanout {
	f := fanout{publishers: maps.Clone(options.Publishers)}
	if options.Publisher != nil {
		if f.publishers == nil {
			f.publishers = map[string]Publisher{}
		}
		f.publishers[""] = options.Publisher
	}
	f.names = slices.Sorted(maps.Keys(f.publishers))
	return f
}

// checkPublishers says everything that is wrong with the publishers.
func checkPublishers(options *Options) (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrInvalidOptions}, args...)...))
	}
	for _, name := range slices.Sorted(maps.Keys(options.Publishers)) {
		odd := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
		switch {
		case name == "" || len(name) > MaxPublisherNameBytes || odd:
			fault("the publisher's name %q is not up to %d lower-case letters, digits and hyphens",
				clip(name), MaxPublisherNameBytes)
		case options.Publishers[name] == nil:
			fault("the publisher %s is nil", name)
		}
	}
	if n := len(newFanout(options).names); n > MaxPublishers {
		fault("there are %d publishers, and the most are %d", n, MaxPublishers)
	}
	return faults
}

// owed is what goes on record when an entry is announced: its event, to each publisher.
func (f *fanout) owed(event EventType, requestID string) []string {
	if event == "" || len(f.names) == 0 {
		return nil
	}
	keys := make([]string, len(f.names))
	for i, name := range f.names {
		keys[i] = owedKey(name, requestID)
	}
	return keys
}

// share is what an order owes to one publisher.
type share struct {
	name      string
	publisher Publisher // nil if the Manager does not have it
	requests  []string
}

func (s *share) String() string {
	if s.name == "" {
		return "the publisher"
	}
	return "publisher " + s.name
}

// shares are in the order of the names, so that a delivery can be repeated step by step.
func (f *fanout) shares(o *Order) []share {
	var shares []share
	for _, key := range o.OwedEvents {
		name, requestID := SplitOwed(key)
		i, found := slices.BinarySearchFunc(shares, name, func(s share, name string) int { return cmp.Compare(s.name, name) })
		if !found {
			shares = slices.Insert(shares, i, share{name: name, publisher: f.publishers[name]})
		}
		shares[i].requests = append(shares[i].requests, requestID)
	}
	return shares
}

// publish publishes what one publisher is owed and returns the keys of what it accepted.
func (m *Manager) publish(ctx context.Context, o *Order, to *share) (accepted []string, err error) {
	if to.publisher == nil {
		return nil, fmt.Errorf("events are owed to %s, which this Manager does not have: %w", to, ErrUndeliverable)
	}
	var unknown []error
	events := make([]Event, 0, len(to.requests))
	keys := make(map[string]string, len(to.requests)) // by event
	for _, id := range to.requests {
		event, err := m.table.event(o, id)
		if err != nil {
			unknown = append(unknown, err)
			continue
		}
		events = append(events, event)
		keys[event.ID] = owedKey(to.name, id)
	}
	if len(events) == 0 {
		return nil, errors.Join(unknown...)
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Version, b.Version) })
	err = m.publishAll(ctx, o.ID, to, events)
	partly, _ := errors.AsType[*PublishError](err)
	for i := range events {
		if id := events[i].ID; err == nil || partly != nil && partly.Failed[id] == nil {
			accepted = append(accepted, keys[id])
		}
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", to, err)
	}
	return accepted, errors.Join(append(unknown, err)...)
}

func (m *Manager) publishAll(ctx context.Context, orderID string, to *share, events []Event) (err error) {
	var traces []string
	for i := range events {
		traces = withTrace(traces, events[i].Trace)
	}
	operation := Operation{Name: "publish", OrderID: orderID, Publisher: to.name, Events: len(events), Traces: traces}
	ctx, end := m.begin(ctx, operation)
	defer func() { end(Ending{Err: err}) }()
	defer recovered(&err)
	return to.publisher.Publish(ctx, events)
}
