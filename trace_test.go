package ordermanager_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
)

type traceKey struct{}

// traced is a call that belongs to a trace.
func traced(t *testing.T, trace string) context.Context {
	return context.WithValue(t.Context(), traceKey{}, trace)
}

func traceOf(ctx context.Context) string {
	trace, _ := ctx.Value(traceKey{}).(string)
	return trace
}

// A redrive, which may run in another process much later, knows whose trace an answer and an event belong to.
func TestTrace_goesAlongWithWhatIsOwed(t *testing.T) {
	traces := map[string][]string{}
	observer := func(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
		if op.Name == "resume" || op.Name == "publish" {
			traces[op.Name] = op.Traces
		}
		return ctx, nil
	}
	h := newHouse(t, func(o *ordermanager.Options) { o.Trace, o.Observer = traceOf, observer })
	h.start()
	h.receipt(h.Handle(traced(t, "of the put"), put()))
	h.wait()
	h.resumer.Hook, h.publisher.Hook = failing("resume", false), failing("publish", false)
	h.receipt(h.Handle(traced(t, "of the make"), by("make", ordermanager.Barista(holder))))
	h.receipt(h.Handle(traced(t, "of the complete"), by("complete", ordermanager.Barista(holder))))
	h.resumer.Hook, h.publisher.Hook = nil, nil
	clear(traces)
	must[ordermanager.RedriveReport](t)(h.Redrive(traced(t, "of the redrive"), nil))
	want := map[string][]string{"resume": {"of the complete"}, "publish": {"of the make", "of the complete"}}
	if diff := cmp.Diff(want, traces); diff != "" {
		t.Errorf("told: %s", diff)
	}
	var kept, published []string
	for _, entry := range h.order().History {
		kept = append(kept, entry.Trace)
	}
	if diff := cmp.Diff([]string{"", "of the put", "", "of the make", "of the complete"}, kept); diff != "" {
		t.Errorf("kept: %s", diff)
	}
	for _, event := range h.publisher.Events() {
		published = append(published, event.Trace)
	}
	if diff := cmp.Diff([]string{"", "of the make", "of the complete"}, published); diff != "" {
		t.Errorf("published: %s", diff)
	}
}

func TestTrace_thatCannotBeKeptIsDroppedAndRefusesNothing(t *testing.T) {
	fits := strings.Repeat("x", ordermanager.MaxTraceBytes)
	for _, test := range []struct{ name, trace, want string }{
		{"fits", fits, fits},
		{"too long", fits + "x", ""},
		{"a control character", "00-\n", ""},
		{"not ASCII", "ä", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t, func(o *ordermanager.Options) { o.Trace = traceOf })
			h.start()
			h.receipt(h.Handle(traced(t, test.trace), put()))
			if got := h.order().History[1].Trace; got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// The trace context is no part of a request: its repetition comes with another one.
func TestTrace_doesNotMakeARepetitionAnotherRequest(t *testing.T) {
	h := newHouse(t, func(o *ordermanager.Options) { o.Trace = traceOf })
	h.start()
	request := put()
	request.RequestID = "1"
	h.receipt(h.Handle(traced(t, "first"), request))
	if receipt := h.receipt(h.Handle(traced(t, "second"), request)); !receipt.Replayed {
		t.Error("not replayed")
	}
	if got := h.order().History[1].Trace; got != "first" {
		t.Errorf("got %q", got)
	}
}
