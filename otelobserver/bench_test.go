package otelobserver_test

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/otelobserver"
)

// BenchmarkTransition compares a claim on the memory store that is observed with one that is not. Rounds of the two
// alternate, so that whatever else the machine does meets both, and the ratio of their medians is reported, with the
// time of one measurement of the SDK: what observing cannot cost less than. The SDK collects and exports nothing.
func BenchmarkTransition(b *testing.B) {
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	for _, way := range []struct {
		name     string
		tracers  trace.TracerProvider
		database string
	}{
		{"metrics", noop.NewTracerProvider(), ""},
		{"metrics-database", noop.NewTracerProvider(), "memory"},
		{"unsampled", sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), ""},
		{"spans", sdktrace.NewTracerProvider(), ""},
	} {
		b.Run(way.name, func(b *testing.B) {
			observer, err := otelobserver.New(&otelobserver.Options{
				TracerProvider: way.tracers, MeterProvider: meters, Database: way.database,
			})
			if err != nil {
				b.Fatal(err)
			}
			unobserved, observed := &claims{}, &claims{options: ordermanager.Options{Observer: observer.Observe}}
			histogram, err := meters.Meter("alone").Float64Histogram("alone")
			if err != nil {
				b.Fatal(err)
			}
			alone := &measurements{histogram: histogram}
			b.ReportAllocs()
			for b.Loop() {
				unobserved.round(b)
				observed.round(b)
				alone.round(b)
			}
			b.ReportMetric(float64(median(observed.times)), "ns/observed")
			b.ReportMetric(float64(median(unobserved.times)), "ns/unobserved")
			b.ReportMetric(float64(median(alone.times)), "ns/measurement")
			b.ReportMetric(float64(median(observed.times))/float64(median(unobserved.times)), "ratio")
		})
	}
}

// measurements are those that a program could make by itself.
type measurements struct {
	histogram metric.Float64Histogram
	times     []time.Duration
}

func (m *measurements) round(b *testing.B) {
	label := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("action", "make")))}
	began := time.Now()
	for range orders * stepsPerOrder {
		m.histogram.Record(b.Context(), 1e-6, label...)
	}
	m.times = append(m.times, time.Since(began)/(orders*stepsPerOrder))
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
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
