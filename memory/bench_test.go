package memory_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// BenchmarkList reads the first page of the queue, and the listing of what is owed when nothing is, beside growing
// numbers of other orders: the figures of one listing must not grow with them.
func BenchmarkList(b *testing.B) {
	for _, orders := range []int{1_000, 100_000, 1_000_000} {
		store := memory.NewStore()
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range orders {
			id := fmt.Sprintf("order-%07d", i)
			_, err := store.Apply(context.Background(), ordermanager.Transition{
				OrderID: id,
				Create:  &ordermanager.NewOrder{Customer: id, State: ordermanager.StatePending},
				Entry: ordermanager.Entry{
					Action: ordermanager.ActionWorkflowStarted, RequestID: id, At: begin.Add(time.Duration(i) * time.Millisecond),
				},
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		for name, q := range map[string]ordermanager.Query{
			"page":  {State: ordermanager.StatePending, Limit: 20},
			"owing": {Owing: true, Limit: 100},
		} {
			if _, err := store.List(context.Background(), q); err != nil { // builds the index
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/%d", name, orders), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := store.List(context.Background(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
