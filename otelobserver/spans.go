package otelobserver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/brewline/ordermanager"
)

// start starts the span of an operation, with its attributes, so that samplers see them.
func start(
	ctx context.Context, tracer trace.Tracer, k *operation, op ordermanager.Operation,
) (context.Context, trace.Span) {
	title := k.title
	if k.perAction {
		title += " " + string(op.Action)
	}
	attributes := append(make([]attribute.KeyValue, 0, len(k.fixed)+2), k.fixed...)
	if op.Action != "" {
		attributes = append(attributes, keyAction.String(string(op.Action)))
	}
	if op.OrderID != "" {
		attributes = append(attributes, keyOrder.String(op.OrderID))
	}
	if op.Events > 1 {
		attributes = append(attributes, semconv.MessagingBatchMessageCount(op.Events))
	}
	return tracer.Start(ctx, title, trace.WithSpanKind(k.span), trace.WithAttributes(attributes...),
		trace.WithLinks(links(ctx, op.Traces)...))
}

// links returns links from a delivery to the actions that owe it, except those in the delivery's own trace.
func links(ctx context.Context, traces []string) (all []trace.Link) {
	for _, traceparent := range traces {
		action := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(
			context.Background(), propagation.MapCarrier{"traceparent": traceparent}))
		if action.IsValid() && action.TraceID() != trace.SpanContextFromContext(ctx).TraceID() {
			all = append(all, trace.Link{SpanContext: action})
		}
	}
	return all
}

// end ends a span. A refusal has an error type but no error status, like the server's side of a bad request in the
// conventions.
func end(span trace.Span, k *operation, e ordermanager.Ending, errorType string) {
	defer span.End()
	if k.resumes {
		span.SetAttributes(keyResume.String(string(resumeStatus(e))))
	}
	if e.Refused {
		span.SetAttributes(keyRefused.Bool(true))
	}
	if e.Err == nil {
		return
	}
	span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
	if failed(e.Err) {
		span.SetStatus(codes.Error, e.Err.Error())
	}
}

// resumeStatus returns what became of an answer.
func resumeStatus(e ordermanager.Ending) ordermanager.ResumeStatus {
	switch {
	case e.Err != nil:
		return ordermanager.ResumePending
	case e.Gone:
		return ordermanager.ResumeGone
	}
	return ordermanager.ResumeDelivered
}

// failed reports whether an error is a failure rather than a refusal.
func failed(err error) bool {
	return errors.Is(err, ordermanager.ErrStore) || errors.Is(err, ordermanager.ErrMenuUnavailable) ||
		errors.Is(err, ordermanager.ErrContextDone) || ordermanager.CodeOf(err) == ordermanager.CodeInternal
}
