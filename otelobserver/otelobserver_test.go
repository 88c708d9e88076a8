package otelobserver_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/otelobserver"
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte", Icon: "latte"}}})

// bar is a Manager that is observed.
type bar struct {
	*testing.T
	*ordermanager.Manager
	observer  *otelobserver.Observer
	store     *memory.Store
	resumer   *memory.Resumer
	publisher *memory.Publisher
	spans     *tracetest.SpanRecorder
	metrics   *sdkmetric.ManualReader
	// issued are the tokens that the resumer waits on.
	issued []string
}

func open(t *testing.T) *bar {
	t.Helper()
	b := &bar{
		T: t, store: memory.NewStore(), resumer: new(memory.Resumer), publisher: new(memory.Publisher),
		spans: tracetest.NewSpanRecorder(), metrics: sdkmetric.NewManualReader(),
	}
	var err error
	b.observer, err = otelobserver.New(&otelobserver.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans)),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.metrics)),
		Database:       "aws.dynamodb", Messaging: "aws_eventbridge", Destination: "Serverlesspresso",
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Manager, err = ordermanager.New(b.store, menu, b.resumer, &ordermanager.Options{
		Observer: b.observer.Observe, Trace: b.observer.Trace, Publisher: b.publisher,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bar) must(receipt ordermanager.Receipt, err error) ordermanager.Receipt {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	return receipt
}

const token = "token-that-must-not-leak-"

func (b *bar) start(order string) {
	b.Helper()
	b.must(b.WorkflowStarted(b.Context(), ordermanager.WorkflowStarted{
		OrderID: order, Customer: "anna", Token: ordermanager.NewTaskToken(token + "1-" + order),
	}))
}

func (b *bar) issue() ordermanager.TaskToken {
	token := b.resumer.Issue()
	b.issued = append(b.issued, token.Reveal())
	return token
}

func (b *bar) does(action ordermanager.Action, order string, actor ordermanager.Actor) (ordermanager.Receipt, error) {
	r := ordermanager.Request{Action: action, OrderID: order, Actor: actor}
	if action == ordermanager.ActionPut {
		r.Drink = ordermanager.DrinkOrder{Drink: "Latte"}
	}
	return b.Handle(b.Context(), r)
}

// life is a whole order, with a refusal, an answer that is owed for a while, and a redrive.
func (b *bar) life(order string) {
	b.Helper()
	anna, ben := ordermanager.Customer("anna"), ordermanager.Barista("ben")
	b.start(order)
	b.must(b.does("put", order, anna))
	b.must(b.WaitingCompletion(b.Context(), ordermanager.WaitingCompletion{
		OrderID: order, Number: "7", Token: b.issue(),
	}))
	b.must(b.does("make", order, ben))
	if _, err := b.does("make", order, ordermanager.Barista("carl")); !errors.Is(err, ordermanager.ErrClaimed) {
		b.Fatal(err)
	}
	b.resumer.Hook = func(string, string, bool) error { return errNetwork }
	if receipt := b.must(b.does("complete", order, ben)); receipt.Resume != ordermanager.ResumePending {
		b.Fatal(receipt.Resume)
	}
	b.resumer.Hook = nil
	if _, err := b.Redrive(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
}

var errNetwork = errors.New("the network is down")

func (b *bar) collect() []metricdata.Metrics {
	b.Helper()
	var all metricdata.ResourceMetrics
	if err := b.metrics.Collect(b.Context(), &all); err != nil {
		b.Fatal(err)
	}
	if len(all.ScopeMetrics) != 1 {
		b.Fatalf("want one scope, got %d", len(all.ScopeMetrics))
	}
	return all.ScopeMetrics[0].Metrics
}

// row is a line of the table of metrics.
type row struct{ kind, unit, attributes, buckets string }

var tableRow = regexp.MustCompile(
	"(?m)^\\| `((?:ordermanager|db|messaging)\\.[a-z._]+)` \\| (\\w+) \\| `([^`]+)` \\| ([^|]*) ?\\|( [^|]*)?\\|$",
)

func TestMetrics_areThoseOfTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]row{}
	for _, m := range tableRow.FindAllStringSubmatch(string(page), -1) {
		documented[m[1]] = row{
			m[2], m[3], sorted(strings.Split(strings.ReplaceAll(strings.TrimSpace(m[4]), "`", ""), ", ")),
			strings.TrimSpace(m[5]),
		}
	}

	b := open(t)
	b.life("1")
	b.breakEverything()
	if _, err := b.observer.Watch(b.Manager); err != nil {
		t.Fatal(err)
	}
	b.start("waits")
	measured := map[string]row{}
	for _, m := range b.collect() {
		r := row{unit: m.Unit}
		keys := map[string]bool{}
		of := func(set attribute.Set) {
			for _, kv := range set.ToSlice() {
				keys[string(kv.Key)] = true
			}
		}
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64]:
			r.kind = "histogram"
			for _, p := range data.DataPoints {
				of(p.Attributes)
				r.buckets = strings.Trim(strings.ReplaceAll(fmt.Sprint(p.Bounds), " ", ", "), "[]")
			}
		case metricdata.Sum[int64]:
			r.kind = "counter"
			for _, p := range data.DataPoints {
				of(p.Attributes)
			}
		case metricdata.Gauge[int64]:
			r.kind = "gauge"
			for _, p := range data.DataPoints {
				of(p.Attributes)
			}
		case metricdata.Gauge[float64]:
			r.kind = "gauge"
		}
		r.attributes = sorted(slices.Collect(maps.Keys(keys)))
		measured[m.Name] = r
		if m.Description == "" {
			t.Errorf("%s has no description", m.Name)
		}
	}
	if diff := gocmp.Diff(documented, measured, gocmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("documented (-) and measured (+):\n%s", diff)
	}
}

