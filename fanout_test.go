package ordermanager_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
)

// fan is a house with two publishers that have names beside the one that has none.
type fan struct {
	*house
	board, hook *memory.Publisher

	mu         sync.Mutex
	operations []ordermanager.Operation
}

func newFan(t *testing.T, change ...func(*ordermanager.Options)) *fan {
	t.Helper()
	f := &fan{board: new(memory.Publisher), hook: new(memory.Publisher)}
	f.house = newHouse(t, append([]func(*ordermanager.Options){func(o *ordermanager.Options) {
		o.Publishers = map[string]ordermanager.Publisher{"board": f.board, "hook": f.hook}
		o.Observer = func(ctx context.Context, op ordermanager.Operation) (context.Context, func(ordermanager.Ending)) {
			if op.Name == "publish" {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.operations = append(f.operations, op)
			}
			return ctx, nil
		}
	}}, change...)...)
	return f
}

func (f *fan) all() map[string]*memory.Publisher {
	return map[string]*memory.Publisher{"": f.publisher, "board": f.board, "hook": f.hook}
}

// published counts what each publisher accepted, by name.
func (f *fan) published() map[string]int {
	counts := map[string]int{}
	for name, p := range f.all() {
		counts[name] = len(p.Events())
	}
	return counts
}

func (f *fan) wantPublished(want map[string]int) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.published()); diff != "" {
		f.t.Errorf("published (-want +got):\n%s", diff)
	}
}

// owed names who is owed something.
func (f *fan) owed() []string {
	f.t.Helper()
	var names []string
	for _, key := range f.order().OwedEvents {
		name, _ := ordermanager.SplitOwed(key)
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestPublishers_eachGetsEveryEvent(t *testing.T) {
	f := newFan(t)
	f.bring(ordermanager.StateMaking)
	f.wait()
	r := f.receipt(f.Handle(t.Context(), by("complete", ordermanager.Barista(holder))))
	if r.Events != ordermanager.EventsPublished || r.Pending != nil || f.order().Owes() {
		t.Errorf("got %+v", r)
	}
	f.wantPublished(map[string]int{"": 3, "board": 3, "hook": 3})
	for name, p := range f.all() {
		if diff := cmp.Diff(f.publisher.Events(), p.Events()); diff != "" {
			t.Errorf("publisher %q got something else:\n%s", name, diff)
		}
	}
	var names []string
	for _, op := range f.operations {
		names = append(names, op.Publisher)
	}
	if want := []string{"", "board", "hook", "", "board", "hook", "", "board", "hook"}; !slices.Equal(names, want) {
		t.Errorf("observed were %q, want %q", names, want)
	}
}

// Invariant 5: however one fails, the others have what they are owed, once, and it is delivered to the one that failed.
func TestPublishers_oneThatFailsHasNoPartInTheOthers(t *testing.T) {
	tests := map[string]func(context.Context) error{
		"fails":          func(context.Context) error { return errNetwork },
		"fails for good": func(context.Context) error { return ordermanager.ErrUndeliverable },
		"hangs":          func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) },
		"panics":         func(context.Context) error { panic("out of milk") },
	}
	for what, fail := range tests {
		for _, who := range []string{"", "board", "hook"} {
			t.Run("publisher "+who+" "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					broken := true
					breaking := func(p ordermanager.Publisher) ordermanager.Publisher {
						return publisherFunc(func(ctx context.Context, events []ordermanager.Event) error {
							if broken {
								return fail(ctx)
							}
							return p.Publish(ctx, events)
						})
					}
					f := newFan(t, func(o *ordermanager.Options) {
						if who == "" {
							o.Publisher = breaking(o.Publisher)
						} else {
							o.Publishers[who] = breaking(o.Publishers[who])
						}
					})
					f.bring(ordermanager.StateMaking) // announced once
					want := map[string]int{"": 1, "board": 1, "hook": 1}
					want[who] = 0
					f.wantPublished(want)
					if owed := f.owed(); !slices.Equal(owed, []string{who}) {
						t.Errorf("owed to %q", owed)
					}
					report := must[ordermanager.RedriveReport](t)(f.Redrive(t.Context(), nil))
					if report.Pending != 1 {
						t.Errorf("redriven: %+v", report)
					}
					f.wantPublished(want)

					began := time.Now()
					r := f.receipt(f.Handle(t.Context(), by("unmake", ordermanager.Barista(holder))))
					if r.Events != ordermanager.EventsPending || r.Pending == nil {
						t.Errorf("got %+v", r)
					}
					name := "the publisher: "
					if who != "" {
						name = "publisher " + who + ": "
					}
					if r.Pending != nil && !strings.HasPrefix(r.Pending.Error(), name) {
						t.Errorf("pending because: %v", r.Pending)
					}
					if took := time.Since(began); took > 10*time.Second {
						t.Errorf("the action took %v", took)
					}
					for name := range want {
						if name != who {
							want[name] = 2
						}
					}
					f.wantPublished(want)

					broken = false
					<-time.After(time.Hour) // the pause of an order that failed
					must[ordermanager.RedriveReport](t)(f.Redrive(t.Context(), nil))
					want[who] = 2
					f.wantPublished(want)
					if f.order().Owes() {
						t.Error("something is still owed")
					}
				})
			})
		}
	}
}

