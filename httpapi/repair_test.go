package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

// An admin delivers what is owed, or gives it up; nobody else can, and the history says who did and why.
func TestRepair_isForAdminsAndIsKeptInTheHistory(t *testing.T) {
	ctx := context.Background()
	resumer := new(memory.Resumer)
	manager, err := ordermanager.New(memory.NewStore(), venues{}, resumer, nil)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := httpapi.New(manager, venues{}, &httpapi.Options{Identify: demoIdentity})
	if err != nil {
		t.Fatal(err)
	}
	post := func(actor, path string) (int, string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(
			w, call{actor: actor, method: http.MethodPost, path: path, body: `{"reason":"the network is back"}`}.request(),
		)
		return w.Code, w.Body.String()
	}
	resumer.Hook = func(string, string, bool) error { return errBroken }
	for _, id := range []string{"1", "2"} {
		_, err := manager.WorkflowStarted(
			ctx, ordermanager.WorkflowStarted{OrderID: id, Customer: "1", Token: resumer.Issue()},
		)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := manager.Cancel(ctx, ordermanager.Request{OrderID: id, Actor: ordermanager.Customer("1")}); err != nil {
			t.Fatal(err)
		}
	}
	resumer.Hook = nil
	for _, actor := range []string{"barista:3", "customer:1"} {
		if status, body := post(actor, "/orders/1/resend"); status != http.StatusForbidden {
			t.Errorf("%s: %d %s", actor, status, body)
		}
	}
	for path, want := range map[string]string{
		"/orders/1/resend": `"resume":"delivered"`, "/orders/2/abandon": `"resume":"none"`,
	} {
		if status, body := post("admin:olga", path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for id, want := range map[string]ordermanager.Action{
		"1": ordermanager.ActionResent, "2": ordermanager.ActionAbandoned,
	} {
		o, err := manager.Order(ctx, id)
		if err != nil || o.Owes() {
			t.Fatalf("%+v, %v", o, err)
		}
		if last := o.History[len(o.History)-1]; last.Action != want || last.Actor != ordermanager.Admin("olga") ||
			last.Reason != "the network is back" {
			t.Errorf("the history ends with %+v", last)
		}
	}
	if n := len(resumer.Answered()); n != 1 {
		t.Errorf("%d answers went out, want that of order 1 alone", n)
	}
}

func TestRepair_isBoundToTheVenuesOfTheCaller(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) { o.Venues = func(*http.Request) []string { return []string{"hall"} } })
	f.start("here", "1", "hall")
	f.start("there", "1", "")
	for path, want := range map[string]int{
		"/orders/here/resend": 200, "/orders/here/abandon": 200, "/orders/there/resend": 409, "/orders/there/abandon": 409,
	} {
		w := f.do(call{actor: "admin:4", method: http.MethodPost, path: path, body: `{"reason":"stuck"}`})
		if w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
