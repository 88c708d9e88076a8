package ordermanager_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/view"
)

func TestNew_refusesWhatCannotWork(t *testing.T) {
	store, resumer := memory.NewStore(), new(memory.Resumer)
	bad := &ordermanager.Options{DeliveryTimeout: -1, CallTimeout: -1}
	for _, tt := range []struct {
		store   ordermanager.Store
		menu    ordermanager.MenuSource
		resumer ordermanager.Resumer
		options *ordermanager.Options
		named   []string
	}{
		{nil, coffeeMenu, resumer, nil, []string{"store"}},
		{store, nil, resumer, nil, []string{"menu"}},
		{store, coffeeMenu, nil, nil, []string{"resumer"}},
		{store, coffeeMenu, resumer, bad, []string{"delivery timeout", "call timeout"}},
		{nil, nil, nil, bad, []string{"store", "menu", "resumer", "delivery timeout", "call timeout"}},
	} {
		_, err := ordermanager.New(tt.store, tt.menu, tt.resumer, tt.options)
		for _, want := range tt.named {
			if !errors.Is(err, ordermanager.ErrInvalidOptions) || !containsText(err, want) {
				t.Errorf("%v does not name the %s", err, want)
			}
		}
	}
	manager := must[*ordermanager.Manager](t)(ordermanager.New(store, coffeeMenu, resumer, nil))
	if diff := cmp.Diff(ordermanager.StandardLifecycle().Rules(), manager.Lifecycle().Rules()); diff != "" {
		t.Errorf("the default life cycle (-want +got):\n%s", diff)
	}
}

func TestManager_listsOrders(t *testing.T) {
	h := newHouse(t)
	for i := range 7 {
		id := fmt.Sprint("order-", i)
		h.receipt(h.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
			OrderID: id, Customer: []string{owner, stranger}[i%2], Venue: []string{"", "NYC", "SFO"}[i%3],
			Token: h.resumer.Issue(),
		}))
		if i == 3 {
			h.receipt(h.Cancel(t.Context(), ordermanager.Request{OrderID: id, Actor: ordermanager.Barista(holder)}))
		}
	}
	tests := []struct {
		query ordermanager.Query
		want  []string
	}{
		{ordermanager.Query{State: "pending"}, []string{"order-0", "order-1", "order-2", "order-4", "order-5", "order-6"}},
		{ordermanager.Query{Customer: stranger, Limit: 2}, []string{"order-1", "order-3", "order-5"}},
		{ordermanager.Query{Venue: "NYC", State: "pending", Limit: 1}, []string{"order-1", "order-4"}},
		{ordermanager.Query{State: "making"}, nil},
		{ordermanager.Query{Owing: true}, nil},
	}
	for _, tt := range tests {
		var got []string
		for o, err := range h.Orders(t.Context(), tt.query) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v, -want +got:\n%s", tt.query, diff)
		}
	}
	h.Orders(t.Context(), ordermanager.Query{State: "pending", Limit: 1})(func(ordermanager.Order, error) bool {
		return false // stopping early must not be noticed
	})
	page := must[ordermanager.OrderPage](t)(h.Page(t.Context(), ordermanager.Query{State: "pending", Limit: 4}))
	if len(page.Orders) != 4 || page.Cursor == "" {
		t.Errorf("got %d orders, cursor %q", len(page.Orders), page.Cursor)
	}
}

func TestManager_refusesAListingThatMakesNoSense(t *testing.T) {
	h := newHouse(t)
	for name, query := range map[string]ordermanager.Query{
		"nothing asked for":  {},
		"unknown state":      {State: "brewing"},
		"negative limit":     {State: "pending", Limit: -1},
		"limit too high":     {State: "pending", Limit: ordermanager.MaxPageSize + 1},
		"over-long customer": {Customer: strings.Repeat("x", ordermanager.MaxIDBytes+1)},
		"over-long venue":    {Venue: strings.Repeat("x", ordermanager.MaxIDBytes+1)},
		"foreign cursor":     {State: "pending", Cursor: "bm9uc2Vuc2U"},
	} {
		_, err := h.Page(t.Context(), query)
		if ordermanager.CodeOf(err) != "invalid_request" {
			t.Errorf("%s: got %v", name, err)
		}
		for _, err := range h.Orders(t.Context(), query) {
			if ordermanager.CodeOf(err) != "invalid_request" {
				t.Errorf("%s: the iterator gave %v", name, err)
			}
		}
	}
}

