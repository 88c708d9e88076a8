package otelobserver

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/brewline/ordermanager"
)

// start begins the span of an operation. It has its attributes from the beginning, so that samplers see them.
func (o *Observer) start(ctx context.Context, k *operation, op ordermanager.Operation) (context.Context, trace.Span) {
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
	return o.tracer.Start(ctx, title, trace.WithSpanKind(k.span), trace.WithAttributes(attributes...))
}

// end ends a span. A refusal has an error type and is no failure of what was observed, as the conventions have it for the server's side
// of a bad request.
func end(span trace.Span, e ordermanager.Ending, errorType string) {
	defer span.End()
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

// failed reports whether an error means that something does not work, rather than that something was asked for which cannot be.
func failed(err error) bool {
	return errors.Is(err, ordermanager.ErrStore) || errors.Is(err, ordermanager.ErrMenuUnavailable) ||
		errors.Is(err, ordermanager.ErrContextDone) || ordermanager.CodeOf(err) == ordermanager.CodeInternal
}
