package ordermanager_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// BenchmarkRedrive delivers what many orders owe, to a workflow service that takes a fifth of a millisecond: one after
// another, and as many at once as is the default. "refused" is a pass in which nothing can be delivered, and "again"
// one soon after it, which finds most of them waiting for their next attempt.
func BenchmarkRedrive(b *testing.B) {
	for _, orders := range []int{1_000, 10_000} {
		perOrder := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*orders), "ns/order")
		}
		for _, atOnce := range []int{1, 8} {
			b.Run(fmt.Sprintf("%d/at_once=%d", orders, atOnce), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					manager := benchManagerOn(b, undelivered(b, orders), distant{})
					b.StartTimer()
					redrive(b, manager, atOnce)
				}
				perOrder(b)
			})
		}
		b.Run(fmt.Sprintf("%d/refused", orders), func(b *testing.B) {
			store := undelivered(b, orders)
			for b.Loop() {
				redrive(b, benchManagerOn(b, store, unreachable{}), 8)
			}
			perOrder(b)
		})
		b.Run(fmt.Sprintf("%d/again", orders), func(b *testing.B) {
			manager := benchManagerOn(b, undelivered(b, orders), unreachable{})
			redrive(b, manager, 8)
			for b.Loop() {
				redrive(b, manager, 8)
			}
			perOrder(b)
		})
	}
}

func redrive(b *testing.B, manager *ordermanager.Manager, atOnce int) {
	b.Helper()
	if _, err := manager.Redrive(b.Context(), &ordermanager.RedriveOptions{Concurrency: atOnce}); err != nil {
		b.Fatal(err)
	}
}

// distant is a workflow service that accepts every answer, after a while.
type distant struct{}

func (distant) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	<-time.After(200 * time.Microsecond)
	return ordermanager.Accepted, nil
}

// unreachable is one that accepts nothing.
type unreachable struct{}

var errUnreachable = errors.New("cannot be reached")

func (unreachable) Resume(context.Context, ordermanager.TaskToken, ordermanager.Outcome) (ordermanager.Answer, error) {
	return "", errUnreachable
}

// undelivered is a store with so many orders whose first wait could not be answered.
func undelivered(b *testing.B, orders int) *memory.Store {
	b.Helper()
	store := memory.NewStore()
	manager := benchManagerOn(b, store, unreachable{})
	for i := range orders {
		id := fmt.Sprintf("order-%d", i)
		start := ordermanager.WorkflowStarted{OrderID: id, Customer: "1", Token: ordermanager.NewTaskToken(id)}
		if _, err := manager.WorkflowStarted(b.Context(), start); err != nil {
			b.Fatal(err)
		}
		put := ordermanager.Request{
			OrderID: id, Actor: ordermanager.Customer("1"), Drink: ordermanager.DrinkOrder{Drink: "Latte"},
		}
		if _, err := manager.Put(b.Context(), put); err != nil {
			b.Fatal(err)
		}
	}
	return store
}

func benchManagerOn(b *testing.B, store ordermanager.Store, to ordermanager.Resumer) *ordermanager.Manager {
	b.Helper()
	manager, err := ordermanager.New(store, coffeeMenu, to, nil)
	if err != nil {
		b.Fatal(err)
	}
	return manager
}
