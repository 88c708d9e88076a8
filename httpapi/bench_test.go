package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

// BenchmarkPut and BenchmarkGet compare the handler with the bare Manager on the same store, in rounds that alternate.
// What the handler adds is routing, the caller, the JSON of both directions and the headers; the network is not in it.
func BenchmarkPut(b *testing.B) {
	body := strings.NewReader("")
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPut, "/orders/x", nil)
	r.Header.Set(demoHeader, "customer:1")
	r.Header.Set("Content-Type", "application/json")
	compare(b, func(f *bench, id string) {
		_, err := f.manager.Put(b.Context(), ordermanager.Request{
			OrderID: id, Actor: ordermanager.Customer("1"),
			Drink: ordermanager.DrinkOrder{Drink: "Cappuccino", Modifiers: []string{"Oat"}},
		})
		if err != nil {
			b.Fatal(err)
		}
	}, func(f *bench, id string) {
		body.Reset(cappuccino)
		r.Body = io.NopCloser(body)
		r.URL.Path = "/orders/" + id
		f.serve(b, f.handler, r)
	}, func(f *bench, id string) {
		body.Reset(cappuccino)
		r.Body = io.NopCloser(body)
		r.URL.Path = "/orders/" + id
		f.serve(b, f.nothing, r)
	})
}

func BenchmarkGet(b *testing.B) {
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/orders/x", nil)
	r.Header.Set(demoHeader, "customer:1")
	compare(b, func(f *bench, id string) {
		if _, err := f.manager.Order(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}, func(f *bench, id string) {
		r.URL.Path = "/orders/" + id
		f.serve(b, f.handler, r)
	}, func(f *bench, id string) {
		r.URL.Path = "/orders/" + id
		f.serve(b, f.nothing, r)
	})
}

// compare runs all ways on new orders of the same kind, and reports the medians of their rounds, and what each allocates.
// The third is what net/http alone takes to find a route, read the body and send the headers. Garbage is collected only
// between rounds, or whether it falls into one would decide.
func compare(b *testing.B, manager, http, nothing func(f *bench, id string)) {
	b.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	ways := []struct {
		name  string
		do    func(f *bench, id string)
		times []float64
	}{{"manager", manager, nil}, {"http", http, nil}, {"nethttp", nothing, nil}}
	for b.Loop() {
		for i := range ways {
			way := &ways[i]
			b.StopTimer()
			f := newBench(b)
			runtime.GC()
			b.StartTimer()
			began := time.Now()
			for _, id := range f.ids {
				way.do(f, id)
			}
			way.times = append(way.times, float64(time.Since(began))/float64(len(f.ids)))
		}
	}
	b.StopTimer()
	b.ReportMetric(0, "ns/op")
	for _, way := range ways {
		slices.Sort(way.times)
		b.ReportMetric(way.times[len(way.times)/2], "ns/"+way.name)
		f := newBench(b)
		before := allocated()
		for _, id := range f.ids {
			way.do(f, id)
		}
		after := allocated()
		b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(len(f.ids)), "allocs/"+way.name)
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(len(f.ids)), "B/"+way.name)
	}
	median := len(ways[0].times) / 2
	b.ReportMetric(ways[1].times[median]/ways[0].times[median], "ratio")
	b.ReportMetric(ways[2].times[median]/ways[0].times[median], "floor")
}

func allocated() (stats runtime.MemStats) {
	runtime.ReadMemStats(&stats)
	return stats
}

// bench has new orders, because an order takes one put.
type bench struct {
	manager *ordermanager.Manager
	handler http.Handler
	// nothing has the same routes, and answers without doing anything.
	nothing http.Handler
	ids     []string
}

func doNothing(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		_, _ = io.ReadAll(http.MaxBytesReader(w, r.Body, ordermanager.MaxRequestBytes))
	}
	for _, name := range [...]string{"Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options"} {
		w.Header()[name] = nil
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(nil)
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
	nothing := http.NewServeMux()
	for _, path := range []string{"/", "/orders", "/orders/count", "/orders/{id}/history", "/orders/{id}"} {
		nothing.HandleFunc(path, doNothing)
	}
	f := &bench{manager: manager, handler: handler, nothing: nothing}
	for i := range 1024 {
		id := "order-" + strconv.Itoa(i)
		started := ordermanager.WorkflowStarted{OrderID: id, Customer: "1", Token: ordermanager.NewTaskToken(id)}
		if _, err := manager.WorkflowStarted(b.Context(), started); err != nil {
			b.Fatal(err)
		}
		f.ids = append(f.ids, id)
	}
	return f
}

// discard is a caller who reads nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header                { return d.header }
func (d *discard) WriteHeader(status int)             { d.status = status }
func (d *discard) Write(text []byte) (n int, _ error) { return len(text), nil }

func (f *bench) serve(b *testing.B, handler http.Handler, r *http.Request) {
	w := &discard{header: http.Header{}}
	handler.ServeHTTP(w, r)
	if w.status != http.StatusOK {
		b.Helper() // only here, because it takes as long as a tenth of a GET
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

// BenchmarkStream tells so many listeners of a change through the network of this machine, and says what one of them
// takes of the memory. Both ends are in it.
func BenchmarkStream(b *testing.B) {
	for _, listeners := range []int{100, 1_000, 5_000} {
		b.Run(fmt.Sprint("listeners=", listeners), func(b *testing.B) {
			f := newWatched().process(b)
			server := httptest.NewServer(f.handler)
			defer server.Close()
			defer f.feed.Close() // the server waits for its streams
			var told sync.WaitGroup
			before := memoryInUse()
			told.Add(listeners)
			for n := range listeners {
				conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", server.Listener.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				_, _ = fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: shop.example\r\nX-Demo-User: barista:%d\r\n\r\n", n)
				go func() { // an event is shorter than what is read at once, and comes alone
					text := make([]byte, 1024)
					for n, err := conn.Read(text); err == nil; n, err = conn.Read(text) {
						if bytes.Contains(text[:n], []byte("event: ")) {
							told.Done()
						}
					}
				}()
			}
			told.Wait()
			perListener := float64(memoryInUse()-before) / float64(listeners)
			for n := 0; b.Loop(); n++ {
				told.Add(listeners)
				f.start(strconv.Itoa(n), "1", "")
				told.Wait()
			}
			b.ReportMetric(perListener, "B/listener")
		})
	}
}

// memoryInUse is what the heap and the stacks take.
func memoryInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapInuse + stats.StackInuse
}
