package security_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// huge is far more than any limit.
const huge = 100 << 20

// flood is a body without an end, which counts what is read of it.
type flood struct {
	text string
	read int
}

func (f *flood) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = f.text[(f.read+i)%len(f.text)]
	}
	f.read += len(p)
	return len(p), nil
}

func (*flood) Close() error { return nil }

func TestHTTP_doesNotReadWhatIsTooLarge(t *testing.T) {
	for name, text := range map[string]string{
		"spaces": " ", "nested lists": "[", "nested objects": `{"drink":`, "one text": `"x`,
		"modifiers": `{"modifiers":["Oat",`,
	} {
		for _, declared := range []int64{huge, -1} {
			s := newShop(t)
			s.bring("new")
			body := &flood{text: text}
			r := httptest.NewRequest(http.MethodPut, "/orders/1", nil).WithContext(t.Context())
			r.Body, r.ContentLength = body, declared
			r.Header.Set(who, "customer:ann")
			w := httptest.NewRecorder()
			allocated := allocates(func() { s.handler.ServeHTTP(w, r) })
			if w.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%s, declared as %d bytes: answered %d", name, declared, w.Code)
			}
			// A reader may ask for one buffer more than the limit.
			if body.read > 2*ordermanager.MaxRequestBytes {
				t.Errorf("%s, declared as %d bytes: %d were read", name, declared, body.read)
			}
			if allocated > 1<<20 {
				t.Errorf("%s, declared as %d bytes: %d were allocated", name, declared, allocated)
			}
		}
	}
}

// Somebody who is not known is not even listened to.
func TestHTTP_readsNothingFromAStranger(t *testing.T) {
	s := newShop(t)
	body := &flood{text: "x"}
	r := httptest.NewRequest(http.MethodPut, "/orders/1", nil)
	r.Body = body
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || body.read > 0 {
		t.Errorf("answered %d after reading %d bytes", w.Code, body.read)
	}
}

// What breaks a limit is refused before any memory is spent on it and before anybody is asked (invariant 9).
func TestLimits_areCheckedBeforeAnythingElse(t *testing.T) {
	long := strings.Repeat("x", huge)
	store := memory.NewStore()
	store.Hook = func(op, _ string, _ bool) error { return errors.New("the store was asked to " + op) }
	manager, err := ordermanager.New(store, nobodysMenu{t}, &memory.Resumer{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ann := ordermanager.Customer("ann")
	token := ordermanager.NewTaskToken("t")
	data := []byte(`{"orderId":"` + long + `"}`)
	for name, attempt := range map[string]func() error{
		"a request": func() error { _, err := serverlesspresso.ParseRequest(data); return err },
		"an order":  func() error { _, err := manager.Order(t.Context(), long); return err },
		"an actor": func() error {
			_, err := manager.Put(t.Context(), ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer(long)})
			return err
		},
		"a venue": func() error {
			_, err := manager.Put(t.Context(), ordermanager.Request{OrderID: "1", Actor: ann, Venue: long})
			return err
		},
		"a request id": func() error {
			_, err := manager.Cancel(t.Context(), ordermanager.Request{OrderID: "1", Actor: ann, RequestID: long})
			return err
		},
		"an action": func() error {
			_, err := manager.Handle(
				t.Context(), ordermanager.Request{OrderID: "1", Actor: ann, Action: ordermanager.Action(long)},
			)
			return err
		},
		"a token": func() error {
			_, err := manager.WorkflowStarted(
				t.Context(), ordermanager.WorkflowStarted{OrderID: "1", Customer: "ann", Token: ordermanager.NewTaskToken(long)},
			)
			return err
		},
		"a number": func() error {
			_, err := manager.WaitingCompletion(
				t.Context(), ordermanager.WaitingCompletion{OrderID: "1", Number: long, Token: token},
			)
			return err
		},
		"a page": func() error {
			_, err := manager.Page(t.Context(), ordermanager.Query{State: ordermanager.StatePending, Limit: huge})
			return err
		},
		"a page's venue": func() error { _, err := manager.Page(t.Context(), ordermanager.Query{Venue: long}); return err },
	} {
		var err error
		allocated := allocates(func() { err = attempt() })
		if !errors.Is(err, ordermanager.ErrInvalidRequest) {
			t.Errorf("%s that is too large: %.200v", name, err)
		}
		if allocated > 1<<20 || err != nil && len(err.Error()) > 1000 {
			t.Errorf("%s that is too large: %d bytes were allocated", name, allocated)
		}
	}
}

// What explains an end never prevents it: it is shortened, and no more of it is kept.
func TestLimits_aReasonAndACauseAreShortened(t *testing.T) {
	long := strings.Repeat("x ", ordermanager.MaxReasonBytes)
	for name, end := range map[string]func(*ordermanager.Manager) (ordermanager.Receipt, error){
		"a reason": func(m *ordermanager.Manager) (ordermanager.Receipt, error) {
			return m.Cancel(t.Context(), ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("ann"), Reason: long})
		},
		"a cause": func(m *ordermanager.Manager) (ordermanager.Receipt, error) {
			return m.TimedOut(t.Context(), ordermanager.TimedOut{OrderID: "1", Cause: long})
		},
	} {
		resumer := &memory.Resumer{}
		manager, err := ordermanager.New(memory.NewStore(), nobodysMenu{t}, resumer, nil)
		if err != nil {
			t.Fatal(err)
		}
		started := ordermanager.WorkflowStarted{OrderID: "1", Customer: "ann", Token: resumer.Issue()}
		if _, err := manager.WorkflowStarted(t.Context(), started); err != nil {
			t.Fatal(err)
		}
		receipt, err := end(manager)
		if o := receipt.Order; err != nil || o.State != ordermanager.StateCancelled || o.Reason == "" ||
			len(o.Reason) > ordermanager.MaxReasonBytes || len(o.History[1].Reason) > ordermanager.MaxReasonBytes {
			t.Errorf("%s: %v, %s for %d bytes", name, err, o.State, len(o.Reason))
		}
	}
}

// nobodysMenu must not be asked.
type nobodysMenu struct{ *testing.T }

func (m nobodysMenu) Menu(context.Context, string) (*ordermanager.Menu, error) {
	m.Error("the menu was asked")
	return nil, errors.New("no menu")
}

// allocates returns how many bytes were allocated meanwhile, by whoever.
func allocates(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
