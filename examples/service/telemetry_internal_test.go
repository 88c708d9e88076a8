package main

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/trace/noop"
	collectmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/otelobserver"
)

// collector is an OpenTelemetry collector that keeps what it gets.
type collector struct {
	mu      sync.Mutex
	spans   []*traces.Span
	metrics []string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	data, err := io.ReadAll(body)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r.URL.Path {
	case "/v1/traces":
		var sent collecttraces.ExportTraceServiceRequest
		err = errors.Join(err, proto.Unmarshal(data, &sent))
		for _, resource := range sent.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
	case "/v1/metrics":
		var sent collectmetrics.ExportMetricsServiceRequest
		err = errors.Join(err, proto.Unmarshal(data, &sent))
		for _, resource := range sent.GetResourceMetrics() {
			for _, scope := range resource.GetScopeMetrics() {
				for _, m := range scope.GetMetrics() {
					c.metrics = append(c.metrics, m.GetName())
				}
			}
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func TestTelemetry_reachesTheCollector(t *testing.T) {
	c := &collector{}
	server := httptest.NewServer(c)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	s := start(t)
	s.life()
	s.end()

	// A request, the action that it asks for and the write that decides it are in one trace: the caller's.
	for _, name := range []string{"PUT", "ordermanager complete", "apply", "resume", "settle"} {
		if !slices.ContainsFunc(c.spans, func(span *traces.Span) bool {
			return strings.HasPrefix(span.GetName(), name) && hex.EncodeToString(span.GetTraceId()) == callersTrace
		}) {
			t.Errorf("no span %q in the caller's trace", name)
		}
	}
	for _, name := range []string{
		"ordermanager.action.duration", "db.client.operation.duration", "ordermanager.open.waits",
		"http.server.request.duration",
	} {
		if !slices.Contains(c.metrics, name) {
			t.Errorf("no metric %q in %q", name, c.metrics)
		}
	}
}

func TestTelemetry_noOrderWaitsForACollectorThatIsStuck(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1") // so that it is stuck from the beginning
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "1")
	s := start(t)
	s.life()
	if page := s.metrics(); !strings.Contains(
		page, `ordermanager_action_duration_seconds_count{ordermanager_action="complete"`,
	) {
		t.Errorf("Prometheus gets:\n%s", page)
	}
	began := time.Now()
	s.end()
	if took := time.Since(began); took > 3*goodbye {
		t.Errorf("the service took %s to stop", took)
	}
}

// The dashboard and the alerts ask for metrics and labels that there are, and for error types that there can be.
func TestMonitoring_asksForWhatThereIs(t *testing.T) {
	exported := everyMetric(t)
	codes := errorTypes(t)
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	data, err := os.ReadFile("monitoring/dashboard.json")
	if err == nil {
		err = json.Unmarshal(data, &dashboard)
	}
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, panel := range dashboard.Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("the panel %q asks for nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			asked = append(asked, target.Expr)
		}
	}
	alerts, err := os.ReadFile("monitoring/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile(
		`(?s) expr: (.*?)\n +(?:for|labels):`,
	).FindAllStringSubmatch(string(alerts), -1) {
		asked = append(asked, block[1])
	}
	if len(asked) < 25 {
		t.Fatalf("found only %d expressions", len(asked))
	}
	used := map[string]bool{}
	for _, expr := range asked {
		for _, name := range metricName.FindAllString(
			inBraces.ReplaceAllString(grouping.ReplaceAllString(expr, ""), ""), -1,
		) {
			used[name] = true
			if !strings.Contains(exported, "\n"+name+"{") {
				t.Errorf("no metric %s for: %s", name, expr)
			}
		}
		var labels []string
		for _, by := range grouping.FindAllStringSubmatch(expr, -1) {
			labels = append(labels, strings.Split(by[1], ", ")...)
		}
		for _, braces := range inBraces.FindAllString(expr, -1) {
			for _, m := range matcher.FindAllStringSubmatch(braces, -1) {
				labels = append(labels, m[1])
				for value := range strings.SplitSeq(m[2], "|") {
					if m[1] == "error_type" && value != "" && !codes[value] {
						t.Errorf("no error type %s for: %s", value, expr)
					}
				}
			}
		}
		for _, label := range labels {
			if !strings.Contains(exported, label+`="`) {
				t.Errorf("no label %s for: %s", label, expr)
			}
		}
	}
	if len(used) < 10 {
		t.Errorf("found only the metrics %v", used)
	}
}

var (
	metricName = regexp.MustCompile(`\b(?:ordermanager|db|messaging)_\w+`)
	inBraces   = regexp.MustCompile(`\{[^}]*\}`)
	grouping   = regexp.MustCompile(`by \(([^)]*)\)`)
	matcher    = regexp.MustCompile(`(\w+)(?:=~|!=|=)"([^"]*)"`)
)

// everyMetric is what Prometheus gets of an observer that has seen everything.
func everyMetric(t *testing.T) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		t.Fatal(err)
	}
	observer, err := otelobserver.New(&otelobserver.Options{
		TracerProvider: noop.NewTracerProvider(), MeterProvider: metric.NewMeterProvider(metric.WithReader(exporter)),
		Database: "memory",
	})
	if err != nil {
		t.Fatal(err)
	}
	manager, err := ordermanager.New(memory.NewStore(), menu, new(memory.Resumer), &ordermanager.Options{
		Observer: observer.Observe, Publisher: new(memory.Publisher),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := observer.Watch(manager); err != nil {
		t.Fatal(err)
	}
	_, err = manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "1", Token: ordermanager.NewTaskToken("1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	put := ordermanager.Request{
		OrderID: "1", Actor: ordermanager.Customer("1"), Drink: ordermanager.DrinkOrder{Drink: "Espresso"},
	}
	if _, err := manager.Put(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	if _, err := manager.Put(t.Context(), put); !errors.Is(err, ordermanager.ErrDrinkAccepted) {
		t.Fatal(err)
	}
	if _, err := manager.Make(
		t.Context(), ordermanager.Request{OrderID: "1", Actor: ordermanager.Barista("3")},
	); err != nil {
		t.Fatal(err)
	}
	if _, err := manager.Redrive(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	page := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(
		page, httptest.NewRequest(http.MethodGet, "/metrics", nil),
	)
	return page.Body.String()
}

// errorTypes are the codes of the library, and what otelobserver calls the other errors.
func errorTypes(t *testing.T) map[string]bool {
	t.Helper()
	source, err := os.ReadFile("../../errors.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{"undeliverable": true, "timeout": true, string(ordermanager.CodeInternal): true}
	for _, m := range regexp.MustCompile(`code: "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		all[m[1]] = true
	}
	return all
}
