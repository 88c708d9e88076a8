package ordermanager_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// service is a resumer whose behaviour is chosen by token, and that counts its calls.
type service struct {
	mu    sync.Mutex
	calls map[string]int
	do    func(ctx context.Context, token string) (ordermanager.Answer, error)
}

func (s *service) Resume(
	ctx context.Context, token ordermanager.TaskToken, _ ordermanager.Outcome,
) (ordermanager.Answer, error) {
	s.mu.Lock()
	if s.calls == nil {
		s.calls = map[string]int{}
	}
	s.calls[token.Reveal()]++
	s.mu.Unlock()
	return s.do(ctx, token.Reveal())
}

func (s *service) total() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, calls := range s.calls {
		n += calls
	}
	return n
}

// owing returns a Manager of n orders that each owe the answer to a put, told by the token "token-<i>".
func owing(t *testing.T, n int, s *service, options *ordermanager.Options) *ordermanager.Manager {
	t.Helper()
	return must[*ordermanager.Manager](t)(ordermanager.New(storeOwing(t, n), coffeeMenu, s, options))
}

func storeOwing(t *testing.T, n int) *memory.Store {
	t.Helper()
	store := memory.NewStore()
	refuses := &service{do: func(context.Context, string) (ordermanager.Answer, error) { return "", errNetwork }}
	filler := must[*ordermanager.Manager](t)(ordermanager.New(store, coffeeMenu, refuses, nil))
	for i := range n {
		id := fmt.Sprintf("order-%05d", i)
		must[ordermanager.Receipt](t)(filler.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
			OrderID: id, Customer: owner, Token: ordermanager.NewTaskToken(fmt.Sprintf("token-%d", i)),
		}))
		r := put()
		r.OrderID = id
		must[ordermanager.Receipt](t)(filler.Put(t.Context(), r))
	}
	return store
}

// Invariant 5: a redrive must not be held up by those that it cannot deliver.
func TestRedrive_deliversBesideOrdersThatHangOrPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{do: func(ctx context.Context, token string) (ordermanager.Answer, error) {
			switch token {
			case "token-0", "token-1", "token-2":
				<-ctx.Done()
				return "", ctx.Err()
			case "token-3":
				panic("a resumer of somebody else")
			}
			return ordermanager.Accepted, nil
		}}
		manager := owing(t, 12, s, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		report, err := manager.Redrive(ctx, nil)
		if report.Delivered != 8 || report.Pending != 4 {
			t.Errorf("the first round delivered %+v (%v)", report, err)
		}
	})
}

func TestAnAction_survivesACollaboratorThatPanics(t *testing.T) {
	s := &service{do: func(context.Context, string) (ordermanager.Answer, error) { panic("oops") }}
	manager := owing(t, 0, s, nil)
	must[ordermanager.Receipt](t)(manager.WorkflowStarted(
		t.Context(), started(ordermanager.NewTaskToken("t"), time.Time{}),
	))
	r := must[ordermanager.Receipt](t)(manager.Put(t.Context(), put()))
	if r.Resume != ordermanager.ResumePending || !errors.Is(r.Pending, ordermanager.ErrUndeliverable) || !r.Order.Owes() {
		t.Errorf("got %+v", r)
	}
}

// nilError is an error whose methods panic when it is nil.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestAnAction_survivesErrorsThatPanic(t *testing.T) {
	var missing *nilError
	var missingPublish *ordermanager.PublishError
	resumer := &service{do: func(context.Context, string) (ordermanager.Answer, error) { return "", missing }}
	manager := must[*ordermanager.Manager](t)(ordermanager.New(memory.NewStore(), coffeeMenu, resumer, &ordermanager.Options{
		Publisher: publisherFunc(func(context.Context, []ordermanager.Event) error { return missingPublish }),
	}))
	must[ordermanager.Receipt](t)(manager.WorkflowStarted(
		t.Context(), started(ordermanager.NewTaskToken("t"), time.Time{}),
	))
	r := must[ordermanager.Receipt](t)(manager.Put(t.Context(), put()))
	if r.Resume != ordermanager.ResumePending || r.Pending.Error() == "" || !r.Order.Owes() {
		t.Errorf("got %+v", r)
	}
	r = must[ordermanager.Receipt](t)(manager.Make(t.Context(), by("make", ordermanager.Barista(holder))))
	if r.Events != ordermanager.EventsPending || r.Pending.Error() == "" || len(r.Order.OwedEvents) != 1 {
		t.Errorf("got %+v", r)
	}
}

