package ordermanager_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/looplab/fsm"

	"github.com/brewline/ordermanager"
)

// BenchmarkActions compares each action, on orders that take turns so that no cache holds them, with a looplab machine that is built and
// fired. What is measured of the Manager is all of it: checks, menu, guarded write with history and request id, answer to the workflow, settlement.
func BenchmarkActions(b *testing.B) {
	const turns = 1024
	customer, barista, other := ordermanager.Customer("1"), ordermanager.Barista("3"), ordermanager.Barista("4")
	drink := ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat"}}
	var (
		put      = ordermanager.Request{Action: "put", Actor: customer, Drink: drink}
		claim    = ordermanager.Request{Action: "make", Actor: barista}
		unmake   = ordermanager.Request{Action: "unmake", Actor: barista}
		complete = ordermanager.Request{Action: "complete", Actor: barista}
		cancel   = ordermanager.Request{Action: "cancel", Actor: customer}
		refused  = ordermanager.Request{Action: "complete", Actor: other}
	)
	for _, row := range []struct {
		name   string
		before []ordermanager.Request
		give   ordermanager.Request
		again  bool // the same order can be asked again
	}{
		{"put", nil, put, false},
		{"make", []ordermanager.Request{put}, claim, false},
		{"unmake", []ordermanager.Request{put, claim}, unmake, false},
		{"complete", []ordermanager.Request{put, claim}, complete, false},
		{"cancel", []ordermanager.Request{put, claim}, cancel, false},
		{"claimed", []ordermanager.Request{put, claim}, refused, true},
	} {
		b.Run(row.name+"/manager", func(b *testing.B) {
			ctx := context.Background()
			manager, resumer := benchHouse(b)
			orders := b.N
			if row.again {
				orders = min(orders, turns)
			}
			ids := make([]string, max(orders, turns))
			for i := range ids {
				ids[i] = fmt.Sprintf("order-%d", i)
				for _, wait := range []func() error{
					func() error {
						_, err := manager.WorkflowStarted(ctx, ordermanager.WorkflowStarted{OrderID: ids[i], Customer: "1", Token: resumer.Issue()})
						return err
					},
					func() error {
						if row.before == nil {
							return nil
						}
						for _, r := range row.before {
							r.OrderID = ids[i]
							if _, err := manager.Handle(ctx, r); err != nil {
								return err
							}
						}
						_, err := manager.WaitingCompletion(ctx, ordermanager.WaitingCompletion{OrderID: ids[i], Number: "7", Token: resumer.Issue()})
						return err
					},
				} {
					if err := wait(); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				r := row.give
				r.OrderID = ids[i%len(ids)]
				if _, err := manager.Handle(ctx, r); (err != nil) != row.again {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("looplab", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			machine := fsm.NewFSM("pending", byHand, fsm.Callbacks{})
			if err := machine.Event(context.Background(), "make"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
