package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/watch"
)

const (
	// shownOrders is how many orders of a state are shown.
	shownOrders = 60
	// shownReady is how many of the latest ready orders are shown where there is no shelf.
	shownReady = 8
)

// newest returns the latest orders of a customer, or in a state, with their history. An order that cannot be read is
// passed over, as it is in the library's listings: one odd row must not close the bar.
func (b *bar) newest(ctx context.Context, q ordermanager.Query, most int) ([]ordermanager.Order, error) {
	q.Newest, q.Limit = true, most
	page, err := b.manager.Page(ctx, q)
	if err != nil {
		return nil, err
	}
	orders := make([]ordermanager.Order, 0, len(page.Orders))
	for _, listed := range page.Orders {
		switch o, err := b.manager.Order(ctx, listed.ID); {
		case err == nil:
			orders = append(orders, o)
		case ctx.Err() != nil:
			return nil, err
		default:
			b.log.WarnContext(ctx, "not shown", "order", listed.ID, "error", err)
		}
	}
	return orders, nil
}

// fillBoard shows the board what exists when the bar opens. It will see again what others change meanwhile.
func (b *bar) fillBoard(ctx context.Context, store watch.Watcher) error {
	now, err := store.Changes(ctx, "", 0)
	if err != nil {
		return err
	}
	b.board.position, b.board.since = now.Position, time.Now()
	open, err := json.Marshal(b.table.open())
	if err != nil {
		return err
	}
	// A single statement, so that no order is counted in two states.
	rows, err := b.db.QueryContext(ctx, `SELECT state, count(*), '', 0 FROM ordermanager_orders GROUP BY state UNION ALL
		SELECT state, 0, id, version FROM ordermanager_orders WHERE state IN (SELECT value FROM json_each(?))`, string(open))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var state ordermanager.State
		var id string
		var count, version int
		if err := rows.Scan(&state, &count, &id, &version); err != nil {
			return err
		}
		if b.board.counts[state] += count; id != "" {
			b.board.known[id] = counted{version: version, state: state}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, state := range b.table.ended() {
		orders, err := b.newest(ctx, ordermanager.Query{State: state}, remembered)
		if err != nil {
			return err
		}
		for _, o := range orders {
			b.board.remember(o)
		}
	}
	return nil
}

// inState lists the orders in a state, oldest first, except those whose drink has not been chosen.
func (s *site) inState(ctx context.Context, state ordermanager.State) ([]ordermanager.Order, error) {
	var found []ordermanager.Order
	for o, err := range s.manager.Orders(ctx, ordermanager.Query{State: state}) {
		if err != nil {
			return nil, err
		}
		if o.Drink != nil || state != s.table.Initial() {
			found = append(found, o)
		}
		if len(found) == shownOrders {
			break
		}
	}
	return found, nil
}
