package otelobserver

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/brewline/ordermanager"
)

// The gauges read the store at most once per freshFor, however often they are collected, and for at most patience.
const (
	freshFor = 30 * time.Second
	patience = 5 * time.Second
)

// MaxCounted is the most that a gauge counts: it reports more orders as this many.
const MaxCounted = 1000

// keyWait names the open wait.
const keyWait = attribute.Key("ordermanager.wait")

// Watch registers gauges for the state of the store: how many orders owe a delivery, for how long the oldest has, and
// how many waits are open. Collecting the metrics reads the store, at most every 30 seconds: one listing of owing
// orders and one for each state in which an order is open, of at most [MaxCounted] orders each. What cannot be listed
// is left out, and the error goes to OpenTelemetry's error handler.
//
// Every process that watches a store reports the same numbers, so watch in one, or take the maximum. The function that
// it returns ends the watch. Errors are the MeterProvider's.
func (o *Observer) Watch(manager *ordermanager.Manager) (stop func() error, err error) {
	w := &watch{manager: manager}
	var errs [4]error
	w.owing, errs[0] = o.meter.Int64ObservableGauge("ordermanager.owing.orders", metric.WithUnit("{order}"),
		metric.WithDescription("Orders that owe a workflow an answer, or an event."))
	w.age, errs[1] = o.meter.Float64ObservableGauge("ordermanager.owing.age", metric.WithUnit("s"),
		metric.WithDescription(
			"Time since the last change of the order that has owed a delivery for longest; 0 when none does.",
		))
	w.waits, errs[2] = o.meter.Int64ObservableGauge("ordermanager.open.waits", metric.WithUnit("{wait}"),
		metric.WithDescription("Orders that wait for a drink, or for completion."))
	registration, err := o.meter.RegisterCallback(w.observe, w.owing, w.age, w.waits)
	errs[3] = err
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return registration.Unregister, nil
}

type watch struct {
	manager *ordermanager.Manager
	owing   metric.Int64ObservableGauge
	age     metric.Float64ObservableGauge
	waits   metric.Int64ObservableGauge

	// reading keeps concurrent collectors from reading twice.
	reading sync.Mutex
	seen    reading
}

// reading is a snapshot of the store.
type reading struct {
	at                   time.Time
	owing                int64
	oldest               time.Time
	owingKnown, allKnown bool
	forDrink, forBarista int64
}

// observe reports what can be known. It returns no error: a periodic reader would not export any metric then, just when
// the store is down.
func (w *watch) observe(ctx context.Context, to metric.Observer) error {
	w.reading.Lock()
	defer w.reading.Unlock()
	if w.seen.at.IsZero() || time.Since(w.seen.at) >= freshFor {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		var err error
		if w.seen, err = w.read(ctx); err != nil {
			otel.Handle(err)
		}
	}
	if w.seen.owingKnown {
		to.ObserveInt64(w.owing, w.seen.owing)
		var age time.Duration
		if !w.seen.oldest.IsZero() {
			age = max(0, time.Since(w.seen.oldest))
		}
		to.ObserveFloat64(w.age, age.Seconds())
	}
	if w.seen.allKnown {
		to.ObserveInt64(w.waits, w.seen.forDrink, metric.WithAttributes(keyWait.String("drink")))
		to.ObserveInt64(w.waits, w.seen.forBarista, metric.WithAttributes(keyWait.String("completion")))
	}
	return nil
}

func (w *watch) read(ctx context.Context) (reading, error) {
	now := reading{at: time.Now()}
	errOwing := w.count(ctx, ordermanager.Query{Owing: true}, func(o *ordermanager.Order) {
		now.owing++
		if now.oldest.IsZero() || o.UpdatedAt.Before(now.oldest) {
			now.oldest = o.UpdatedAt
		}
	})
	now.owingKnown = errOwing == nil
	var errOpen error
	for _, state := range w.manager.Lifecycle().States() {
		if state.Answers != ordermanager.Undecided {
			continue
		}
		errOpen = errors.Join(errOpen, w.count(ctx, ordermanager.Query{State: state.State}, func(o *ordermanager.Order) {
			if o.Drink == nil {
				now.forDrink++
			} else {
				now.forBarista++
			}
		}))
	}
	now.allKnown = errOpen == nil
	return now, errors.Join(errOwing, errOpen)
}

// count visits the orders of a listing, up to [MaxCounted].
func (w *watch) count(ctx context.Context, query ordermanager.Query, each func(*ordermanager.Order)) error {
	query.Limit = min(MaxCounted, ordermanager.MaxPageSize)
	counted := 0
	for order, err := range w.manager.Orders(ctx, query) {
		if err != nil {
			return err
		}
		each(&order)
		if counted++; counted == MaxCounted {
			break
		}
	}
	return nil
}
