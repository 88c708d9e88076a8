package otelobserver

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Options configures an Observer. Nil and the zero Options mean the defaults.
type Options struct {
	// TracerProvider makes the spans. Default: the global one. With that of go.opentelemetry.io/otel/trace/noop there are
	// only metrics, without exemplars, at the lowest cost.
	TracerProvider trace.TracerProvider
	// MeterProvider makes the metrics. Default: the global one.
	MeterProvider metric.MeterProvider
	// Database is the kind of store, as the conventions spell db.system.name ("aws.dynamodb", "postgresql", "sqlite"), or
	// a name of your own. Default: the store is no database, like the one in memory; its calls have spans, but no metrics.
	Database string
	// Messaging is the system that the Manager's Options.Publisher sends to, as the conventions spell messaging.system.
	// Default: "_OTHER", which named publishers always have.
	Messaging string
	// Destination is the name of its bus or topic, for messaging.destination.name. Default: none. A named publisher's
	// is its name.
	Destination string
}

// other is what the conventions call anything that they do not list.
const other = "_OTHER"
