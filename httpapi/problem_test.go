package httpapi_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
)

func TestFail_keepsWhatIsBehindItForTheLog(t *testing.T) {
	var log strings.Builder
	f := newFixture(t, func(o *httpapi.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	f.start("1", "1", "")
	f.breakStore()
	w := f.do(call{actor: "customer:1", method: "PUT", path: "/orders/1?action=cancel"})
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" {
		t.Errorf("answered %d with Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if strings.Contains(w.Body.String(), "secret") {
		t.Errorf("the answer says what the store said: %s", w.Body)
	}
	if !strings.Contains(log.String(), "secret") || !strings.Contains(log.String(), "code=store_failed") {
		t.Errorf("the log does not: %s", log.String())
	}
}

func TestFail_neverShowsATaskToken(t *testing.T) {
	f := newFixture(t)
	secret := "the-value-of-a-task-token"
	if _, err := f.manager.WorkflowStarted(t.Context(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "1", Token: ordermanager.NewTaskToken(secret),
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []call{
		{method: "GET", path: "/orders/1"}, {
			method: "GET", path: "/orders/1/history",
		}, {method: "GET", path: "/orders/1/actions"},
		{method: "GET", path: "/orders?state=pending"}, {method: "PUT", path: "/orders/1?action=make"}, {
			method: "PUT", path: "/orders/1?action=cancel",
		},
	} {
		c.actor = "admin:3"
		if w := f.do(c); strings.Contains(w.Body.String(), secret) || strings.Contains(w.Body.String(), "redacted") {
			t.Errorf("%s %s shows a token (invariant 8): %s", c.method, c.path, w.Body)
		}
	}
}

// plainWriter cannot flush.
type plainWriter struct{ http.ResponseWriter }

func TestStream_isRefusedWhereNothingCanBeFlushed(t *testing.T) {
	f := newFixture(t)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(plainWriter{w}, call{actor: "barista:3", method: "GET", path: "/events"}.request())
	if w.Code != http.StatusNotImplemented || object(t, w)["code"] != "streaming_unsupported" {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func TestNew_refusesWhatIsMissing(t *testing.T) {
	f := newFixture(t)
	if _, err := httpapi.New(nil, venues{}, nil); !errors.Is(err, ordermanager.ErrInvalidOptions) {
		t.Errorf("without a manager: %v", err)
	}
	if _, err := httpapi.New(f.manager, nil, nil); !errors.Is(err, ordermanager.ErrInvalidOptions) {
		t.Errorf("without a menu: %v", err)
	}
}

// brokenWorkflow answers nobody, and says more than a caller should hear.
type brokenWorkflow struct{}

func (brokenWorkflow) Resume(
	context.Context, ordermanager.TaskToken, ordermanager.Outcome,
) (ordermanager.Answer, error) {
	return "", errBroken
}

func TestAct_tellsNoCallerWhyAnAnswerIsPending(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	manager, err := ordermanager.New(f.store, venues{}, brokenWorkflow{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.handler, err = httpapi.New(
		manager, venues{}, &httpapi.Options{Identify: demoIdentity, Feed: f.feed},
	); err != nil {
		t.Fatal(err)
	}
	w := f.do(call{actor: "customer:1", method: "PUT", path: "/orders/1", body: cappuccino})
	if answer := object(t, w); answer["resume"] != "pending" || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}