type publisherFunc func(ctx context.Context, events []ordermanager.Event) error

func (p publisherFunc) Publish(ctx context.Context, events []ordermanager.Event) error {
	return p(ctx, events)
}

// What was published with some of them failing is not published again with those that were accepted.
func TestPublishers_eachSaysForItselfWhichEventsItAccepted(t *testing.T) {
	f := newFan(t)
	f.publisher.Hook, f.hook.Hook = failing("publish", false), failing("publish", false)
	f.bring(ordermanager.StateMaking)
	f.wait()
	events := f.board.Events()
	if len(events) != 2 {
		t.Fatalf("got %d events", len(events))
	}
	refuses := func(id string, accepted *memory.Publisher) ordermanager.Publisher {
		return publisherFunc(func(ctx context.Context, events []ordermanager.Event) error {
			failed := map[string]error{}
			for _, event := range events {
				if event.ID == id {
					failed[id] = errNetwork
				} else if err := accepted.Publish(ctx, []ordermanager.Event{event}); err != nil {
					return err
				}
			}
			return &ordermanager.PublishError{Failed: failed}
		})
	}
	f.publisher.Hook, f.hook.Hook = nil, nil
	manager := must[*ordermanager.Manager](t)(ordermanager.New(f.store, coffeeMenu, f.resumer, &ordermanager.Options{
		Publisher:  refuses(events[0].ID, f.publisher),
		Publishers: map[string]ordermanager.Publisher{"hook": refuses(events[1].ID, f.hook)},
	}))
	must[ordermanager.RedriveReport](t)(manager.Redrive(t.Context(), nil))
	var got []string
	for _, key := range f.order().OwedEvents {
		name, id := ordermanager.SplitOwed(key)
		o := f.order()
		entry, _, _ := o.Entry(id)
		got = append(got, name+" "+string(entry.Action))
	}
	slices.Sort(got)
	if want := []string{" make", "hook waiting_completion"}; !slices.Equal(got, want) {
		t.Errorf("owed is %q, want %q", got, want)
	}
}

// Invariant 5: an error that does not say clearly what was accepted has accepted nothing.
func TestPublish_anErrorThatSaysTooLittleLeavesEverythingOwed(t *testing.T) {
	refused := func(id string) *ordermanager.PublishError {
		return &ordermanager.PublishError{Failed: map[string]error{id: errNetwork}}
	}
	for name, errs := range map[string]func(ids []string) error{
		"a failure without a reason": func(ids []string) error {
			return &ordermanager.PublishError{Failed: map[string]error{ids[0]: nil, ids[1]: nil}}
		},
		"none of the events":   func([]string) error { return refused("another") },
		"no failure at all":    func([]string) error { return &ordermanager.PublishError{} },
		"of two publishers":    func(ids []string) error { return errors.Join(refused(ids[0]), refused(ids[1])) },
		"of one and something": func(ids []string) error { return errors.Join(refused(ids[0]), errNetwork) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.publisher.Hook = failing("publish", false)
			h.bring(ordermanager.StateMaking)
			h.wait()
			owed := h.order().OwedEvents
			manager := must[*ordermanager.Manager](t)(ordermanager.New(h.store, coffeeMenu, h.resumer, &ordermanager.Options{
				Publisher: publisherFunc(func(_ context.Context, events []ordermanager.Event) error {
					return errs([]string{events[0].ID, events[1].ID})
				}),
			}))
			r := must[*ordermanager.Receipt](t)(manager.RedriveOrder(t.Context(), order))
			if r.Events != ordermanager.EventsPending || !slices.Equal(h.order().OwedEvents, owed) || len(owed) != 2 {
				t.Errorf("owed is %q of %q: %+v", h.order().OwedEvents, owed, r)
			}
		})
	}
}

