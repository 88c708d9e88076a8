package memory

import (
	"context"
	"slices"
	"sync"

	"github.com/brewline/ordermanager"
)

// Publisher is an [ordermanager.Publisher] that records events. The zero Publisher is ready to use.
type Publisher struct {
	// Hook is called around every "publish", with the order's identifier as the key. Set it before the publisher is used.
	Hook Hook

	mu     sync.Mutex
	events []ordermanager.Event
}

var _ ordermanager.Publisher = (*Publisher)(nil)

// Events returns what was published, oldest first, including duplicates.
func (p *Publisher) Events() []ordermanager.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

// Publish implements [ordermanager.Publisher].
func (p *Publisher) Publish(ctx context.Context, events []ordermanager.Event) error {
	if len(events) == 0 {
		return ctx.Err()
	}
	_, err := around(ctx, p.Hook, "publish", events[0].OrderID, func() (struct{}, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.events = append(p.events, events...)
		return struct{}{}, nil
	})
	return err
}