func sorted(keys []string) string {
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}

// breakEverything lets each operation fail once.
func (b *bar) breakEverything() {
	b.Helper()
	anna := ordermanager.Customer("anna")
	b.start("broken")
	for _, fails := range []string{"apply", "settle", "get", "list"} {
		b.store.Hook = func(op, _ string, _ bool) error {
			if op == fails {
				return errNetwork
			}
			return nil
		}
		_, _ = b.does("put", "broken", anna)
		_, _ = b.Order(b.Context(), "broken")
		_, _ = b.Redrive(b.Context(), nil)
	}
	b.store.Hook = nil
	b.publisher.Hook = func(string, string, bool) error { return errNetwork }
	_, _ = b.does("cancel", "broken", anna)
	closed, err := ordermanager.New(b.store, noMenu{}, b.resumer, &ordermanager.Options{Observer: b.observer.Observe})
	if err != nil {
		b.Fatal(err)
	}
	_, _ = closed.Put(
		b.Context(), ordermanager.Request{OrderID: "broken", Actor: anna, Drink: ordermanager.DrinkOrder{Drink: "Latte"}},
	)
}

type noMenu struct{}

func (noMenu) Menu(context.Context, string) (*ordermanager.Menu, error) { return nil, errNetwork }

func TestSpans_tellAnOrdersLife(t *testing.T) {
	b := open(t)
	b.life("1")
	want := `
ordermanager workflow_started internal {ordermanager.action=workflow_started}
  apply client {db.operation.name=apply db.system.name=aws.dynamodb ordermanager.action=workflow_started}
ordermanager put internal {ordermanager.action=put}
  menu internal {ordermanager.action=put}
  apply client {db.operation.name=apply db.system.name=aws.dynamodb ordermanager.action=put}
  resume client {ordermanager.action=put ordermanager.resume.status=gone}
  settle client {db.operation.name=settle db.system.name=aws.dynamodb}
ordermanager waiting_completion internal {ordermanager.action=waiting_completion}
  apply client {db.operation.name=apply db.system.name=aws.dynamodb ordermanager.action=waiting_completion}
  send Serverlesspresso client {messaging.destination.name=Serverlesspresso messaging.operation.name=send messaging.operation.type=send messaging.system=aws_eventbridge}
  settle client {db.operation.name=settle db.system.name=aws.dynamodb}
ordermanager make internal {ordermanager.action=make}
  apply client {db.operation.name=apply db.system.name=aws.dynamodb ordermanager.action=make}
  send Serverlesspresso client {messaging.destination.name=Serverlesspresso messaging.operation.name=send messaging.operation.type=send messaging.system=aws_eventbridge}
  settle client {db.operation.name=settle db.system.name=aws.dynamodb}
ordermanager make internal {error.type=claimed ordermanager.action=make}
  apply client {db.operation.name=apply db.system.name=aws.dynamodb ordermanager.action=make ordermanager.refused=true}
ordermanager complete internal {ordermanager.action=complete}
  apply client {db.operation.name=apply db.system.name=aws.dynamodb ordermanager.action=complete}
  resume client Error {error.type=internal ordermanager.action=complete ordermanager.resume.status=pending}
  send Serverlesspresso client {messaging.destination.name=Serverlesspresso messaging.operation.name=send messaging.operation.type=send messaging.system=aws_eventbridge}
  settle client {db.operation.name=settle db.system.name=aws.dynamodb}
ordermanager redrive internal {}
  list client {db.operation.name=list db.system.name=aws.dynamodb}
  get client {db.operation.name=get db.system.name=aws.dynamodb}
  resume client {ordermanager.action=complete ordermanager.resume.status=delivered}
  settle client {db.operation.name=settle db.system.name=aws.dynamodb}
  list client {db.operation.name=list db.system.name=aws.dynamodb}
`
	if diff := gocmp.Diff(strings.TrimSpace(want), tree(b.spans.Ended())); diff != "" {
		t.Error(diff)
	}
}

