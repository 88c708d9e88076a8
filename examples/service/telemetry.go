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

// telemetry is where spans and metrics go: metrics to whoever scrapes them, and when OTEL_EXPORTER_OTLP_ENDPOINT
// names a collector, both to that. The SDK's other variables (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, …) are in force
// too.
type telemetry struct {
	metrics    metric.MeterProvider
	traces     trace.TracerProvider
	propagator propagation.TextMapPropagator
	// scrape answers Prometheus.
	scrape http.Handler
	// ends send what was not sent yet.
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
		// Both export in the background: a collector that is slow or down makes no order wait.
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
