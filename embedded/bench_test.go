// Package embedded_test measures one machine from end to end: HTTP, the Manager, SQLite with full syncing, and the
// embedded workflow.
package embedded_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/capacity"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/httpapi"
)

var menu = ordermanager.StaticMenu(ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "Latte"}}})

// shop is everything that runs on one machine.
type shop struct {
	tb       testing.TB
	url      string
	client   *http.Client
	workflow *workflow.Workflow
	db       *sql.DB
	// ahead is how far the workflow's clock is ahead.
	ahead atomic.Int64
}

func open(tb testing.TB) *shop {
	tb.Helper()
	s := &shop{tb: tb}
	ctx, stop := context.WithCancel(context.Background())
	db, err := sqlitestore.Open(ctx, filepath.Join(tb.TempDir(), "orders.db"))
	check(tb, err)
	store, err := sqlitestore.New(ctx, db)
	check(tb, err)
	flow, err := workflow.New(ctx, db, &workflow.Options{
		Limits: capacity.Limits{MaxInQueue: 1 << 30, MaxPerCustomer: 1 << 30},
		Now:    func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
	})
	check(tb, err)
	feed := httpapi.NewFeed()
	manager, err := ordermanager.New(feed.Store(store), menu, flow, nil)
	check(tb, err)
	flow.Connect(manager)
	api, err := httpapi.New(manager, menu, &httpapi.Options{Identify: identify, Feed: feed})
	check(tb, err)
	server := httptest.NewServer(api)
	var running sync.WaitGroup
	running.Go(func() { flow.Run(ctx) })
	tb.Cleanup(func() {
		feed.Close()
		server.Close()
		stop()
		running.Wait()
		check(tb, db.Close())
	})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1 << 12}}
	tb.Cleanup(client.CloseIdleConnections)
	s.url, s.client, s.workflow, s.db = server.URL, client, flow, db
	return s
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func identify(r *http.Request) (ordermanager.Actor, error) {
	role, id, _ := strings.Cut(r.Header.Get("X-User"), ":")
	return ordermanager.Actor{Role: ordermanager.Role(role), ID: id}, nil
}

func (s *shop) request(ctx context.Context, method, path, user, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-User", user)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return s.client.Do(request)
}

// life takes one order from its start to its completion.
func (s *shop) life(ctx context.Context) error {
	id := rand.Text()
	if _, err := s.workflow.Start(ctx, id, "customer", ""); err != nil {
		return err
	}
	for _, step := range []struct{ action, user, body string }{
		{"put", "customer:customer", `{"drink":"Latte"}`}, {"make", "barista:1", "{}"}, {"complete", "barista:1", "{}"},
	} {
		response, err := s.request(ctx, http.MethodPut, "/orders/"+id+"?action="+step.action, step.user, step.body)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %d %s %w", step.action, response.StatusCode, text, err)
		}
	}
	return nil
}

// BenchmarkOrders is whole orders, begun in process and then put, made and completed through HTTP by 1, 8 and 64
// clients.
func BenchmarkOrders(b *testing.B) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s := open(b)
			var next atomic.Int64
			b.ResetTimer()
			var working sync.WaitGroup
			for range clients {
				working.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if err := s.life(b.Context()); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			working.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
		})
	}
}

// BenchmarkFileSize is what a finished order takes in the file, as long as its workflow is kept and after that.
func BenchmarkFileSize(b *testing.B) {
	const orders = 2000
	for b.Loop() {
		s := open(b)
		empty := s.fileSize()
		for range orders {
			check(b, s.life(b.Context()))
		}
		b.ReportMetric(float64(s.fileSize()-empty)/orders, "B/order")
		s.ahead.Store(int64(31 * 24 * time.Hour))
		for range orders / 100 {
			check(b, s.workflow.Advance(b.Context()))
		}
		b.ReportMetric(float64(s.fileSize()-empty)/orders, "B/order-later")
	}
}

// fileSize is how many bytes of the file are in use. The tables of a new file are in it.
func (s *shop) fileSize() (size int64) {
	s.tb.Helper()
	err := s.db.QueryRowContext(context.Background(), `SELECT (page_count - freelist_count) * page_size
		FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`).Scan(&size)
	check(s.tb, err)
	return size
}

// BenchmarkIdleStreams is the memory of the process for each idle client of GET /events; server and clients are in it
// together.
func BenchmarkIdleStreams(b *testing.B) {
	const clients = 500
	for b.Loop() {
		s := open(b)
		before := used()
		ctx, stop := context.WithCancel(b.Context())
		for range clients {
			response, err := s.request(ctx, http.MethodGet, "/events", "barista:1", "")
			check(b, err)
			defer func() { _ = response.Body.Close() }()
			if _, err := bufio.NewReader(response.Body).ReadString('\n'); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(used()-before)/clients/1024, "KiB/client")
		stop()
	}
}

// used is the memory that is in use, stacks included.
func used() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapInuse + stats.StackInuse
}