// A store that is no database is not measured as one: a metric of the conventions must name the system.
func TestObserver_hasNoMetricsOfADatabaseThatHasNoName(t *testing.T) {
	b := open(t)
	b.metrics = sdkmetric.NewManualReader()
	observer, err := otelobserver.New(&otelobserver.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans)),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.metrics)),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Manager, err = ordermanager.New(b.store, menu, b.resumer, &ordermanager.Options{Observer: observer.Observe})
	if err != nil {
		t.Fatal(err)
	}
	b.start("1")
	want := `
ordermanager workflow_started internal {ordermanager.action=workflow_started}
  apply internal {ordermanager.action=workflow_started}
`
	if diff := gocmp.Diff(strings.TrimSpace(want), tree(b.spans.Ended())); diff != "" {
		t.Error(diff)
	}
	for _, m := range b.collect() {
		if m.Name != "ordermanager.action.duration" {
			t.Errorf("a metric %s", m.Name)
		}
	}
}

func TestObserver_tellsPublishersApart(t *testing.T) {
	b := open(t)
	hook := &memory.Publisher{Hook: func(string, string, bool) error { return errNetwork }}
	manager, err := ordermanager.New(b.store, menu, b.resumer, &ordermanager.Options{
		Observer: b.observer.Observe, Publisher: b.publisher,
		Publishers: map[string]ordermanager.Publisher{"hook": hook},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.start("1")
	before := len(b.spans.Ended())
	b.must(manager.Cancel(t.Context(), ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("anna")}))
	const (
		send   = " messaging.operation.name=send messaging.operation.type=send messaging.system="
		onBus  = "messaging.destination.name=Serverlesspresso" + send + "aws_eventbridge"
		onHook = "messaging.destination.name=hook" + send + "_OTHER"
	)
	want := `
ordermanager cancel internal {ordermanager.action=cancel}
  apply client {db.operation.name=apply db.system.name=aws.dynamodb ordermanager.action=cancel}
  resume client {ordermanager.action=cancel ordermanager.resume.status=gone}
  send Serverlesspresso client {` + onBus + `}
  send hook client Error {error.type=internal ` + onHook + `}
  settle client {db.operation.name=settle db.system.name=aws.dynamodb}
`
	if diff := gocmp.Diff(strings.TrimSpace(want), tree(b.spans.Ended()[before:])); diff != "" {
		t.Error(diff)
	}
	sent := map[string]int64{}
	for _, m := range b.collect() {
		if counter, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "messaging.client.sent.messages" {
			for _, point := range counter.DataPoints {
				sent[point.Attributes.Encoded(attribute.DefaultEncoder())] += point.Value
			}
		}
	}
	if diff := gocmp.Diff(map[string]int64{
		strings.ReplaceAll(onBus, " ", ","):                           1,
		"error.type=internal," + strings.ReplaceAll(onHook, " ", ","): 1,
	}, sent); diff != "" {
		t.Error(diff)
	}
}

// tree draws spans below their parents. Every span of an order must have its id, which is left out.
func tree(spans []sdktrace.ReadOnlySpan) string {
	var b strings.Builder
	var draw func(parent sdktrace.ReadOnlySpan, indent string)
	draw = func(parent sdktrace.ReadOnlySpan, indent string) {
		var children []sdktrace.ReadOnlySpan
		for _, s := range spans {
			if parent == nil && !s.Parent().IsValid() || parent != nil && s.Parent().SpanID() == parent.SpanContext().SpanID() {
				children = append(children, s)
			}
		}
		slices.SortStableFunc(children, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
		for _, s := range children {
			var attributes []string
			order := false
			for _, kv := range s.Attributes() {
				if kv.Key == "ordermanager.order.id" {
					order = true
					continue
				}
				attributes = append(attributes, fmt.Sprintf("%s=%v", kv.Key, kv.Value.AsInterface()))
			}
			slices.Sort(attributes)
			status := ""
			if s.Status().Code != 0 {
				status = s.Status().Code.String() + " "
			}
			if !order && s.Name() != "list" && !strings.HasSuffix(s.Name(), "redrive") {
				status += "NO ORDER "
			}
			fmt.Fprintf(&b, "%s%s %s %s{%s}\n", indent, s.Name(), s.SpanKind(), status, strings.Join(attributes, " "))
			draw(s, indent+"  ")
		}
	}
	draw(nil, "")
	return strings.TrimSpace(b.String())
}

// A redrive in another process is a trace of its own, and its deliveries link to the action that owed them.
func TestSpans_ofARedriveLinkToTheActionThatOwedIt(t *testing.T) {
	b := open(t)
	b.start("1")
	b.must(b.does("put", "1", ordermanager.Customer("anna")))
	b.must(b.WaitingCompletion(b.Context(), ordermanager.WaitingCompletion{OrderID: "1", Number: "7", Token: b.issue()}))
	down := func(string, string, bool) error { return errNetwork }
	b.resumer.Hook, b.publisher.Hook = down, down
	b.must(b.does("make", "1", ordermanager.Barista("ben")))
	b.must(b.does("complete", "1", ordermanager.Barista("ben")))
	actions := map[string]trace.SpanContext{}
	for _, s := range b.spans.Ended() {
		actions[s.Name()] = s.SpanContext()
		if len(s.Links()) > 0 && s.Parent().TraceID() == s.Links()[0].SpanContext.TraceID() {
			t.Errorf("%s links to its own trace", s.Name())
		}
	}

	other := open(t)
	other.resumer.Hook, other.publisher.Hook = nil, nil
	manager, err := ordermanager.New(
		b.store, menu, other.resumer, &ordermanager.Options{Observer: other.observer.Observe, Publisher: other.publisher},
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manager.Redrive(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	links := map[string][]trace.SpanID{}
	for _, s := range other.spans.Ended() {
		for _, link := range s.Links() {
			links[s.Name()] = append(links[s.Name()], link.SpanContext.SpanID())
		}
	}
	made, completed := actions["ordermanager make"].SpanID(), actions["ordermanager complete"].SpanID()
	want := map[string][]trace.SpanID{"resume": {completed}, "send Serverlesspresso": {made, completed}}
	if diff := gocmp.Diff(want, links); diff != "" {
		t.Error(diff)
	}
	for i, name := range []string{"ordermanager make", "ordermanager complete"} {
		if got, id := other.publisher.Events()[i].Trace, actions[name].TraceID().String(); !strings.Contains(got, id) {
			t.Errorf("the event has %q and not the trace %s", got, id)
		}
	}
}

func TestTrace_ofWhatIsNotSampledIsNotKept(t *testing.T) {
	b := open(t)
	quiet, err := otelobserver.New(&otelobserver.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Manager, err = ordermanager.New(
		b.store, menu, b.resumer, &ordermanager.Options{Observer: quiet.Observe, Trace: quiet.Trace},
	)
	if err != nil {
		t.Fatal(err)
	}
	b.start("1")
	order, err := b.Order(t.Context(), "1")
	if err != nil || order.History[0].Trace != "" {
		t.Errorf("got %q, %v", order.History[0].Trace, err)
	}
}

func TestMetrics_tellWhatBecameOfAnswersAndHowManyEventsWereSent(t *testing.T) {
	b := open(t)
	b.life("1")
	statuses, sent := map[string]uint64{}, int64(0)
	for _, m := range b.collect() {
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				if status, ok := p.Attributes.Value("ordermanager.resume.status"); ok {
					statuses[status.AsString()] += p.Count
				}
			}
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				sent += p.Value
			}
		}
	}
	if diff := gocmp.Diff(map[string]uint64{"gone": 1, "pending": 1, "delivered": 1}, statuses); diff != "" || sent != 3 {
		t.Errorf("%d events sent\n%s", sent, diff)
	}
}

func TestMetrics_doNotGrowWithTheOrders(t *testing.T) {
	b := open(t)
	if _, err := b.observer.Watch(b.Manager); err != nil {
		t.Fatal(err)
	}
	b.life("first")
	series := func() (n int) {
		for _, m := range b.collect() {
			if data, ok := m.Data.(metricdata.Histogram[float64]); ok {
				n += len(data.DataPoints)
			}
		}
		return n
	}
	before := series()
	for i := range 50 {
		b.life(fmt.Sprint("order-", i))
	}
	if after := series(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}

// Invariant 8.
func TestTelemetry_hasNoToken(t *testing.T) {
	b := open(t)
	b.life("1")
	b.breakEverything()
	all := fmt.Sprintf("%+v", b.collect())
	for _, s := range b.spans.Ended() {
		all += fmt.Sprintf("%s %v %+v %+v\n", s.Name(), s.Attributes(), s.Status(), s.Events())
	}
	for _, secret := range append(b.issued, token) {
		if strings.Contains(all, secret) {
			t.Error("a token is in the telemetry")
		}
	}
	if !strings.Contains(all, "broken") {
		t.Error("this test looks at nothing")
	}
}

func TestSpans_ofWhatDoesNotWorkAreErrors(t *testing.T) {
	b := open(t)
	b.breakEverything()
	got := map[string]bool{}
	for _, s := range b.spans.Ended() {
		if s.Status().Code != 0 {
			got[s.Name()+": "+s.Status().Description] = true
		}
	}
	for _, want := range []string{
		"apply: the store failed: apply order broken: the network is down",
		"get: the store failed: get order broken: the network is down",
		"send Serverlesspresso: the network is down", "menu: the menu is not available: the network is down",
		"ordermanager put: the menu is not available: the network is down",
		"ordermanager redrive: the store failed: list: the network is down",
	} {
		if !got[want] {
			t.Errorf("no %q in %v", want, slices.Sorted(maps.Keys(got)))
		}
	}
}

// gauges collects the gauges alone.
func (b *bar) gauges() map[string]float64 {
	b.Helper()
	all := map[string]float64{}
	for _, m := range b.collect() {
		switch data := m.Data.(type) {
		case metricdata.Gauge[int64]:
			for _, p := range data.DataPoints {
				wait, _ := p.Attributes.Value("ordermanager.wait")
				all[cmp.Or(wait.AsString(), m.Name)] = float64(p.Value)
			}
		case metricdata.Gauge[float64]:
			for _, p := range data.DataPoints {
				all[m.Name] = p.Value
			}
		}
	}
	return all
}

func TestWatch_saysHowThingsStand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t)
		stop, err := b.observer.Watch(b.Manager)
		if err != nil {
			t.Fatal(err)
		}
		anna := ordermanager.Customer("anna")
		b.start("1")
		b.start("2")
		b.must(b.does("put", "2", anna))
		b.start("3")
		b.resumer.Hook = func(string, string, bool) error { return errNetwork }
		b.must(b.does("put", "3", anna))
		b.must(b.does("make", "3", ordermanager.Barista("ben")))
		time.Sleep(90 * time.Second) //nolint:forbidigo // the clock of the bubble
		b.start("4")
		b.must(b.does("cancel", "4", anna))
		want := map[string]float64{
			"ordermanager.owing.orders": 2, "ordermanager.owing.age": 90, "drink": 1, "completion": 2,
		}
		if diff := gocmp.Diff(want, b.gauges()); diff != "" {
			t.Error(diff)
		}

		b.resumer.Hook = nil
		if _, err := b.Redrive(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		reads := 0
		b.store.Hook = func(string, string, bool) error { reads++; return nil }
		time.Sleep(29 * time.Second) //nolint:forbidigo // the clock of the bubble
		want["ordermanager.owing.age"] = 119
		if diff := gocmp.Diff(want, b.gauges()); diff != "" || reads > 0 {
			t.Errorf("within 30 seconds the store is not read again: %d reads\n%s", reads, diff)
		}
		time.Sleep(time.Second) //nolint:forbidigo // the clock of the bubble
		want["ordermanager.owing.orders"], want["ordermanager.owing.age"] = 0, 0
		if diff := gocmp.Diff(want, b.gauges()); diff != "" {
			t.Error(diff)
		}

		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if left := b.gauges(); len(left) > 0 {
			t.Errorf("after the end of the watch: %v", left)
		}
	})
}

