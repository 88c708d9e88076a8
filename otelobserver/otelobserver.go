// Package otelobserver makes OpenTelemetry spans and metrics of what a [ordermanager.Manager] does. It uses only the
// API: the program chooses the SDK and the exporters.
//
// Names, units, attributes and buckets follow OpenTelemetry's semantic conventions; docs/observability.md lists them.
// Only spans have an order's id, so the life cycle and the error codes bound the number of time series. No task token
// reaches this package.
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

// scope is this package's instrumentation scope.
const scope = "github.com/brewline/ordermanager/otelobserver"

// Observer observes Managers. It is safe for concurrent use.
type Observer struct {
	// tracer is nil if spans are not recorded.
	tracer trace.Tracer
	meter  metric.Meter

	operations operations
}

// origin is that of times: reading only the monotonic clock takes half as long as reading both.
var origin = time.Now()

// New returns an Observer. Pass its methods [Observer.Observe] and [Observer.Trace] to a Manager as Options.Observer
// and Options.Trace. An error means that the MeterProvider refused an instrument.
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
	if o.Messaging == "" {
		o.Messaging = other
	}
	observer := new(Observer)
	if _, none := o.TracerProvider.(noop.TracerProvider); !none {
		observer.tracer = o.TracerProvider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
	}
	observer.meter = o.MeterProvider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	return observer, observer.operations.instrument(observer.meter, &o)
}

// Observe is an [ordermanager.Observer].
func (o *Observer) Observe(
	ctx context.Context, op ordermanager.Operation,
) (context.Context, func(ordermanager.Ending)) {
	operation := o.operations.of(&op)
	if operation == nil {
		return ctx, nil // unknown to this version
	}
	if o.tracer == nil && operation.duration == nil {
		return ctx, nil
	}
	labels, events := operation.labels(op.Action), op.Events
	began := time.Since(origin)
	if o.tracer == nil {
		return ctx, func(e ordermanager.Ending) {
			// Without spans there are no exemplars, so the context need not be searched.
			labels.measure(context.Background(), time.Since(origin)-began, events, &e, errorType(e.Err))
		}
	}
	ctx, span := start(ctx, o.tracer, operation, op)
	return ctx, func(e ordermanager.Ending) {
		errorType := errorType(e.Err)
		labels.measure(ctx, time.Since(origin)-began, events, &e, errorType)
		end(span, operation, e, errorType)
	}
}

// Trace returns the W3C traceparent of the span in ctx, or "" if it is not sampled: nothing would ever link to it.
func (o *Observer) Trace(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}
