package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

// BenchmarkPut and BenchmarkGet compare the handler with the bare Manager on the same store in the same run. What the handler adds is
// routing, the caller, the JSON of both directions and the headers; the network is not in it.
func BenchmarkPut(b *testing.B) {
	b.Run("manager", func(b *testing.B) {
		f := newBench(b)
		b.ReportAllocs()
		for b.Loop() {
			f.renew(b)
			_, err := f.manager.Put(b.Context(), ordermanager.Request{
				OrderID: f.orderID(), Actor: ordermanager.Customer("1"),
				Drink: ordermanager.DrinkOrder{Drink: "Cappuccino", Modifiers: []string{"Oat"}},
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("http", func(b *testing.B) {
		f := newBench(b)
		body := strings.NewReader("")
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPut, "/orders/x", nil)
		r.Header.Set(demoHeader, "customer:1")
		r.Header.Set("Content-Type", "application/json")
		b.ReportAllocs()
		for b.Loop() {
			f.renew(b)
			body.Reset(cappuccino)
			r.Body = io.NopCloser(body)
			r.URL.Path = "/orders/" + f.orderID()
			f.serve(b, r)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	b.Run("manager", func(b *testing.B) {
		f := newBench(b)
		f.renew(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := f.manager.Order(b.Context(), f.ids[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("http", func(b *testing.B) {
		f := newBench(b)
		f.renew(b)
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/orders/"+f.ids[0], nil)
		r.Header.Set(demoHeader, "customer:1")
		b.ReportAllocs()
		for b.Loop() {
			f.serve(b, r)
		}
	})
}

// bench has a batch of new orders, because an order takes one put.
type bench struct {
	manager *ordermanager.Manager
	handler *httpapi.Handler
	ids     []string
	used    int
}

func newBench(b *testing.B) *bench {
	b.Helper()
	manager, err := ordermanager.New(memory.NewStore(), venues{}, new(memory.Resumer), nil)
	if err != nil {
		b.Fatal(err)
	}
	handler, err := httpapi.New(manager, venues{}, &httpapi.Options{Identify: demoIdentity})
	if err != nil {
		b.Fatal(err)
	}
	return &bench{manager: manager, handler: handler}
}

const batch = 1024

// renew makes another batch when the last one is used up, with the clock stopped.
func (f *bench) renew(b *testing.B) {
	b.Helper()
	if f.used < len(f.ids) {
		return
	}
	b.StopTimer()
	defer b.StartTimer()
	*f = *newBench(b) // the used orders go with the old store
	for i := range batch {
		id := "order-" + strconv.Itoa(i)
		token := ordermanager.NewTaskToken(id)
		if _, err := f.manager.WorkflowStarted(b.Context(), ordermanager.WorkflowStarted{OrderID: id, Customer: "1", Token: token}); err != nil {
			b.Fatal(err)
		}
		f.ids = append(f.ids, id)
	}
}

func (f *bench) orderID() string {
	f.used++
	return f.ids[f.used-1]
}

// discard is a caller who reads nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header                { return d.header }
func (d *discard) WriteHeader(status int)             { d.status = status }
func (d *discard) Write(text []byte) (n int, _ error) { return len(text), nil }

func (f *bench) serve(b *testing.B, r *http.Request) {
	b.Helper()
	w := &discard{header: http.Header{}}
	f.handler.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		b.Fatalf("%s %s answered %d", r.Method, r.URL.Path, w.status)
	}
}

// BenchmarkFeed tells so many listeners of a change. What their connections cost is not in it.
func BenchmarkFeed(b *testing.B) {
	for _, listeners := range []int{1, 100, 1_000, 5_000} {
		b.Run(fmt.Sprint("listeners=", listeners), func(b *testing.B) {
			store := newWatched()
			f := store.process(b)
			ctx, leave := context.WithCancel(b.Context())
			var told, gone sync.WaitGroup
			told.Add(listeners)
			for n := range listeners {
				r := call{actor: fmt.Sprint("barista:", n), method: "GET", path: "/events"}.request().WithContext(ctx)
				gone.Go(func() { f.handler.ServeHTTP(&ear{http.Header{}, &told}, r) })
			}
			told.Wait()
			b.ReportAllocs()
			before := store.asked.Load()
			for n := 0; b.Loop(); n++ {
				told.Add(listeners)
				f.start(strconv.Itoa(n), "1", "")
				told.Wait()
			}
			b.ReportMetric(float64(store.asked.Load()-before)/float64(b.N), "reads/op")
			leave()
			gone.Wait()
		})
	}
}

// ear is a listener that counts the events that it is told.
type ear struct {
	header http.Header
	told   *sync.WaitGroup
}

func (e *ear) Header() http.Header { return e.header }
func (e *ear) WriteHeader(int)     {}
func (e *ear) Flush()              {}
func (e *ear) Write(text []byte) (int, error) {
	if bytes.HasPrefix(text, []byte("event: ")) {
		e.told.Done()
	}
	return len(text), nil
}
