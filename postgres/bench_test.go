package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/pgtest"
	"github.com/brewline/ordermanager/postgres"
)

// BenchmarkTransition compares a claim or a release through the Manager with the same UPDATE … RETURNING as somebody
// would write it by hand for this one action, through the same pool: same guards, same indexes, same columns returned.
func BenchmarkTransition(b *testing.B) {
	b.Run("manager", func(b *testing.B) {
		s := newShop(b)
		bench(b, s, func(ctx context.Context, orderID, requestID string, claim bool) error {
			do := s.manager.Unmake
			if claim {
				do = s.manager.Make
			}
			_, err := do(ctx, ordermanager.Request{OrderID: orderID, Actor: ordermanager.Barista("3"), RequestID: requestID})
			return err
		})
	})
	b.Run("by hand", func(b *testing.B) {
		s := newShop(b)
		bench(b, s, byHand(s.pool, s.options.Schema))
	})
}

type act func(ctx context.Context, orderID, requestID string, claim bool) error

// bench claims and releases orders in turn, each as often as an ordinary order sees.
func bench(b *testing.B, s *shop, do act) {
	b.Helper()
	const batch, steps = 64, 4
	first, n := 0, batch*steps
	for b.Loop() {
		if n == batch*steps {
			b.StopTimer()
			first, n = first+batch, 0
			for i := range batch {
				id := fmt.Sprint(first + i)
				must(b, s.start(b.Context(), id))
				_, err := s.act(b.Context(), id, ordermanager.ActionPut, ordermanager.Customer("ada"))
				must(b, err)
			}
			b.StartTimer()
		}
		if err := do(b.Context(), fmt.Sprint(first+n%batch), strconv.Itoa(n), n/batch%2 == 0); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func byHand(pool *pgxpool.Pool, schema string) act {
	const returning = ` RETURNING id, customer, venue, robot, state, drink, number, barista, reason, created_at, updated_at, version,
		history, first_decision, first_token, first_spare, first_at, second_decision, second_token, second_spare, second_at, owed_events`
	appended := `UPDATE ` + schema + `.orders SET history = left(history, -1) || $1, version = version + 1, updated_at = $2, `
	claim := appended + `state = 'making', barista = $3, owed_events = '["' || $6 || '"]'
		WHERE id = $4 AND strpos(history, $5) = 0 AND state = 'pending' AND drink IS NOT NULL AND version < 100` + returning
	release := appended + `state = 'pending', barista = '', owed_events = '["' || $6 || '"]'
		WHERE id = $4 AND strpos(history, $5) = 0 AND state = 'making' AND barista = $3` + returning
	settle := `UPDATE ` + schema + `.orders SET owed_events = '[]' WHERE id = $1 AND owed_events <> '[]'`
	return func(ctx context.Context, orderID, requestID string, claiming bool) error {
		now := time.Now().UnixMilli()
		text, action, state := release, "unmake", "pending"
		if claiming {
			text, action, state = claim, "make", "making"
		}
		entry := fmt.Sprintf(`,{"requestId":"%s","action":"%s","state":"%s","role":"barista","actor":"3","at":%d}]`,
			requestID, action, state, now)
		var id, customer, venue, now2, number, barista, reason, history, firstDecision, secondDecision, owed string
		var drink, firstToken, firstSpare, secondToken, secondSpare sql.Null[string]
		var firstAt, secondAt sql.Null[int64]
		var created, updated, version int64
		var robot bool
		err := pool.QueryRow(
			ctx, text, entry, now, "3", orderID, fmt.Sprintf(`{"requestId":"%s",`, requestID), requestID,
		).Scan(
			&id, &customer, &venue, &robot, &now2, &drink, &number, &barista, &reason, &created, &updated, &version, &history,
			&firstDecision, &firstToken, &firstSpare, &firstAt, &secondDecision, &secondToken, &secondSpare, &secondAt, &owed)
		if err != nil {
			return err
		}
		// The Manager publishes the event, and takes it off.
		_, err = pool.Exec(ctx, settle, orderID)
		return err
	}
}

// BenchmarkOrders lets so many clients take orders through their lives: begin, wait for a drink, number, wait for
// completion, end. With several replicas each client uses the next one.
func BenchmarkOrders(b *testing.B) {
	for _, replicas := range []int{1, 3} {
		for _, clients := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("replicas=%d/clients=%d", replicas, clients), func(b *testing.B) {
				all, _, _ := newReplicas(b, replicas, nil)
				ctx, stop := context.WithCancel(b.Context())
				var running sync.WaitGroup
				for _, r := range all {
					running.Go(func() { r.workflow.Run(ctx) })
				}
				defer running.Wait()
				defer stop()
				var next atomic.Int64
				begun := time.Now()
				var working sync.WaitGroup
				for client := range clients {
					working.Go(func() {
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							if err := all[client%replicas].live(ctx, fmt.Sprint("order-", n)); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				working.Wait()
				b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "orders/s")
			})
		}
	}
}

// live takes an order through its life.
func (r *replica) live(ctx context.Context, id string) error {
	if _, err := r.workflow.Start(ctx, id, "ada", ""); err != nil {
		return err
	}
	if err := r.act(ctx, id, ordermanager.ActionPut, ordermanager.Customer("ada")); err != nil {
		return err
	}
	return errors.Join(
		r.act(ctx, id, ordermanager.ActionMake, ordermanager.Barista("bo")),
		r.act(ctx, id, ordermanager.ActionComplete, ordermanager.Barista("bo")),
	)
}

// BenchmarkQueue reads the first page of the barista's queue beside ever more orders that are done. A million takes
// minutes to prepare: set ORDERMANAGER_BENCH_MILLION=1.
func BenchmarkQueue(b *testing.B) {
	sizes := []int{1_000, 100_000}
	if os.Getenv("ORDERMANAGER_BENCH_MILLION") != "" {
		sizes = append(sizes, 1_000_000)
	}
	for _, size := range sizes {
		b.Run(fmt.Sprint("orders=", size), func(b *testing.B) {
			pool := pgtest.Pool(b, pgtest.URL(b))
			options := pgtest.Schema(b, pool)
			store, err := postgres.NewStore(b.Context(), pool, options)
			must(b, err)
			// A tenth waits in the queue, spread over all ages; the rest is completed.
			_, err = pool.Exec(b.Context(), `INSERT INTO `+options.Schema+`.orders
				(id, customer, venue, robot, state, drink, created_at, updated_at, version, history)
				SELECT 'order-' || i, 'customer-' || i % 1000, 'NYC', false, CASE WHEN i % 10 = 0 THEN 'pending' ELSE 'completed' END,
					'{"name":"Latte","icon":"latte","modifiers":["Oat"]}', i, i + 1, 3, '[]'
				FROM generate_series(1, $1::int) AS i`, size)
			must(b, err)
			_, err = pool.Exec(b.Context(), "ANALYZE "+options.Schema+".orders")
			must(b, err)
			query := ordermanager.Query{Venue: "NYC", State: ordermanager.StatePending, Limit: 50}
			for b.Loop() {
				page, err := store.List(b.Context(), query)
				if err != nil || len(page.Orders) != query.Limit {
					b.Fatal(len(page.Orders), err)
				}
			}
		})
	}
}

// BenchmarkChanges is how long it takes until another replica is told of a change, when there was none just before.
func BenchmarkChanges(b *testing.B) {
	s := newShop(b)
	other, err := postgres.NewStore(b.Context(), pgtest.Pool(b, pgtest.URL(b)), s.options)
	must(b, err)
	r := newReader(b, other)
	must(b, r.read(time.Second)) // it listens from now on
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		<-time.After(30 * time.Millisecond)
		b.StartTimer()
		id := fmt.Sprint(n)
		must(b, s.start(b.Context(), id))
		r.until(id, 1)
	}
}
