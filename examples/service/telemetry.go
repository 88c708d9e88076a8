package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// telemetry exports metrics for Prometheus and, if OTEL_EXPORTER_OTLP_ENDPOINT names a collector, spans and metrics to
// it. The SDK's other variables (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, …) apply too.
type telemetry struct {
	metrics    metric.MeterProvider
	traces     trace.TracerProvider
	propagator propagation.TextMapPropagator
	// scrape answers Prometheus.
	scrape http.Handler
	// ends flush what was not sent.
	ends []func(context.Context) error
}

func startTelemetry(ctx context.Context) (*telemetry, error) {
	service, err := resource.New(ctx, resource.WithAttributes(semconv.ServiceName("order-service")),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	scraped, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		return nil, err
	}
	t := &telemetry{
		traces: noop.NewTracerProvider(), propagator: propagation.TraceContext{},
		scrape: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
	readers := []sdkmetric.Option{sdkmetric.WithResource(service), sdkmetric.WithReader(scraped)}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" {
		spans, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, err
		}
		points, err := otlpmetrichttp.New(ctx)
		if err != nil {
			return nil, err
		}
		// Both export in the background: no order waits for a slow or broken collector.
		traces := sdktrace.NewTracerProvider(sdktrace.WithResource(service), sdktrace.WithBatcher(spans))
		t.traces, t.ends = traces, append(t.ends, traces.Shutdown)
		readers = append(readers, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(points)))
	}
	metrics := sdkmetric.NewMeterProvider(readers...)
	t.metrics, t.ends = metrics, append(t.ends, metrics.Shutdown)
	return t, nil
}

// goodbye is how long a collector may keep the service from stopping.
const goodbye = 3 * time.Second

func (t *telemetry) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	for _, end := range t.ends {
		if err := end(ctx); err != nil {
			log.Printf("telemetry was lost: %v", err)
		}
	}
}