// Invariant 8: what panics is not asked to keep a token to itself.
func TestAPanic_doesNotPrintTheToken(t *testing.T) {
	s := &service{do: func(_ context.Context, token string) (ordermanager.Answer, error) { panic("cannot answer " + token) }}
	var log bytes.Buffer
	options := &ordermanager.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	manager := owing(t, 0, s, options)
	must[ordermanager.Receipt](t)(manager.WorkflowStarted(
		t.Context(), started(ordermanager.NewTaskToken("s3cret"), time.Time{}),
	))
	r := must[ordermanager.Receipt](t)(manager.Put(t.Context(), put()))
	for _, text := range []string{r.Pending.Error(), log.String()} {
		if strings.Contains(text, "s3cret") || !strings.Contains(text, "cannot answer [redacted]") {
			t.Errorf("it says %s", text)
		}
	}
}

// An observer is only told: what panics in it changes nothing, whenever that is.
func TestAnObserverThatPanics_changesNothing(t *testing.T) {
	var told []string // the operations, begun and ended
	panics := -1      // when
	tell := func(what string) {
		told = append(told, what)
		if len(told)-1 == panics {
			panic("out of paper")
		}
	}
	life := func() {
		told = nil
		h := newHouse(t, func(o *ordermanager.Options) {
			o.Observer = func(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
				tell(op.Name)
				return ctx, func(ordermanager.Ending) { tell("end of " + op.Name) }
			}
		})
		h.bring(ordermanager.StateMaking)
		h.wait()
		r := h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
		if r.Resume != ordermanager.ResumeDelivered || r.Events != ordermanager.EventsPublished || h.stored().Owes() {
			t.Errorf("a panic at %d: %+v", panics, r)
		}
		must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	}
	life()
	for panics = range told {
		life()
	}
}

// brokenStore panics when it reads one order.
type brokenStore struct{ ordermanager.Store }

func (s brokenStore) Get(ctx context.Context, id string) (*ordermanager.Order, error) {
	if id == "order-1" {
		panic("no such column")
	}
	return s.Store.Get(ctx, id)
}

// The deliveries of a redrive are in goroutines, where nobody else could recover a panic.
func TestRedrive_survivesAStoreAndACallerThatPanic(t *testing.T) {
	store := memory.NewStore()
	accepts := &service{
		do: func(context.Context, string) (ordermanager.Answer, error) { return ordermanager.Accepted, nil },
	}
	down := &service{do: func(context.Context, string) (ordermanager.Answer, error) { return "", errNetwork }}
	filler := must[*ordermanager.Manager](t)(ordermanager.New(store, coffeeMenu, down, nil))
	for _, id := range []string{"order-0", "order-1", "order-2"} {
		must[ordermanager.Receipt](t)(filler.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
			OrderID: id, Customer: owner, Token: ordermanager.NewTaskToken(id),
		}))
		r := put()
		r.OrderID = id
		must[ordermanager.Receipt](t)(filler.Put(t.Context(), r))
	}
	manager := must[*ordermanager.Manager](t)(ordermanager.New(brokenStore{store}, coffeeMenu, accepts, nil))
	report, err := manager.Redrive(t.Context(), &ordermanager.RedriveOptions{
		Visited: func(r ordermanager.Receipt) {
			if r.Order.ID == "order-2" {
				panic("out of paper")
			}
		},
	})
	if report.Delivered != 2 || report.Pending != 2 || err == nil ||
		!containsText(err, "no such column") || !containsText(err, "out of paper") {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestRedrive_doesNotHammerWhatItCannotDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const orders = 200
		s := &service{do: func(_ context.Context, token string) (ordermanager.Answer, error) {
			if token == "token-0" {
				return ordermanager.Accepted, nil
			}
			return "", errNetwork
		}}
		manager := owing(t, orders, s, nil)
		passes := 0
		pass := func() (calls int) {
			before := s.total()
			report := must[ordermanager.RedriveReport](t)(manager.Redrive(t.Context(), nil))
			if report.Pending != orders-1 {
				t.Fatalf("pass %d: %+v", passes, report)
			}
			passes++
			<-time.After(10 * time.Second)
			return s.total() - before
		}
		if calls := pass(); calls != orders {
			t.Errorf("the first pass made %d calls", calls)
		}
		for passes < 360 { // an hour of trouble
			pass()
		}
		later := 0
		for range 360 {
			later += pass()
		}
		if share := float64(later) / float64(360*orders); share > 0.01 {
			t.Errorf("after an hour, a pass calls for %.2f %% of the orders", 100*share)
		}
	})
}

