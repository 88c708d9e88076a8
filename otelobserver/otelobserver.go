// Package otelobserver makes OpenTelemetry spans and metrics of what a [ordermanager.Manager] does. It uses the API
// alone: which SDK collects them, and where they go, is the program's decision.
//
// Their names, units, attributes and buckets follow OpenTelemetry's semantic conventions and are listed in
// docs/observability.md. An order's id stands on spans alone, so the number of time series is bounded by the life
// cycle and the error codes. No task token reaches this package.
package otelobserver

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/brewline/ordermanager"
)

// scope is the instrumentation scope of everything that this package makes.
const scope = "github.com/brewline/ordermanager/otelobserver"

// Observer observes Managers. It is safe for concurrent use.
type Observer struct {
	// tracer is nil when there are no spans to be made.
	tracer trace.Tracer
	meter  metric.Meter
	// began is what times are counted from: to read the monotonic clock alone takes half as long as to read both.
	began      time.Time
	operations operations
}

// New returns an Observer. A Manager gets its methods [Observer.Observe] and [Observer.Trace] as Options.Observer and
// Options.Trace. An error is one of the MeterProvider, which refused an instrument.
func New(options *Options) (*Observer, error) {
	var o Options
	if options != nil {
		o = *options
	}
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	if o.Database == "" {
		o.Database = other
	}
	if o.Messaging == "" {
		o.Messaging = other
	}
	observer := &Observer{began: time.Now()}
	if _, none := o.TracerProvider.(noop.TracerProvider); !none {
		observer.tracer = o.TracerProvider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
	}
	observer.meter = o.MeterProvider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	return observer, observer.operations.instrument(observer.meter, &o)
}

// Observe is an [ordermanager.Observer].
func (o *Observer) Observe(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
	operation := o.operations.of(&op)
	if operation == nil {
		return ctx, nil // one that this version does not know
	}
	labels, events := operation.labels(op.Action), op.Events
	began := time.Since(o.began)
	if o.tracer == nil {
		return ctx, func(e ordermanager.Ending) {
			// Without spans there are no exemplars for which the context would be searched.
			operation.measure(context.Background(), time.Since(o.began)-began, events, labels.of(e, errorType(e.Err)))
		}
	}
	ctx, span := start(ctx, o.tracer, operation, op)
	return ctx, func(e ordermanager.Ending) {
		errorType := errorType(e.Err)
		operation.measure(ctx, time.Since(o.began)-began, events, labels.of(e, errorType))
		end(span, operation, e, errorType)
	}
}

// Trace returns the W3C traceparent of the span in ctx, and nothing when that is not sampled: it would be kept for no
// one.
func (o *Observer) Trace(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}
