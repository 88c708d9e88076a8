package otelobserver_test

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/otelobserver"
)

// BenchmarkTransition compares a claim on the memory store that is observed with one that is not. Rounds of the two
// alternate, so that whatever else the machine does meets both, and the ratio of their medians is reported. The SDK
// collects and exports nothing.
func BenchmarkTransition(b *testing.B) {
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	for _, way := range []struct {
		name    string
		tracers trace.TracerProvider
	}{
		{"metrics", noop.NewTracerProvider()},
		{"unsampled", sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))},
		{"spans", sdktrace.NewTracerProvider()},
	} {
		b.Run(way.name, func(b *testing.B) {
			observer, err := otelobserver.New(&otelobserver.Options{TracerProvider: way.tracers, MeterProvider: meters})
			if err != nil {
				b.Fatal(err)
			}
			unobserved, observed := &claims{}, &claims{options: ordermanager.Options{Observer: observer.Observe}}
			b.ReportAllocs()
			for b.Loop() {
				unobserved.round(b)
				observed.round(b)
			}
			b.ReportMetric(float64(observed.median()), "ns/observed")
			b.ReportMetric(float64(unobserved.median()), "ns/unobserved")
			b.ReportMetric(float64(observed.median())/float64(unobserved.median()), "ratio")
		})
	}
}

// claims makes and unmakes the same orders until their histories are as long as ordinary ones; that is a round.
type claims struct {
	options ordermanager.Options
	times   []time.Duration
}

const orders, stepsPerOrder = 128, 4

func (c *claims) round(b *testing.B) {
	b.StopTimer()
	manager, ids := c.prepare(b)
	b.StartTimer()
	request := ordermanager.Request{Actor: ordermanager.Barista("3")}
	began := time.Now()
	for step := range stepsPerOrder {
		act := []func(context.Context, ordermanager.Request) (ordermanager.Receipt, error){
			manager.Make, manager.Unmake,
		}[step%2]
		for _, id := range ids {
			request.OrderID = id
			if _, err := act(b.Context(), request); err != nil {
				b.Fatal(err)
			}
		}
	}
	c.times = append(c.times, time.Since(began)/(orders*stepsPerOrder))
}

func (c *claims) median() time.Duration {
	slices.Sort(c.times)
	return c.times[len(c.times)/2]
}

// prepare puts orders into a new store.
func (c *claims) prepare(b *testing.B) (*ordermanager.Manager, []string) {
	ctx := context.Background()
	store := memory.NewStore()
	quiet, err := ordermanager.New(store, menu, new(memory.Resumer), nil)
	if err != nil {
		b.Fatal(err)
	}
	ids := make([]string, orders)
	for i := range ids {
		id := rand.Text()
		ids[i] = id
		_, err = quiet.WorkflowStarted(
			ctx, ordermanager.WorkflowStarted{OrderID: id, Customer: "1", Token: ordermanager.NewTaskToken(id)},
		)
		if err == nil {
			_, err = quiet.Put(ctx, ordermanager.Request{
				OrderID: id, Actor: ordermanager.Customer("1"), Drink: ordermanager.DrinkOrder{Drink: "Latte"},
			})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	manager, err := ordermanager.New(store, menu, new(memory.Resumer), &c.options)
	if err != nil {
		b.Fatal(err)
	}
	return manager, ids
}