// A store that is down costs the gauges, and no other metric.
func TestWatch_leavesOutWhatItCannotKnow(t *testing.T) {
	var handled error
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { handled = err }))
	defer otel.SetErrorHandler(before)
	var exported exports
	reader := sdkmetric.NewPeriodicReader(&exported)
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	observer, err := otelobserver.New(&otelobserver.Options{MeterProvider: meters, Database: "sqlite"})
	if err != nil {
		t.Fatal(err)
	}
	store := memory.NewStore()
	store.Hook = func(string, string, bool) error { return errNetwork }
	manager, err := ordermanager.New(
		store, menu, new(memory.Resumer), &ordermanager.Options{Observer: observer.Observe},
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := observer.Watch(manager); err != nil {
		t.Fatal(err)
	}
	_, err = manager.Make(t.Context(), ordermanager.Request{OrderID: "1", Actor: ordermanager.Barista("ben")})
	if !errors.Is(err, errNetwork) {
		t.Fatal(err)
	}
	if err := meters.ForceFlush(t.Context()); err != nil || !errors.Is(handled, errNetwork) {
		t.Errorf("got %v, and %v was handled", err, handled)
	}
	if diff := gocmp.Diff(exports{"db.client.operation.duration", "ordermanager.action.duration"}, exported); diff != "" {
		t.Error(diff)
	}
	if err := meters.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// exports are the names of the metrics that a periodic reader exported first.
type exports []string

func (e *exports) Export(_ context.Context, all *metricdata.ResourceMetrics) error {
	if len(*e) > 0 {
		return nil
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			*e = append(*e, m.Name)
		}
	}
	slices.Sort(*e)
	return nil
}

