package otelobserver

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/brewline/ordermanager"
)

// measured is what is measured of operations of one name.
type measured struct {
	// duration is nil if nothing is measured.
	duration metric.Float64Histogram
	// sent counts events; nil for operations without any.
	sent metric.Int64Counter
	// fixed are the constant attributes.
	fixed []attribute.KeyValue
	// resumes makes the fate of the answer a label.
	resumes bool
}

// labels are the attributes of an operation's measurements. Building an attribute set takes longer than a measurement,
// so each combination of operation, action and error type is built once. The life cycle, the publishers and the error
// codes bound their number.
type labels struct {
	measured   *measured
	fixed      []attribute.KeyValue
	well, gone *labelled
	failed     growing[string, *labelled]
}

// labelled has the options that put the same attributes on a duration and a count.
type labelled struct {
	record []metric.RecordOption
	add    []metric.AddOption
}

func newLabels(m *measured, more ...attribute.KeyValue) *labels {
	l := &labels{measured: m, fixed: append(slices.Clip(m.fixed), more...)}
	l.well, l.gone = l.with(ordermanager.ResumeDelivered), l.with(ordermanager.ResumeGone)
	return l
}

// measure records one operation. The error type is empty for a success.
func (l *labels) measure(
	ctx context.Context, took time.Duration, events int, e *ordermanager.Ending, errorType string,
) {
	if l.measured.duration == nil {
		return
	}
	with := l.of(e, errorType)
	l.measured.duration.Record(ctx, took.Seconds(), with.record...)
	if l.measured.sent != nil {
		l.measured.sent.Add(ctx, int64(events), with.add...)
	}
}

// of returns the labels for an ending.
func (l *labels) of(e *ordermanager.Ending, errorType string) *labelled {
	switch {
	case errorType != "":
		return l.failed.get(errorType, func() *labelled {
			return l.with(ordermanager.ResumePending, semconv.ErrorTypeKey.String(errorType))
		})
	case e.Gone:
		return l.gone
	}
	return l.well
}

func (l *labels) with(status ordermanager.ResumeStatus, more ...attribute.KeyValue) *labelled {
	all := append(slices.Clip(l.fixed), more...)
	if l.measured.resumes {
		all = append(all, keyResume.String(string(status)))
	}
	option := metric.WithAttributeSet(attribute.NewSet(all...))
	return &labelled{[]metric.RecordOption{option}, []metric.AddOption{option}}
}

// byAction has the labels for each action.
type byAction = growing[ordermanager.Action, *labels]

// growing is a map that is read often and grows rarely: by copying.
type growing[K comparable, V any] struct{ current atomic.Pointer[map[K]V] }

func (g *growing[K, V]) get(key K, create func() V) V {
	if current := g.current.Load(); current != nil {
		if value, found := (*current)[key]; found {
			return value
		}
	}
	return g.add(key, create())
}

func (g *growing[K, V]) add(key K, value V) V {
	for {
		current := g.current.Load()
		grown := map[K]V{}
		if current != nil {
			maps.Copy(grown, *current)
		}
		grown[key] = value
		if g.current.CompareAndSwap(current, &grown) {
			return value
		}
	}
}

// The attributes that the conventions do not name.
const (
	keyAction  = attribute.Key("ordermanager.action")
	keyOrder   = attribute.Key("ordermanager.order.id")
	keyRefused = attribute.Key("ordermanager.refused")
	keyResume  = attribute.Key("ordermanager.resume.status")
)
