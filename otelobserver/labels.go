package otelobserver

import (
	"maps"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/brewline/ordermanager"
)

// labels are the attributes of measurements. They are made once for each combination of operation, action and error type, because
// making a set of attributes takes longer than a measurement. There are only as many as the life cycle and the error codes allow.
type labels struct {
	fixed  []attribute.KeyValue
	well   []metric.RecordOption
	failed growing[string, []metric.RecordOption]
}

func newLabels(fixed []attribute.KeyValue) *labels { return &labels{fixed: fixed, well: option(fixed)} }

// of returns the labels for an error type, which is empty when all went well.
func (l *labels) of(errorType string) []metric.RecordOption {
	if errorType == "" {
		return l.well
	}
	return l.failed.get(errorType, func() []metric.RecordOption {
		return option(append(slices.Clip(l.fixed), semconv.ErrorTypeKey.String(errorType)))
	})
}

func option(attributes []attribute.KeyValue) []metric.RecordOption {
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}
}

// byAction has the labels for each action.
type byAction = growing[ordermanager.Action, *labels]

// labels returns those of an action.
func (o *operation) labels(action ordermanager.Action) *labels {
	if !o.perAction {
		return o.unlabelled
	}
	return o.byAction.get(action, func() *labels {
		return newLabels(append(slices.Clip(o.fixed), keyAction.String(string(action))))
	})
}

// growing is a map that is read all the time and seldom grows: then it is copied.
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