func TestManager_saysWhichOrderAStoreFailedAt(t *testing.T) {
	h := newHouse(t)
	h.start()
	for op, attempt := range map[string]func() error{
		"apply": func() error { _, err := h.Handle(t.Context(), by("cancel", ordermanager.Barista(holder))); return err },
		"get":   func() error { _, err := h.Order(t.Context(), order); return err },
		"list":  func() error { _, err := h.Page(t.Context(), ordermanager.Query{State: "pending"}); return err },
	} {
		h.store.Hook = failing(op, false)
		err := attempt()
		failure, ok := errors.AsType[*ordermanager.StoreError](err)
		if !ok || failure.Op != op || !errors.Is(err, ordermanager.ErrStore) || !errors.Is(err, errNetwork) ||
			ordermanager.CodeOf(err) != "store_failed" {
			t.Errorf("%s: got %v", op, err)
		}
		if op != "list" && (failure.OrderID != order || !strings.Contains(err.Error(), order)) {
			t.Errorf("%s: %v does not name the order", op, err)
		}
	}
	h.store.Hook = failing("get", false)
	if _, err := h.Explain(t.Context(), put()); !errors.Is(err, ordermanager.ErrStore) {
		t.Errorf("explain: got %v", err)
	}
	for name, notify := range map[string]func() error{
		"started": func() error {
			_, err := h.WorkflowStarted(t.Context(), started(h.resumer.Issue(), time.Time{}))
			return err
		},
		"waiting": func() error {
			_, err := h.WaitingCompletion(t.Context(), waiting(h.resumer.Issue(), time.Time{}))
			return err
		},
		"timed out": func() error {
			_, err := h.TimedOut(t.Context(), ordermanager.TimedOut{OrderID: order})
			return err
		},
	} {
		h.store.Hook = failing("apply", false)
		if err := notify(); !errors.Is(err, ordermanager.ErrStore) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestManager_order(t *testing.T) {
	h := newHouse(t)
	if _, err := h.Order(t.Context(), "nobody's"); !errors.Is(err, ordermanager.ErrOrderNotFound) ||
		!strings.Contains(err.Error(), "nobody's") {
		t.Errorf("got %v", err)
	}
	if _, err := h.Order(t.Context(), ""); !errors.Is(err, ordermanager.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
}

func TestManager_saysSoWhenAStoreBreaksItsContract(t *testing.T) {
	for name, answer := range map[string]ordermanager.Result{
		"refused without a reason": {
			Order: &ordermanager.Order{ID: order, Customer: owner, State: "pending", Drink: &ordermanager.Drink{}},
		},
		"applied without an order":   {Applied: true},
		"applied to another's order": {Applied: true, Order: &ordermanager.Order{ID: "order-2"}},
		"refused for another's order": {
			Order: &ordermanager.Order{ID: "ORDER-1", Customer: owner, State: "making", Drink: &ordermanager.Drink{}},
		},
	} {
		manager := must[*ordermanager.Manager](t)(ordermanager.New(liar{answer}, coffeeMenu, new(memory.Resumer), nil))
		_, err := manager.Make(t.Context(), by("", ordermanager.Barista(holder)))
		if !errors.Is(err, ordermanager.ErrStoreContract) || !errors.Is(err, ordermanager.ErrStore) ||
			ordermanager.CodeOf(err) != "store_contract" {
			t.Errorf("%s: got %v (%s)", name, err, ordermanager.CodeOf(err))
		}
	}
}

// careless is a store that does not tell identifiers apart by case, and whose listings do not end.
type careless struct {
	liar
	page ordermanager.Page
}

func (careless) Get(context.Context, string) (*ordermanager.Order, error) {
	return &ordermanager.Order{ID: "ORDER-1", Customer: owner, State: "pending"}, nil
}

func (c careless) List(context.Context, ordermanager.Query) (ordermanager.Page, error) {
	return c.page, nil
}

func TestManager_saysSoWhenAStoreReadsWhatCannotBe(t *testing.T) {
	for name, page := range map[string]ordermanager.Page{
		"the same page again":       {Cursor: "1"},
		"an order that is no order": {Orders: []*ordermanager.Order{nil}},
	} {
		store := careless{page: page}
		manager := must[*ordermanager.Manager](t)(ordermanager.New(store, coffeeMenu, new(memory.Resumer), nil))
		if _, err := manager.Redrive(t.Context(), nil); !errors.Is(err, ordermanager.ErrStoreContract) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := manager.Order(t.Context(), order); !errors.Is(err, ordermanager.ErrStoreContract) {
			t.Errorf("another's order: got %v", err)
		}
	}
}

type liar struct{ answer ordermanager.Result }

func (l liar) Apply(context.Context, ordermanager.Transition) (ordermanager.Result, error) {
	return l.answer, nil
}
func (liar) Settle(context.Context, ordermanager.Settlement) error    { return nil }
func (liar) Get(context.Context, string) (*ordermanager.Order, error) { return nil, nil }
func (liar) List(context.Context, ordermanager.Query) (ordermanager.Page, error) {
	return ordermanager.Page{}, nil
}

func TestManager_saysWhenTheMenuCannotBeRead(t *testing.T) {
	h := newHouse(t)
	h.start()
	manager := must[*ordermanager.Manager](t)(ordermanager.New(h.store, noMenu{}, h.resumer, nil))
	h.refuses(ordermanager.ErrMenuUnavailable, func(ctx context.Context) error {
		_, err := manager.Put(ctx, put())
		if !errors.Is(err, errNetwork) {
			t.Errorf("%v does not say why", err)
		}
		return err
	})
	if _, err := manager.Explain(t.Context(), put()); !errors.Is(err, ordermanager.ErrMenuUnavailable) {
		t.Errorf("explain: got %v", err)
	}
	if e := must[ordermanager.Explanation](t)(manager.Explain(
		t.Context(), by("put", ordermanager.Customer(owner)),
	)); !e.Allowed {
		t.Error("without a drink the menu is not needed")
	}
}

type noMenu struct{}

func (noMenu) Menu(context.Context, string) (*ordermanager.Menu, error) { return nil, errNetwork }

func TestObserver_seesEveryOperationWithItsError(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	type key struct{}
	h := newHouse(t, func(o *ordermanager.Options) {
		o.Observer = func(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
			parent, _ := ctx.Value(key{}).(string)
			return context.WithValue(ctx, key{}, op.Name), func(e ordermanager.Ending) {
				mu.Lock()
				defer mu.Unlock()
				seen = append(
					seen,
					strings.TrimRight(
						fmt.Sprintf("%s>%s %s %s %s", parent, op.Name, op.Action, op.OrderID, ordermanager.CodeOf(e.Err)), " ",
					),
				)
			}
		}
	})
	h.start()
	seen = nil
	h.receipt(h.Handle(t.Context(), put()))
	_, _ = h.Handle(t.Context(), by("complete", ordermanager.Barista(holder)))
	must[ordermanager.RedriveReport](t)(h.Redrive(t.Context(), nil))
	h.order()
	h.resumer.Hook = failing("resume", false)
	h.wait()
	h.receipt(h.Handle(t.Context(), by("make", ordermanager.Barista(holder))))
	h.receipt(h.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
	for _, want := range []string{
		">handle put order-1", "handle>menu put order-1", "handle>store.apply put order-1", "handle>resume put order-1",
		"handle>store.settle  order-1",
		">handle complete order-1 illegal_transition", ">redrive", "redrive>store.list", ">store.get  order-1",
		">handle waiting_completion order-1", "handle>publish  order-1", "handle>resume complete order-1 internal",
	} {
		if !slices.Contains(seen, want) {
			t.Errorf("did not see %q in\n%s", want, strings.Join(seen, "\n"))
		}
	}
}

func TestObserver_learnsThatAGuardRefused(t *testing.T) {
	var refused []bool
	h := newHouse(t, func(o *ordermanager.Options) {
		o.Observer = func(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
			return ctx, func(e ordermanager.Ending) {
				if op.Name == "store.apply" {
					refused = append(refused, e.Refused)
				}
			}
		}
	})
	h.start()
	h.receipt(h.Handle(t.Context(), put()))
	_, _ = h.Handle(t.Context(), put())
	if diff := cmp.Diff([]bool{false, false, true}, refused); diff != "" {
		t.Error(diff)
	}
}

func TestObserver_mayReturnNothing(t *testing.T) {
	h := newHouse(t, func(o *ordermanager.Options) {
		o.Observer = func(context.Context, ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
			return nil, nil
		}
	})
	h.start()
	h.receipt(h.Handle(t.Context(), put()))
}

// One table, one place: every sentinel has a code of its own, and its comment says which.
func TestErrors_haveStableCodesThatTheirCommentsName(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Err") {
			comments[spec.Names[0].Name] = strings.Join(strings.Fields(spec.Doc.Text()), " ")
		}
		return true
	})
	codes := map[ordermanager.Code]string{}
	for name, err := range sentinels {
		code := ordermanager.CodeOf(fmt.Errorf("wrapped: %w", err))
		if other, taken := codes[code]; taken || code == "" || code == ordermanager.CodeInternal {
			t.Errorf("%s has the code %q, like %s", name, code, other)
		}
		codes[code] = name
		if !strings.Contains(comments[name], fmt.Sprintf("Code %s.", code)) {
			t.Errorf("the comment of %s does not say Code %s: %s", name, code, comments[name])
		}
		if err.Error() == "" {
			t.Errorf("%s says nothing", name)
		}
		delete(comments, name)
	}
	if len(comments) > 0 {
		t.Errorf("not tested: %v", comments)
	}
	if ordermanager.CodeOf(nil) != "" || ordermanager.CodeOf(errNetwork) != ordermanager.CodeInternal {
		t.Error("CodeOf without a sentinel")
	}
}

var sentinels = map[string]error{
	"ErrUnknownState": ordermanager.ErrUnknownState, "ErrInvalidRequest": ordermanager.ErrInvalidRequest,
	"ErrUnknownAction": ordermanager.ErrUnknownAction, "ErrForbidden": ordermanager.ErrForbidden,
	"ErrContextDone": ordermanager.ErrContextDone, "ErrInvalidOrder": ordermanager.ErrInvalidOrder,
	"ErrMenuUnavailable": ordermanager.ErrMenuUnavailable,
	"ErrUnknownVenue":    ordermanager.ErrUnknownVenue,
	"ErrOrderNotFound":   ordermanager.ErrOrderNotFound, "ErrOrderExists": ordermanager.ErrOrderExists,
	"ErrNotOwner":   ordermanager.ErrNotOwner,
	"ErrWrongVenue": ordermanager.ErrWrongVenue, "ErrIllegalTransition": ordermanager.ErrIllegalTransition,
	"ErrDrinkAccepted": ordermanager.ErrDrinkAccepted,
	"ErrClaimed":       ordermanager.ErrClaimed, "ErrNotReady": ordermanager.ErrNotReady,
	"ErrTooManyTransitions": ordermanager.ErrTooManyTransitions,
	"ErrRequestReused":      ordermanager.ErrRequestReused, "ErrStore": ordermanager.ErrStore,
	"ErrStoreContract": ordermanager.ErrStoreContract,
	"ErrShopClosed":    ordermanager.ErrShopClosed, "ErrQueueFull": ordermanager.ErrQueueFull,
	"ErrTooManyOrders":  ordermanager.ErrTooManyOrders,
	"ErrInvalidOptions": ordermanager.ErrInvalidOptions, "ErrInvalidLifecycle": ordermanager.ErrInvalidLifecycle,
}

// What a wrong clock wrote can still be read and published.
func TestManager_writesNoTimeThatCannotBeShown(t *testing.T) {
	for _, year := range []int{-20_000, -1, 0, 1, 9999, 10_000, 300_000_000} {
		h := newHouse(t, func(o *ordermanager.Options) {
			o.Now = func() time.Time { return time.Date(year, 12, 31, 23, 59, 59, 999_999_999, time.UTC) }
		})
		h.bring(ordermanager.StateCompleted)
		o := h.order()
		if _, err := json.Marshal(view.HistoryOf(&o)); err != nil {
			t.Errorf("the year %d: %v", year, err)
		}
		for _, event := range h.publisher.Events() {
			if _, err := event.At.MarshalJSON(); err != nil {
				t.Errorf("the year %d: %v", year, err)
			}
		}
	}
}
