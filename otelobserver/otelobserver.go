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

// Options is everything about an Observer that has a default. The zero Options, and nil, are fine.
type Options struct {
	// TracerProvider makes the spans. Default: the global one. With that of go.opentelemetry.io/otel/trace/noop there
	// are only metrics, without exemplars, at the least cost.
	TracerProvider trace.TracerProvider
	// MeterProvider makes the metrics. Default: the global one.
	MeterProvider metric.MeterProvider
	// Database is what the store is, as the conventions spell db.system.name: "aws.dynamodb", "postgresql", "sqlite".
	// Default: "_OTHER".
	Database string
	// Messaging is what Options.Publisher of the Manager sends to, as the conventions spell messaging.system. Default:
	// "_OTHER", which is also that of the publishers that have names.
	Messaging string
	// Destination is the name of its bus or topic, for messaging.destination.name. Default: it is left out. That of a
	// publisher that has a name is its name.
	Destination string
}

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

// other is what the conventions call a value that is none of the known ones.
const other = "_OTHER"

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
	ctx, span := o.start(ctx, operation, op)
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
