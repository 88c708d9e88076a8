package ordermanager

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/brewline/ordermanager/internal/texts"
)

// An event is owed to each publisher separately. A store keeps a key for each: the request id for the publisher without
// a name, and " name request-id" for the others. No identifier begins with a space, and no name contains one.

// SplitOwed splits an element of [Order].OwedEvents into the publisher's name in [Options].Publishers, empty for
// [Options].Publisher, and the request id of the history entry whose event it is owed.
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

func newFanout(unnamed Publisher, named map[string]Publisher) fanout {
	f := fanout{publishers: maps.Clone(named)}
	if unnamed != nil {
		if f.publishers == nil {
			f.publishers = map[string]Publisher{}
		}
		f.publishers[""] = unnamed
	}
	f.names = slices.Sorted(maps.Keys(f.publishers))
	return f
}

// checkPublishers reports everything that is wrong with the publishers.
func checkPublishers(unnamed Publisher, named map[string]Publisher) (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrInvalidOptions}, args...)...))
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		odd := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
		switch {
		case name == "" || len(name) > MaxPublisherNameBytes || odd:
			fault("the publisher's name %q is not up to %d lower-case letters, digits and hyphens",
				texts.Clip(name, MaxNameBytes), MaxPublisherNameBytes)
		case named[name] == nil:
			fault("the publisher %s is nil", name)
		}
	}
	if n := len(newFanout(unnamed, named).names); n > MaxPublishers {
		fault("there are %d publishers, and at most %d are allowed", n, MaxPublishers)
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

// shares are sorted by name, so that deliveries are deterministic.
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
