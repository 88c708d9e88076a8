package ordermanager_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/looplab/fsm"
	"github.com/qmuntal/stateless"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// The table of StandardLifecycle as somebody would write it by hand.
var byHand = fsm.Events{
	{Name: "put", Src: []string{"pending"}, Dst: "pending"},
	{Name: "make", Src: []string{"pending"}, Dst: "making"},
	{Name: "unmake", Src: []string{"making"}, Dst: "pending"},
	{Name: "complete", Src: []string{"making"}, Dst: "completed"},
	{Name: "cancel", Src: []string{"pending", "making"}, Dst: "cancelled"},
	{Name: "timed_out", Src: []string{"pending", "making"}, Dst: "cancelled"},
}

// BenchmarkTransition compares one transition. The Manager checks the request, decides, writes to the memory store with
// history and request id, and returns the order; the other two build their machine and fire it, which is what a caller
// who keeps orders elsewhere has to do each time. Its 64 orders stay in the cache, which is the cheapest case:
// [BenchmarkActions] has more of them.
func BenchmarkTransition(b *testing.B) {
	ctx := context.Background()
	b.Run("manager", func(b *testing.B) {
		claims := &claims{b: b, manager: benchManager(b)}
		claims.prepare(ctx)
		b.ReportAllocs()
		for b.Loop() {
			if claims.used() {
				b.StopTimer()
				claims.manager = benchManager(b) // the used orders go with the old one
				claims.prepare(ctx)
				b.StartTimer()
			}
			claims.next(ctx)
		}
	})
	b.Run("looplab", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			machine := fsm.NewFSM("pending", byHand, fsm.Callbacks{})
			if err := machine.Event(ctx, "make"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("stateless", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			machine := stateless.NewStateMachine("pending")
			machine.Configure("pending").PermitReentry("put").Permit("make", "making").
				Permit("cancel", "cancelled").Permit("timed_out", "cancelled")
			machine.Configure("making").Permit("unmake", "pending").Permit("complete", "completed").
				Permit("cancel", "cancelled").Permit("timed_out", "cancelled")
			if err := machine.FireCtx(ctx, "make"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDistinctOrders is a whole life of claims and releases, each goroutine on orders of its own; run it with -cpu
// 1,2 to see it scale. Making new orders is part of it, because goroutines cannot stop the clock for each other.
func BenchmarkDistinctOrders(b *testing.B) {
	ctx := b.Context()
	manager := benchManager(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		claims := &claims{b: b, manager: manager}
		claims.prepare(ctx)
		for pb.Next() {
			if claims.used() {
				claims.prepare(ctx)
			}
			claims.next(ctx)
		}
	})
}

func benchManager(b *testing.B) *ordermanager.Manager {
	b.Helper()
	manager, _ := benchHouse(b)
	return manager
}

func benchHouse(b *testing.B) (*ordermanager.Manager, *memory.Resumer) {
	b.Helper()
	resumer := new(memory.Resumer)
	manager, err := ordermanager.New(memory.NewStore(), coffeeMenu, resumer, nil)
	if err != nil {
		b.Fatal(err)
	}
	return manager, resumer
}

// claims makes and unmakes, going through a batch of orders again and again until their histories are as long as an
// ordinary one; then it needs a new batch.
type claims struct {
	b       *testing.B
	manager *ordermanager.Manager
	ids     []string
	step    int
}

const batch, stepsPerOrder = 64, 4

func (c *claims) used() bool { return c.step == batch*stepsPerOrder }

func (c *claims) next(ctx context.Context) {
	request := ordermanager.Request{OrderID: c.ids[c.step%batch], Actor: ordermanager.Barista("3")}
	act := c.manager.Make
	if c.step/batch%2 == 1 {
		act = c.manager.Unmake
	}
	c.step++
	if _, err := act(ctx, request); err != nil {
		c.b.Fatal(err)
	}
}

func (c *claims) prepare(ctx context.Context) {
	c.ids, c.step = make([]string, batch), 0
	for i := range c.ids {
		id := rand.Text()
		c.ids[i] = id
		_, err := c.manager.WorkflowStarted(
			ctx, ordermanager.WorkflowStarted{OrderID: id, Customer: "1", Token: ordermanager.NewTaskToken(id)},
		)
		if err != nil {
			c.b.Fatal(err)
		}
		_, err = c.manager.Put(
			ctx,
			ordermanager.Request{OrderID: id, Actor: ordermanager.Customer("1"), Drink: ordermanager.DrinkOrder{Drink: "Latte"}},
		)
		if err != nil {
			c.b.Fatal(err)
		}
	}
}

var coffeeMenu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{
	{Drink: "Cappuccino", Icon: "cappuccino"},
	{Drink: "Latte", Icon: "latte", Modifiers: []ordermanager.ModifierGroup{
		{Name: "Milk", Options: []string{"Regular", "Oat"}},
		{Name: "Size", Options: []string{"Small", "Large"}},
	}},
	{Drink: "Mocha", Icon: "mocha", SoldOut: true},
}})