// A publisher that is for some events filters them, often in place.
func TestPublish_settlesTheEventsThatItSentWhateverBecomesOfThem(t *testing.T) {
	for name, use := range map[string]func(events []ordermanager.Event){
		"filtered": func(events []ordermanager.Event) {
			_ = slices.DeleteFunc(events, func(e ordermanager.Event) bool { return e.Type == ordermanager.EventMakeOrder })
		},
		"renamed": func(events []ordermanager.Event) {
			for i := range events {
				events[i].ID = "mine/" + events[i].ID
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.publisher.Hook = failing("publish", false)
			h.bring(ordermanager.StateMaking)
			h.wait()
			manager := must[*ordermanager.Manager](t)(ordermanager.New(h.store, coffeeMenu, h.resumer, &ordermanager.Options{
				Publisher: publisherFunc(func(_ context.Context, events []ordermanager.Event) error {
					use(events)
					return nil
				}),
			}))
			must[*ordermanager.Receipt](t)(manager.RedriveOrder(t.Context(), order))
			if owed := h.order().OwedEvents; len(owed) != 0 {
				t.Errorf("owed is %q", owed)
			}
		})
	}
}

func TestPublishers_whatIsOwedToOneThatIsNotThereStaysOwedUntilItIsGivenUp(t *testing.T) {
	f := newFan(t)
	f.hook.Hook = failing("publish", false)
	f.bring(ordermanager.StateMaking)
	f.hook.Hook = nil

	// A Manager without it goes on with the others, and says what is missing.
	other := &memory.Publisher{}
	manager := must[*ordermanager.Manager](t)(ordermanager.New(f.store, coffeeMenu, f.resumer, &ordermanager.Options{
		Publishers: map[string]ordermanager.Publisher{"other": other},
	}))
	r := f.receipt(manager.Handle(t.Context(), by("cancel", ordermanager.Barista(holder))))
	if !errors.Is(r.Pending, ordermanager.ErrUndeliverable) || r.Events != ordermanager.EventsPending ||
		!containsText(r.Pending, "publisher hook") {
		t.Errorf("got %s, %v", r.Events, r.Pending)
	}
	if len(other.Events()) != 1 || !slices.Equal(f.owed(), []string{"hook"}) {
		t.Errorf("%d events, owed to %q", len(other.Events()), f.owed())
	}

	t.Run("and one that has it delivers it", func(t *testing.T) {
		report := must[ordermanager.RedriveReport](t)(f.Redrive(t.Context(), nil))
		if report.Published != 1 || len(f.hook.Events()) != 1 || f.order().Owes() {
			t.Errorf("%+v; %d events", report, len(f.hook.Events()))
		}
	})
	t.Run("or an admin gives it up", func(t *testing.T) {
		f := newFan(t)
		f.hook.Hook = failing("publish", false)
		f.bring(ordermanager.StateMaking)
		give := by("", ordermanager.Admin("chief"))
		give.Reason = "the board is gone"
		f.receipt(f.Abandon(t.Context(), give))
		if f.order().Owes() {
			t.Error("it is still owed")
		}
	})
}

// What was on record before there were names goes to the publisher that has none, as it always did.
func TestPublishers_whatWasOwedBeforeThereWereNamesIsOwedToTheOneWithout(t *testing.T) {
	h := newHouse(t)
	h.publisher.Hook = failing("publish", false)
	h.bring(ordermanager.StateMaking)
	stored := h.stored()
	if got := stored.OwedEvents; len(got) != 1 || got[0] != stored.History[len(stored.History)-1].RequestID {
		t.Errorf("on record is %q", got)
	}
	h.publisher.Hook = nil
	hook := &memory.Publisher{}
	manager := must[*ordermanager.Manager](t)(ordermanager.New(h.store, coffeeMenu, h.resumer, &ordermanager.Options{
		Publisher: h.publisher, Publishers: map[string]ordermanager.Publisher{"hook": hook},
	}))
	must[ordermanager.RedriveReport](t)(manager.Redrive(t.Context(), nil))
	if len(h.publisher.Events()) != 1 || len(hook.Events()) != 0 {
		t.Errorf("%d and %d events", len(h.publisher.Events()), len(hook.Events()))
	}
}

