package ordermanager_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/looplab/fsm"

	"github.com/brewline/ordermanager"
)

// BenchmarkActions compares each action with a looplab machine that is built and fired. Rounds of the two alternate,
// so that whatever else the machine does meets both, and the ratio of their medians is reported. In a round every
// order takes one action: a thousand orders are more than the cache of a core holds, sixteen thousand more than those
// of the whole processor. What is measured of the Manager is all of it: checks, menu, guarded write with history and
// request id, answer to the workflow, settlement.
func BenchmarkActions(b *testing.B) {
	drink := ordermanager.DrinkOrder{Drink: "Latte", Modifiers: []string{"Oat"}}
	var (
		put      = ordermanager.Request{Action: "put", Actor: ordermanager.Customer("1"), Drink: drink}
		claim    = ordermanager.Request{Action: "make", Actor: ordermanager.Barista("3")}
		unmake   = ordermanager.Request{Action: "unmake", Actor: ordermanager.Barista("3")}
		complete = ordermanager.Request{Action: "complete", Actor: ordermanager.Barista("3")}
		cancel   = ordermanager.Request{Action: "cancel", Actor: ordermanager.Customer("1")}
		claimed  = ordermanager.Request{Action: "complete", Actor: ordermanager.Barista("4")}
		illegal  = ordermanager.Request{Action: "complete", Actor: ordermanager.Barista("3")}
	)
	for _, row := range []struct {
		name   string
		before []ordermanager.Request
		give   ordermanager.Request
	}{
		{"put", nil, put},
		{"make", []ordermanager.Request{put}, claim},
		{"unmake", []ordermanager.Request{put, claim}, unmake},
		{"complete", []ordermanager.Request{put, claim}, complete},
		{"cancel", []ordermanager.Request{put, claim}, cancel},
		{"refused_claimed", []ordermanager.Request{put, claim}, claimed},
		{"refused_state", []ordermanager.Request{put}, illegal},
	} {
		for _, orders := range []int{1 << 10, 1 << 14} {
			b.Run(fmt.Sprintf("%s/%d", row.name, orders), func(b *testing.B) {
				refused := slices.Contains([]string{"refused_claimed", "refused_state"}, row.name)
				ids := make([]string, orders)
				for i := range ids {
					ids[i] = fmt.Sprintf("order-%d", i)
				}
				var manager, looplab side
				for b.Loop() {
					b.StopTimer()
					house := prepared(b, ids, row.before)
					b.StartTimer()
					looplab.round(orders, func(int) {
						machine := fsm.NewFSM("pending", byHand, fsm.Callbacks{})
						if err := machine.Event(context.Background(), "make"); err != nil {
							b.Fatal(err)
						}
					})
					manager.round(orders, func(i int) {
						r := row.give
						r.OrderID = ids[i]
						if _, err := house.Handle(context.Background(), r); (err != nil) != refused {
							b.Fatal(err)
						}
					})
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(manager.median(), "ns/manager")
				b.ReportMetric(looplab.median(), "ns/looplab")
				b.ReportMetric(manager.median()/looplab.median(), "ratio")
				b.ReportMetric(manager.allocs, "allocs/manager")
				b.ReportMetric(manager.bytes, "B/manager")
			})
		}
	}
}

const stretch = 512

// side is one of two things that are compared, round by round.
type side struct {
	times         []float64
	allocs, bytes float64
}

func (s *side) round(n int, do func(int)) {
	var before, after runtime.MemStats
	runtime.GC() // so that none falls into the round
	runtime.ReadMemStats(&before)
	for i := 0; i < n; i += stretch { // short stretches, because the machine does other things in between
		began := time.Now()
		for j := range stretch {
			do(i + j)
		}
		s.times = append(s.times, float64(time.Since(began))/stretch)
	}
	runtime.ReadMemStats(&after)
	s.allocs = float64(after.Mallocs-before.Mallocs) / float64(n)
	s.bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
}

func (s *side) median() float64 {
	slices.Sort(s.times)
	return s.times[len(s.times)/2]
}

// prepared returns a Manager whose orders have done some actions. Both waits have begun, but for orders that have no
// drink.
func prepared(b *testing.B, ids []string, before []ordermanager.Request) *ordermanager.Manager {
	b.Helper()
	manager, resumer := benchHouse(b)
	for _, id := range ids {
		start := ordermanager.WorkflowStarted{OrderID: id, Customer: "1", Token: resumer.Issue()}
		if _, err := manager.WorkflowStarted(b.Context(), start); err != nil {
			b.Fatal(err)
		}
		for _, r := range before {
			r.OrderID = id
			if _, err := manager.Handle(b.Context(), r); err != nil {
				b.Fatal(err)
			}
		}
		if before != nil {
			wait := ordermanager.WaitingCompletion{OrderID: id, Number: "7", Token: resumer.Issue()}
			if _, err := manager.WaitingCompletion(b.Context(), wait); err != nil {
				b.Fatal(err)
			}
		}
	}
	return manager
}