func TestRedrive_triesEverythingAgainWhenAnOutageIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		s := &service{do: func(context.Context, string) (ordermanager.Answer, error) {
			if down {
				return "", errNetwork
			}
			return ordermanager.Accepted, nil
		}}
		manager := owing(t, 50, s, nil)
		for range 60 {
			must[ordermanager.RedriveReport](t)(manager.Redrive(t.Context(), nil))
			<-time.After(time.Minute)
		}
		down = false
		// Something else gets through, and with it all that had to wait.
		must[ordermanager.Receipt](t)(manager.WorkflowStarted(
			t.Context(), started(ordermanager.NewTaskToken("t"), time.Time{}),
		))
		must[ordermanager.Receipt](t)(manager.Put(t.Context(), put()))
		if report := must[ordermanager.RedriveReport](t)(manager.Redrive(t.Context(), nil)); report.Pending != 0 ||
			report.Delivered != 50 {
			t.Errorf("got %+v", report)
		}
	})
}

// forgetful is a store whose listing of owing orders goes by position: orders that leave it while it is read make it
// pass over others.
type forgetful struct{ *memory.Store }

func (f forgetful) List(ctx context.Context, q ordermanager.Query) (ordermanager.Page, error) {
	skip := 0
	if q.Cursor != "" {
		_, _ = fmt.Sscan(q.Cursor, &skip)
	}
	limit := q.Limit
	q.Cursor, q.Limit = "", ordermanager.MaxPageSize
	page, err := f.Store.List(ctx, q)
	page.Orders = page.Orders[min(skip, len(page.Orders)):]
	page.Cursor = ""
	if len(page.Orders) > limit {
		page.Orders, page.Cursor = page.Orders[:limit], fmt.Sprint(skip+limit)
	}
	return page, err
}

func TestRedrive_visitsEverythingThoughOrdersLeaveTheListing(t *testing.T) {
	const orders = 450
	accepts := &service{
		do: func(context.Context, string) (ordermanager.Answer, error) { return ordermanager.Accepted, nil },
	}
	manager := must[*ordermanager.Manager](t)(ordermanager.New(
		forgetful{storeOwing(t, orders)}, coffeeMenu, accepts, nil,
	))
	report := must[ordermanager.RedriveReport](t)(manager.Redrive(t.Context(), nil))
	if report.Delivered != orders || report.Pending != 0 {
		t.Errorf("got %+v", report)
	}
}

// picky is a publisher that refuses events of one type for good.
type picky struct {
	refuses ordermanager.EventType
	mu      sync.Mutex
	seen    []ordermanager.EventType
}

func (p *picky) Publish(_ context.Context, events []ordermanager.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	failed := map[string]error{}
	for _, e := range events {
		if e.Type == p.refuses {
			failed[e.ID] = fmt.Errorf("too large: %w", ordermanager.ErrUndeliverable)
		} else {
			p.seen = append(p.seen, e.Type)
		}
	}
	if len(failed) > 0 {
		return &ordermanager.PublishError{Failed: failed}
	}
	return nil
}

func TestPublish_settlesWhatWasAcceptedThoughOtherEventsAreRefused(t *testing.T) {
	p := &picky{refuses: ordermanager.EventMakeOrder}
	h := newHouse(t, func(o *ordermanager.Options) { o.Publisher = p })
	h.bring(ordermanager.StatePending)
	h.wait()
	h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista(holder))))
	r := h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
	if r.Events != ordermanager.EventsPending || !errors.Is(r.Pending, ordermanager.ErrUndeliverable) {
		t.Errorf("got %+v", r)
	}
	for range 20 {
		if _, err := h.RedriveOrder(t.Context(), order); err != nil {
			t.Fatal(err)
		}
	}
	want := []ordermanager.EventType{ordermanager.EventWaitingCompletion, ordermanager.EventOrderCompleted}
	if !slices.Equal(p.seen, want) {
		t.Errorf("published %v, want each once", p.seen)
	}
	if owed := h.order().OwedEvents; len(owed) != 1 {
		t.Errorf("owed are %v", owed)
	}
}

func TestADelivery_keepsTheCallersDeadlineAndIsSettledAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, resumer := memory.NewStore(), new(memory.Resumer)
		manager := must[*ordermanager.Manager](t)(ordermanager.New(
			store, coffeeMenu, resumer, &ordermanager.Options{Publisher: stuckPublisher{}},
		))
		must[ordermanager.Receipt](t)(manager.WorkflowStarted(t.Context(), started(resumer.Issue(), time.Time{})))
		must[ordermanager.Receipt](t)(manager.Put(t.Context(), put()))
		must[ordermanager.Receipt](t)(manager.Make(t.Context(), by("", ordermanager.Barista(holder))))
		must[ordermanager.Receipt](t)(manager.WaitingCompletion(t.Context(), waiting(resumer.Issue(), time.Time{})))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		begin := time.Now()
		r := must[ordermanager.Receipt](t)(manager.Complete(ctx, by("", ordermanager.Barista(holder))))
		if took := time.Since(begin); took > 200*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if r.Resume != ordermanager.ResumeDelivered || r.Events != ordermanager.EventsPending {
			t.Errorf("got %+v", r)
		}
		must[ordermanager.RedriveReport](t)(manager.Redrive(t.Context(), nil))
		if n := len(resumer.Answered()); n != 2 || !r.Order.SecondWait.Token.IsZero() {
			t.Errorf("an accepted answer went out again, or was not settled: %d answers", n)
		}
	})
}

