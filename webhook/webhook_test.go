package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/webhook"
)

func secretOf(text string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(text, 32)[:32]))
}

var secret = secretOf("s3cret")

// made is an event that has everything, and a hard name in every place.
var made = ordermanager.Event{
	ID: "ö.r%2Fder/Anfrage 1.2", Type: ordermanager.EventMakeOrder, OrderID: "ö.r/der", Customer: "Zoë", Venue: "v",
	Robot: true, Version: 3, At: time.Date(2026, 3, 1, 9, 0, 1, 5e6, time.UTC), State: "making", Barista: "ben <b>",
	Number: "007", Reason: "why not",
	Drink: &ordermanager.Drink{Name: "Café", Icon: "cafe", Modifiers: []string{"Oat", "Hot"}},
	Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}

// plain has as little as an event can have.
var plain = ordermanager.Event{ID: "1/r", Type: "Own", OrderID: "1", Customer: "c", Version: 1, State: "pending"}

// post is a request that came in.
type post struct {
	header http.Header
	body   []byte
}

// house receives posts.
type house struct {
	*httptest.Server
	mu    sync.Mutex
	posts []post
	// answer is what a post is answered with.
	answer func(w http.ResponseWriter, r *http.Request)
}

func open(t *testing.T, answer func(http.ResponseWriter, *http.Request)) *house {
	t.Helper()
	h := &house{answer: answer}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		h.mu.Lock()
		h.posts = append(h.posts, post{r.Header, body})
		h.mu.Unlock()
		h.answer(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func accepts(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

func answers(status int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func (h *house) received() []post {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.posts)
}

// publisher posts to the house, below a path and with a query that must not be seen.
func (h *house) publisher(t *testing.T, secrets ...string) *webhook.Publisher {
	t.Helper()
	address := strings.Replace(h.URL, "https://", "https://user:pass@", 1) + "/hidden?key=hidden"
	p, err := webhook.New(address, secrets, &webhook.Options{Transport: h.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p post) request() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(p.body))
	r.Header = p.header
	return r
}

func receiver(t *testing.T, secrets ...string) *webhook.Receiver {
	t.Helper()
	r, err := webhook.NewReceiver(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPublisher_whatIsPostedIsReceived(t *testing.T) {
	h := open(t, accepts)
	sent := []ordermanager.Event{made, plain}
	if err := h.publisher(t, secret).Publish(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	var got []ordermanager.Event
	for _, p := range h.received() {
		e, err := receiver(t, secret).Event(p.request())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("received (-sent +got):\n%s", diff)
	}
}

// "JSON Event Format for CloudEvents - Version 1.0.2", and "Required Attributes" in the specification of CloudEvents.
func TestPublisher_postsCloudEvents(t *testing.T) {
	h := open(t, accepts)
	if err := h.publisher(t, secret).Publish(t.Context(), []ordermanager.Event{made}); err != nil {
		t.Fatal(err)
	}
	p := h.received()[0]
	if got := p.header.Get("Content-Type"); got != "application/cloudevents+json; charset=utf-8" {
		t.Errorf("the content type is %q", got)
	}
	var got any
	if err := json.Unmarshal(p.body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"specversion": "1.0", "id": made.ID, "source": "/ordermanager", "type": "OrderManager.MakeOrder",
		"subject": "ö.r/der", "time": "2026-03-01T09:00:01.005Z", "datacontenttype": "application/json",
		"traceparent": made.Trace,
		"data": map[string]any{
			"orderId": "ö.r/der", "state": "making", "userId": "Zoë", "eventId": "v", "orderNumber": "007",
			"baristaUserId": "ben <b>", "drink": "Café", "modifiers": []any{"Oat", "Hot"}, "icon": "cafe",
			"reason": "why not", "version": 3.0, "robot": true,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// "Signature scheme" and "Webhook headers" in the specification of Standard Webhooks, whose own library verifies it.
func TestPublisher_signsWithEverySecret(t *testing.T) {
	h := open(t, accepts)
	old, other := secretOf("old"), secretOf("other")
	p := h.publisher(t, secret, old)
	for range 2 {
		if err := p.Publish(t.Context(), []ordermanager.Event{made}); err != nil {
			t.Fatal(err)
		}
	}
	posts := h.received()
	for _, known := range []string{secret, old} {
		library, err := standardwebhooks.NewWebhook(known)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range posts {
			if err := library.Verify(p.body, p.header); err != nil {
				t.Error(err)
			}
		}
		if _, err := receiver(t, other, known).Event(posts[0].request()); err != nil {
			t.Error(err)
		}
	}
	if _, err := receiver(t, other).Event(posts[0].request()); !errors.Is(err, webhook.ErrUnverified) {
		t.Errorf("somebody else's secret: %v", err)
	}
	ids := []string{posts[0].header.Get("webhook-id"), posts[1].header.Get("webhook-id")}
	if ids[0] != ids[1] || strings.ContainsFunc(ids[0], func(r rune) bool { return r == '.' || r > '~' || r <= ' ' }) {
		t.Errorf("the ids of an event and its repetition are %q", ids)
	}
}

func TestReceiver_believesNothingThatIsNotSignedJustNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent post
		p, err := webhook.New("https://example.com", []string{secret}, &webhook.Options{
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(r.Body)
				sent = post{r.Header, body}
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Publish(t.Context(), []ordermanager.Event{made}); err != nil {
			t.Fatal(err)
		}
		r := receiver(t, secret)
		check := func(what string, change func(*post), want error) {
			t.Helper()
			p := post{sent.header.Clone(), slices.Clone(sent.body)}
			change(&p)
			if e, err := r.Event(p.request()); !errors.Is(err, want) || want != nil && e.ID != "" {
				t.Errorf("%s: %v, %v; want %v", what, e.ID, err, want)
			}
		}
		set := func(name, value string) func(*post) { return func(p *post) { p.header.Set(name, value) } }
		check("as it was sent", func(*post) {}, nil)
		check("another body", func(p *post) { p.body = bytes.ToUpper(p.body) }, webhook.ErrUnverified)
		check("another id", set("webhook-id", "evt_2"), webhook.ErrUnverified)
		check("another time", set("webhook-timestamp", fmt.Sprint(time.Now().Unix()+1)), webhook.ErrUnverified)
		check("no time", set("webhook-timestamp", "now"), webhook.ErrUnverified)
		check("another signature", set("webhook-signature", "v1,"+strings.Repeat("A", 43)+"="), webhook.ErrUnverified)
		for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			check("without "+name, func(p *post) { p.header.Del(name) }, webhook.ErrUnverified)
		}
		tooLarge := func(p *post) { p.body = make([]byte, ordermanager.MaxRequestBytes+1) }
		check("too large", tooLarge, ordermanager.ErrInvalidRequest)
		<-time.After(5 * time.Minute)
		check("after five minutes", func(*post) {}, nil)
		<-time.After(2 * time.Second)
		check("later", func(*post) {}, webhook.ErrUnverified)
	})
}

// Who knows a secret may still send something else.
func TestReceiver_refusesWhatIsSignedAndNoEvent(t *testing.T) {
	library, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{
		"", "null", "[]", "{}", `{"specversion":"1.0","id":"1","type":"OrderManager.MakeOrder","data":{}}`,
		`{"specversion":"0.3","id":"1","type":"OrderManager.MakeOrder","data":{"orderId":"1"}}`,
		`{"specversion":"1.0","id":"1","type":"com.example.other","data":{"orderId":"1"}}`,
		`{"specversion":"1.0","id":"1","type":"OrderManager.MakeOrder","data":{"orderId":"1"}} trailing`,
	} {
		now := time.Now()
		signature, err := library.Sign("1", now, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		p := post{http.Header{}, []byte(body)}
		p.header.Set("webhook-id", "1")
		p.header.Set("webhook-timestamp", fmt.Sprint(now.Unix()))
		p.header.Set("webhook-signature", signature)
		if _, err := receiver(t, secret).Event(p.request()); !errors.Is(err, ordermanager.ErrInvalidRequest) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestPublisher_knowsWhatRepeatingCanCure(t *testing.T) {
	statuses := map[int]bool{ // whether repeating can cure it; 2xx is well
		200: false, 201: false, 204: false, 299: false,
		301: false, 304: false, 307: false,
		400: false, 401: false, 403: false, 404: false, 410: false, 413: false, 422: false,
		408: true, 425: true, 429: true, 500: true, 502: true, 503: true, 504: true, 599: true,
	}
	for status, cured := range statuses {
		h := open(t, answers(status))
		err := h.publisher(t, secret).Publish(t.Context(), []ordermanager.Event{made, plain})
		switch {
		case status < 300:
			if err != nil || len(h.received()) != 2 {
				t.Errorf("%d: %v after %d posts", status, err, len(h.received()))
			}
			continue
		case errors.Is(err, ordermanager.ErrUndeliverable) == cured || !strings.Contains(err.Error(), fmt.Sprint(status)):
			t.Errorf("%d: %v", status, err)
		}
		partly, ok := errors.AsType[*ordermanager.PublishError](err)
		if !ok || partly.Failed[made.ID] == nil || partly.Failed[plain.ID] == nil {
			t.Errorf("%d: the failed are %v", status, partly)
		}
		// What may be accepted later is not overtaken; what never will be holds nothing up.
		if posts := len(h.received()); posts != map[bool]int{true: 1, false: 2}[cured] {
			t.Errorf("%d: %d posts", status, posts)
		}
	}
}

// What one event fails with is no failure of those that were accepted.
func TestPublisher_saysWhichEventsWereAccepted(t *testing.T) {
	for status, failed := range map[int][]string{http.StatusGone: {"2"}, http.StatusBadGateway: {"2", "3"}} {
		first := true
		h := open(t, nil)
		h.answer = func(w http.ResponseWriter, r *http.Request) {
			if len(h.received()) == 2 && first {
				first = false
				w.WriteHeader(status)
			}
		}
		var events []ordermanager.Event
		for _, id := range []string{"1", "2", "3"} {
			events = append(events, ordermanager.Event{ID: id, Type: "Own", OrderID: "1"})
		}
		err := h.publisher(t, secret).Publish(t.Context(), events)
		partly, _ := errors.AsType[*ordermanager.PublishError](err)
		if partly == nil || !slices.Equal(slices.Sorted(maps.Keys(partly.Failed)), failed) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestPublisher_followsNoRedirect(t *testing.T) {
	elsewhere := open(t, accepts)
	h := open(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/secret-path", http.StatusTemporaryRedirect)
	})
	err := h.publisher(t, secret).Publish(t.Context(), []ordermanager.Event{made})
	if !errors.Is(err, ordermanager.ErrUndeliverable) || !strings.Contains(err.Error(), "redirects are not followed") {
		t.Errorf("got %v", err)
	}
	if len(elsewhere.received()) != 0 {
		t.Error("it was followed")
	}
}

// transport is a way to carry a request out.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestPublisher_waitsOnlySoLong(t *testing.T) {
	hangs := transport(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	for _, tt := range []struct{ own, caller, want time.Duration }{
		{0, time.Hour, 5 * time.Second},
		{time.Second, time.Hour, time.Second},
		{0, 2 * time.Second, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, err := webhook.New("https://example.com", []string{secret}, &webhook.Options{Timeout: tt.own, Transport: hangs})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), tt.caller)
			defer cancel()
			began := time.Now()
			err = p.Publish(ctx, []ordermanager.Event{made, plain})
			if took := time.Since(began); took != tt.want || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v after %v, want it after %v", err, took, tt.want)
			}
		})
	}
}

// The body of such an answer is the connection itself, which the time-out of the request does not end.
func TestPublisher_doesNotWaitForASwitchedConnection(t *testing.T) {
	done := make(chan struct{})
	h := open(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "something")
		w.WriteHeader(http.StatusSwitchingProtocols)
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-done
	})
	defer close(done)
	published := make(chan error)
	go func() { published <- h.publisher(t, secret).Publish(t.Context(), []ordermanager.Event{plain}) }()
	select {
	case err := <-published:
		if !errors.Is(err, ordermanager.ErrUndeliverable) {
			t.Errorf("got %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it still waits")
	}
}

// Receivers that are slow, break off or are not what they seem leave the event owed.
func TestPublisher_aBrokenReceiverLeavesTheEventOwed(t *testing.T) {
	breaksOff := func(part string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(connection, part)
			_ = connection.Close()
		}
	}
	for what, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"breaks off":                breaksOff(""),
		"breaks off in the headers": breaksOff("HTTP/1.1 200 OK\r\nContent-"),
		"does not speak HTTP":       breaksOff("220 smtp.example.com\r\n"),
		"never answers": func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // to return would be an answer, and might be in time
		},
	} {
		h := open(t, answer)
		timeout := time.Minute
		if what == "never answers" {
			timeout = 50 * time.Millisecond
		}
		p, err := webhook.New(h.URL+"/hidden", []string{secret}, &webhook.Options{
			Transport: h.Client().Transport, Timeout: timeout,
		})
		if err != nil {
			t.Fatal(err)
		}
		err = p.Publish(t.Context(), []ordermanager.Event{made})
		if err == nil || errors.Is(err, ordermanager.ErrUndeliverable) {
			t.Fatalf("%s: %v", what, err)
		}
		if gaveUp := errors.Is(err, context.DeadlineExceeded); gaveUp != (what == "never answers") {
			t.Errorf("%s: %v", what, err)
		}
		wantHidden(t, err.Error())
	}
	t.Run("and one without the right certificate gets nothing", func(t *testing.T) {
		h := open(t, accepts)
		p, err := webhook.New(h.URL, []string{secret}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Publish(t.Context(), []ordermanager.Event{made}); err == nil || len(h.received()) != 0 {
			t.Errorf("%v, %d posts", err, len(h.received()))
		}
	})
	t.Run("and a long answer is no failure", func(t *testing.T) {
		h := open(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
		if err := h.publisher(t, secret).Publish(t.Context(), []ordermanager.Event{made, plain}); err != nil {
			t.Error(err)
		}
	})
}

func wantHidden(t *testing.T, text string) {
	t.Helper()
	for _, hidden := range []string{"user", "pass", "hidden", secret, strings.TrimPrefix(secret, "whsec_"), "s3cret"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%q shows %q", text, hidden)
		}
	}
}

// Invariant 8 is about task tokens; a webhook has secrets of its own.
func TestPublisher_showsNeitherSecretsNorTheAddress(t *testing.T) {
	h := open(t, answers(http.StatusTeapot))
	p := h.publisher(t, secret)
	wantHidden(t, fmt.Sprintf("%v %+v %#v %s %v %+v %#v", p, p, p, p, *p, receiver(t, secret), receiver(t, secret)))
	wantHidden(t, p.Publish(t.Context(), []ordermanager.Event{made}).Error())
	h.Close()
	err := p.Publish(t.Context(), []ordermanager.Event{made})
	if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(h.URL, "https://")) {
		t.Fatalf("got %v", err)
	}
	wantHidden(t, err.Error())

	const odd = "://user:pass@example.com/hidden?hidden"
	for _, address := range []string{
		"", "ftp" + odd, "https://user:pass@:80/hidden", "http://user:pa%ss@h/hidden", "\x7fhttp" + odd,
	} {
		_, err := webhook.New(address, []string{secret + "hidden", secret}, &webhook.Options{Source: ":", Timeout: -1})
		if !errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Fatalf("%q: %v", address, err)
		}
		wantHidden(t, err.Error())
		for _, fault := range []string{"address", "secret 1", "source", "time-out"} {
			if !strings.Contains(err.Error(), fault) {
				t.Errorf("%q: %v says nothing of the %s", address, err, fault)
			}
		}
	}
	tooLong := "whsec_" + strings.Repeat("A", 88)
	for _, secrets := range [][]string{nil, {""}, {"whsec_"}, {"whsec_c2hvcnQ="}, {secret, tooLong}} {
		_, err := webhook.New(h.URL, secrets, nil)
		_, errReceiver := webhook.NewReceiver(secrets...)
		if !errors.Is(err, ordermanager.ErrInvalidOptions) || !errors.Is(errReceiver, ordermanager.ErrInvalidOptions) {
			t.Errorf("%q: %v, %v", secrets, err, errReceiver)
		}
	}
}

// Invariant 5: what happened while the receiver was down is posted by a redrive, and the bus has it all along.
func TestPublisher_isRedrivenAfterADownTime(t *testing.T) {
	h := open(t, answers(http.StatusServiceUnavailable))
	resumer, bus := &memory.Resumer{}, &memory.Publisher{}
	manager, err := ordermanager.New(memory.NewStore(), ordermanager.NoMenu(), resumer, &ordermanager.Options{
		Publisher: bus, Publishers: map[string]ordermanager.Publisher{"board": h.publisher(t, secret)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "ann", Token: resumer.Issue(),
	}); err != nil {
		t.Fatal(err)
	}
	receipt, err := manager.Cancel(t.Context(), ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("ann")})
	if err != nil || receipt.Events != ordermanager.EventsPending || len(bus.Events()) != 1 {
		t.Fatalf("%+v, %v, %d on the bus", receipt, err, len(bus.Events()))
	}
	wantHidden(t, receipt.Pending.Error())

	h.answer = accepts
	if _, err := manager.RedriveOrder(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	posts := h.received()
	id := func(i int) string { return posts[i].header.Get("webhook-id") }
	if len(posts) != 2 || len(bus.Events()) != 1 || id(0) != id(1) {
		t.Fatalf("%d posts, %d on the bus", len(posts), len(bus.Events()))
	}
	e, err := receiver(t, secret).Event(posts[1].request())
	if diff := cmp.Diff(bus.Events()[0], e); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if order, err := manager.Order(t.Context(), "1"); err != nil || order.Owes() {
		t.Errorf("still owed: %v, %v", order.OwedEvents, err)
	}
}