// A request id may have spaces in it, and be what another key ends with.
func TestSplitOwed_tellsEveryPublisherAndRequestApart(t *testing.T) {
	f := newFan(t)
	for _, p := range f.all() {
		p.Hook = failing("publish", false)
	}
	f.bring(ordermanager.StatePending)
	ids := []string{"1", "hook 1", "a  b", "board"}
	actions := []ordermanager.Action{"make", "unmake", "make", "unmake"}
	var want []string
	for i, id := range ids {
		r := by(actions[i], ordermanager.Barista(holder))
		r.RequestID = id
		f.receipt(f.Handle(t.Context(), r))
		want = append(want, "|"+id, "board|"+id, "hook|"+id)
	}
	var got []string
	for _, key := range f.order().OwedEvents {
		name, id := ordermanager.SplitOwed(key)
		got = append(got, name+"|"+id)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, p := range f.all() {
		p.Hook = nil
	}
	must[*ordermanager.Receipt](t)(f.RedriveOrder(t.Context(), order))
	f.wantPublished(map[string]int{"": 4, "board": 4, "hook": 4})
}

func TestNew_checksTheNamesOfPublishers(t *testing.T) {
	p := &memory.Publisher{}
	many := map[string]ordermanager.Publisher{}
	for _, name := range strings.Split("abcdefgh", "") {
		many[name] = p
	}
	tests := []struct {
		options ordermanager.Options
		want    string
	}{
		{ordermanager.Options{Publishers: map[string]ordermanager.Publisher{"": p}}, `name "" is not`},
		{ordermanager.Options{Publishers: map[string]ordermanager.Publisher{"a b": p}}, `name "a b" is not`},
		{ordermanager.Options{Publishers: map[string]ordermanager.Publisher{"Board": p}}, `name "Board" is not`},
		{ordermanager.Options{Publishers: map[string]ordermanager.Publisher{strings.Repeat("a", 33): p}}, "is not up to 32"},
		{ordermanager.Options{Publishers: map[string]ordermanager.Publisher{"hook": nil}}, "publisher hook is nil"},
		{ordermanager.Options{Publisher: p, Publishers: many}, "9 publishers"},
		{ordermanager.Options{Publishers: many}, ""},
		{ordermanager.Options{Publishers: map[string]ordermanager.Publisher{strings.Repeat("a-0", 10): p}}, ""},
	}
	for _, tt := range tests {
		_, err := ordermanager.New(memory.NewStore(), coffeeMenu, &memory.Resumer{}, &tt.options)
		refused := errors.Is(err, ordermanager.ErrInvalidOptions)
		if refused != (tt.want != "") || refused && !containsText(err, tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

// Publishers that hang share the time of a delivery.
func TestPublishers_shareTheTimeOfADelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var took []time.Duration
		hangs := publisherFunc(func(ctx context.Context, _ []ordermanager.Event) error {
			began := time.Now()
			<-ctx.Done()
			took = append(took, time.Since(began))
			return context.Cause(ctx)
		})
		h := newHouse(t, func(o *ordermanager.Options) {
			o.Publisher = hangs
			o.Publishers = map[string]ordermanager.Publisher{"a": hangs, "b": hangs, "c": hangs}
			o.DeliveryTimeout = 8 * time.Second
		})
		h.bring(ordermanager.StateMaking)
		if want := slices.Repeat([]time.Duration{2 * time.Second}, 4); !slices.Equal(took, want) {
			t.Errorf("each took %v", took)
		}
	})
}

// eachMinute redrives for some minutes.
func (f *fan) eachMinute(minutes int) {
	f.t.Helper()
	for range minutes {
		must[ordermanager.RedriveReport](f.t)(f.Redrive(f.t.Context(), nil))
		<-time.After(time.Minute)
	}
}

// One publisher that is down for long has its own outage, whatever the others accept in the meantime.
func TestRedrive_triesEverythingAgainWhenOnePublisherIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFan(t)
		f.board.Hook = failing("publish", false)
		const orders = 20
		cancel := func(id string) {
			f.startAt(id, "")
			r := by("cancel", ordermanager.Customer(owner))
			r.OrderID = id
			f.receipt(f.Handle(t.Context(), r))
		}
		for i := range orders {
			cancel("down-" + strconv.Itoa(i))
		}
		f.eachMinute(60)
		f.bring(ordermanager.StatePending) // of which nothing is announced
		f.eachMinute(30)
		f.board.Hook = nil
		cancel("back")
		report := must[ordermanager.RedriveReport](t)(f.Redrive(t.Context(), nil))
		if report.Pending != 0 || report.Published != orders {
			t.Errorf("redriven: %+v", report)
		}
		f.wantPublished(map[string]int{"": orders + 1, "board": orders + 1, "hook": orders + 1})
	})
}

// What has waited for long for one publisher makes no other wait with it.
func TestRedrive_doesNotPostponeWhatFailsForTheFirstTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFan(t)
		f.board.Hook = failing("publish", false)
		f.bring(ordermanager.StateMaking)
		f.eachMinute(60)
		f.publisher.Hook = failing("publish", false)
		f.receipt(f.Handle(t.Context(), by("unmake", ordermanager.Barista(holder))))
		f.publisher.Hook = nil
		if report := must[ordermanager.RedriveReport](t)(f.Redrive(t.Context(), nil)); report.Postponed != 0 {
			t.Errorf("redriven: %+v", report)
		}
		f.wantPublished(map[string]int{"": 2, "board": 0, "hook": 2})
		// Then it waits again.
		<-time.After(10 * time.Minute)
		must[ordermanager.RedriveReport](t)(f.Redrive(t.Context(), nil))
		if report := must[ordermanager.RedriveReport](t)(f.Redrive(t.Context(), nil)); report.Postponed != 1 {
			t.Errorf("redriven again: %+v", report)
		}
	})
}