type stuckPublisher struct{}

func (stuckPublisher) Publish(ctx context.Context, _ []ordermanager.Event) error {
	<-ctx.Done()
	return ctx.Err()
}

type stuckStore struct{ ordermanager.Store }

func (stuckStore) Apply(ctx context.Context, _ ordermanager.Transition) (ordermanager.Result, error) {
	<-ctx.Done()
	return ordermanager.Result{}, ctx.Err()
}

// Get asks again and again, and never waits.
func (stuckStore) Get(ctx context.Context, _ string) (*ordermanager.Order, error) {
	for ctx.Err() == nil {
		<-time.After(time.Second)
	}
	return nil, ctx.Err()
}

func TestACallToAStoreThatNeverAnswers_ends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		manager := must[*ordermanager.Manager](t)(ordermanager.New(stuckStore{}, coffeeMenu, new(memory.Resumer), nil))
		for name, call := range map[string]func() error{
			"handle": func() error { _, err := manager.Handle(context.Background(), put()); return err },
			"order":  func() error { _, err := manager.Order(context.Background(), order); return err },
		} {
			begin := time.Now()
			if err := call(); !errors.Is(err, ordermanager.ErrStore) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(begin); took < 10*time.Second || took > 11*time.Second {
				t.Errorf("%s took %v", name, took)
			}
		}
	})
}

func TestAbandon_givesUpWhatIsOwedAndKeepsWhoAndWhy(t *testing.T) {
	h := newHouse(t)
	h.bring(ordermanager.StateMaking)
	h.wait()
	h.resumer.Hook = failing("resume", false)
	h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
	request := by("", ordermanager.Admin("chief"))
	h.refuses(
		ordermanager.ErrInvalidRequest, func(ctx context.Context) error { _, err := h.Abandon(ctx, request); return err },
	)
	request.Reason, request.RequestID = "the account is gone", "a"
	forbidden := request
	forbidden.Actor = ordermanager.Barista(holder)
	h.refuses(
		ordermanager.ErrForbidden, func(ctx context.Context) error { _, err := h.Abandon(ctx, forbidden); return err },
	)
	h.receipt(h.Abandon(t.Context(), request))
	o := h.order()
	last := o.History[len(o.History)-1]
	if o.Owes() || o.State != ordermanager.StateCompleted || last.Action != ordermanager.ActionAbandoned ||
		last.Actor != request.Actor || last.Reason != request.Reason {
		t.Errorf("the order is %+v", o)
	}
	if r := h.receipt(h.Abandon(t.Context(), request)); !r.Replayed {
		t.Error("its repetition is not recognised")
	}
	if report := must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil)); report.Orders != 0 {
		t.Errorf("it is redriven all the same: %+v", report)
	}
}

// A held token whose wait is undecided belongs to a workflow that still waits.
func TestAbandon_leavesAnOpenWaitAlone(t *testing.T) {
	h := newHouse(t)
	h.start()
	request := by("", ordermanager.Admin("chief"))
	request.Reason = "tidying up"
	h.receipt(h.Abandon(t.Context(), request))
	if r := h.receipt(h.Put(t.Context(), put())); r.Resume != ordermanager.ResumeDelivered {
		t.Errorf("got %+v", r)
	}
}

type silentMenu struct{}

func (silentMenu) Menu(context.Context, string) (*ordermanager.Menu, error) {
	return nil, nil //nolint:nilnil // what is tested
}

func TestACollaboratorThatBreaksItsContract_isAnErrorAndNoPanic(t *testing.T) {
	resumer := new(memory.Resumer)
	options := &ordermanager.Options{
		Observer: func(context.Context, ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
			return nil, nil
		},
	}
	manager := must[*ordermanager.Manager](t)(ordermanager.New(memory.NewStore(), silentMenu{}, resumer, options))
	must[ordermanager.Receipt](t)(manager.WorkflowStarted(t.Context(), started(resumer.Issue(), time.Time{})))
	if _, err := manager.Put(t.Context(), put()); !errors.Is(err, ordermanager.ErrMenuUnavailable) {
		t.Errorf("got %v", err)
	}
}
