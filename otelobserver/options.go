package otelobserver

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

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

// other is what the conventions call a value that is none of the known ones.
const other = "_OTHER"
