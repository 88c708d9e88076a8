package otelobserver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/brewline/ordermanager"
)

// The boundaries of the histograms, in seconds. The conventions define the first two.
var (
	databaseBuckets  = []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10}
	messagingBuckets = []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}
	actionBuckets    = []float64{.0001, .0005, .001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	redriveBuckets   = []float64{.01, .05, .1, .5, 1, 5, 10, 30, 60, 300}
)

// operation is how operations of one name are recorded.
type operation struct {
	measured
	span trace.SpanKind
	// title is the span's name.
	title string
	// perAction makes the action a label and a part of the span's name.
	perAction bool
	// unlabelled are the labels without an action.
	unlabelled *labels
	byAction   byAction
}

// operations are those of a Manager, by name.
type operations struct {
	handle, menu, apply, settle, get, list, resume, publish, redrive operation
	// others are the publications to named publishers.
	others growing[string, *operation]
}

// of returns how an operation is recorded, or nil for an unknown one. Every call runs it: a map would be slower.
func (o *operations) of(op *ordermanager.Operation) *operation {
	switch op.Name {
	case "handle":
		return &o.handle
	case "menu":
		return &o.menu
	case "store.apply":
		return &o.apply
	case "store.settle":
		return &o.settle
	case "store.get":
		return &o.get
	case "store.list":
		return &o.list
	case "resume":
		return &o.resume
	case "publish":
		return o.publishing(op.Publisher)
	case "redrive":
		return &o.redrive
	}
	return nil
}

// instrument creates the instruments, and assigns them to the operations.
func (o *operations) instrument(meter metric.Meter, options *Options) error {
	var errs []error
	histogram := func(name, description string, buckets []float64) metric.Float64Histogram {
		h, err := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
			metric.WithExplicitBucketBoundaries(buckets...))
		errs = append(errs, err)
		return h
	}
	o.handle = operation{
		measured: measured{duration: histogram(
			"ordermanager.action.duration", "Duration of actions and notifications as a whole.", actionBuckets,
		)},
		span: trace.SpanKindInternal, title: "ordermanager", perAction: true,
	}
	o.menu = operation{
		measured: measured{
			duration: histogram("ordermanager.menu.duration", "Duration of readings of the menu.", actionBuckets),
		},
		span: trace.SpanKindInternal, title: "menu",
	}
	// The descriptions of the metrics that the conventions define are theirs, as an exporter may want one for each name.
	o.calls(options.Database,
		histogram("db.client.operation.duration", "Duration of database client operations.", databaseBuckets))
	o.resume = operation{
		measured: measured{
			duration: histogram("ordermanager.resume.duration", "Duration of answers to workflows.", actionBuckets),
			resumes:  true,
		},
		span: trace.SpanKindClient, title: "resume",
	}
	sent, err := meter.Int64Counter("messaging.client.sent.messages", metric.WithUnit("{message}"),
		metric.WithDescription("Number of messages producer attempted to send to the broker."))
	errs = append(errs, err)
	o.publish = operation{
		measured: measured{
			duration: histogram("messaging.client.operation.duration",
				"Duration of messaging operation initiated by a producer or consumer client.", messagingBuckets),
			sent: sent,
		},
		span: trace.SpanKindClient, // not a producer: what a message carries is the context of its action
	}
	o.publish.sendTo(options.Messaging, options.Destination)
	o.redrive = operation{
		measured: measured{
			duration: histogram("ordermanager.redrive.duration", "Duration of redrives as a whole.", redriveBuckets),
		},
		span: trace.SpanKindInternal, title: "ordermanager redrive",
	}
	for _, each := range []*operation{
		&o.handle, &o.menu, &o.apply, &o.settle, &o.get, &o.list, &o.resume, &o.publish, &o.redrive,
	} {
		each.unlabelled = newLabels(&each.measured)
	}
	return errors.Join(errs...)
}

// calls sets how calls of the store are recorded. They have metrics if it is a database that has a name.
func (o *operations) calls(database string, duration metric.Float64Histogram) {
	for name, call := range map[string]*operation{"apply": &o.apply, "settle": &o.settle, "get": &o.get, "list": &o.list} {
		*call = operation{span: trace.SpanKindInternal, title: name}
		if database != "" {
			call.duration, call.span = duration, trace.SpanKindClient
			call.fixed = []attribute.KeyValue{semconv.DBSystemNameKey.String(database), semconv.DBOperationName(name)}
		}
	}
}

// publishing is publication to a publisher. A named one is a destination of that name.
func (o *operations) publishing(name string) *operation {
	if name == "" {
		return &o.publish
	}
	return o.others.get(name, func() *operation {
		named := &operation{
			measured: measured{duration: o.publish.duration, sent: o.publish.sent}, span: o.publish.span,
		}
		named.sendTo(other, name)
		named.unlabelled = newLabels(&named.measured)
		return named
	})
}

// sendTo sets the messaging system and, unless it is empty, the destination.
func (o *operation) sendTo(system, destination string) {
	o.title = "send"
	o.fixed = []attribute.KeyValue{
		semconv.MessagingSystemKey.String(system), semconv.MessagingOperationName("send"), semconv.MessagingOperationTypeSend,
	}
	if destination != "" {
		o.title += " " + destination
		o.fixed = append(o.fixed, semconv.MessagingDestinationName(destination))
	}
}

// errorType returns the label for an error: its stable code, or the kind of a collaborator's error; empty for nil.
func errorType(err error) string {
	code := ordermanager.CodeOf(err)
	switch {
	case code != ordermanager.CodeInternal:
		return string(code)
	case errors.Is(err, ordermanager.ErrUndeliverable):
		return "undeliverable"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return string(code)
}

// labels returns the labels of an action.
func (o *operation) labels(action ordermanager.Action) *labels {
	if !o.perAction {
		return o.unlabelled
	}
	return o.byAction.get(action, func() *labels {
		return newLabels(&o.measured, keyAction.String(string(action)))
	})
}
