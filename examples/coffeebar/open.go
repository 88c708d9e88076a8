package main

import (
	"context"
	"log/slog"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/httpapi"
)

// open opens the file and connects the parts. It changes no order.
func open(ctx context.Context, s settings, lifecycle table, log *slog.Logger) (*bar, error) {
	if err := prepareFile(s.db, s.reset); err != nil {
		return nil, err
	}
	db, err := sqlitestore.Open(ctx, s.db)
	if err != nil {
		return nil, err
	}
	b := &bar{
		db: db, table: lifecycle, board: newBoard(lifecycle), feed: httpapi.NewFeed(),
		shelfTimeout: s.shelfTimeout, log: log,
	}
	if err := b.assemble(ctx, s, log); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bar) assemble(ctx context.Context, s settings, log *slog.Logger) error {
	store, err := sqlitestore.New(ctx, b.db)
	if err != nil {
		return err
	}
	if b.menu, err = openMenu(ctx, b.db); err != nil {
		return err
	}
	if s.seed {
		if err := seed(ctx, b.db, store, b.menu, b.table, s); err != nil {
			return err
		}
	}
	b.workflow, err = workflow.New(ctx, b.db, &workflow.Options{
		DrinkTimeout: s.drinkTimeout, CompletionTimeout: s.completionTimeout,
		Limits: capacity.Limits{MaxInQueue: maxInQueue, MaxPerCustomer: maxPerCustomer}, Logger: log,
	})
	if err != nil {
		return err
	}
	// The feed comes last: its listeners look at the board.
	b.manager, err = ordermanager.New(b.feed.Store(b.board.store(store)), b.menu, b.workflow, &ordermanager.Options{
		Lifecycle: b.table.Lifecycle, Logger: log,
	})
	if err != nil {
		return err
	}
	b.workflow.Connect(b.manager)
	return b.fillBoard(ctx, store)
}