func (*exports) Temporality(kind sdkmetric.InstrumentKind) metricdata.Temporality {
	return sdkmetric.DefaultTemporalitySelector(kind)
}

func (*exports) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

func (*exports) ForceFlush(context.Context) error { return nil }

func (*exports) Shutdown(context.Context) error { return nil }

// stuck is an exporter whose collector never answers.
type stuck struct{}

func (stuck) ExportSpans(ctx context.Context, _ []sdktrace.ReadOnlySpan) error {
	<-ctx.Done()
	return ctx.Err()
}

func (stuck) Shutdown(context.Context) error { return nil }

func TestObserver_noActionWaitsForACollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spans := sdktrace.NewTracerProvider(sdktrace.WithBatcher(
			stuck{}, sdktrace.WithMaxQueueSize(2), sdktrace.WithMaxExportBatchSize(1),
		))
		b := open(t)
		observer, err := otelobserver.New(&otelobserver.Options{TracerProvider: spans})
		if err != nil {
			t.Fatal(err)
		}
		b.Manager, err = ordermanager.New(
			b.store, menu, b.resumer, &ordermanager.Options{Observer: observer.Observe, Publisher: b.publisher},
		)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for i := range 10 {
			b.life(fmt.Sprint(i))
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("ten orders took %s", took)
		}
		_ = spans.Shutdown(context.WithoutCancel(t.Context()))
	})
}

func TestObserver_measuresWithOneAllocation(t *testing.T) {
	observer, err := otelobserver.New(&otelobserver.Options{
		TracerProvider: noop.NewTracerProvider(), Database: "sqlite",
		MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"handle", "store.apply"} {
		op := ordermanager.Operation{Name: name, Action: ordermanager.ActionMake, OrderID: "1"}
		n := testing.AllocsPerRun(100, func() {
			_, end := observer.Observe(context.Background(), op)
			end(ordermanager.Ending{})
		})
		if n != 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestObserver_passesOverWhatItDoesNotKnow(t *testing.T) {
	b := open(t)
	ctx, end := b.observer.Observe(t.Context(), ordermanager.Operation{Name: "of a later version"})
	if ctx != t.Context() || end != nil {
		t.Error("want nothing")
	}
}
