package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/internal/sampleapps"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func TestHours_areAPartOfTheDay(t *testing.T) {
	for text, moments := range map[string]map[string]bool{
		"08:00-18:30": {"07:59": false, "08:00": true, "18:29": true, "18:30": false},
		"22:00-02:00": {"21:59": false, "22:00": true, "23:59": true, "01:59": true, "02:00": false},
	} {
		var h hours
		if err := h.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		for moment, want := range moments {
			at, err := time.Parse("15:04", moment)
			if err != nil {
				t.Fatal(err)
			}
			if h.open(at) != want {
				t.Errorf("%s: at %s open is not %v", text, moment, want)
			}
		}
	}
	if !(hours{}).open(time.Now()) {
		t.Error("without hours it is closed")
	}
	for _, text := range []string{"", "8", "08:00", "08:00-24:30", "08:00-08:00", "08:00-18:30-19:00", "-"} {
		if err := new(hours).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q are hours", text)
		}
	}
}

// post begins an order, and returns the status and the code of a refusal.
func post(t *testing.T, address, user, body string) (status int, code string) {
	t.Helper()
	answer := send(t, address, sampleapps.Call{Method: http.MethodPost, Path: "/orders", Body: body, Header: http.Header{
		"X-Demo-User": {user}, "Content-Type": {"application/json"},
	}})
	var problem struct{ Code string }
	if err := json.Unmarshal(answer.Body, &problem); err != nil {
		t.Fatal(err)
	}
	return answer.Status, problem.Code
}

// No limit is exceeded by one, however many begin at once.
func TestServe_neverExceedsALimit(t *testing.T) {
	for name, test := range map[string]struct {
		flag string
		user func(n int) string
		code string
	}{
		"of a venue":    {"--max-in-queue", func(n int) string { return "customer:" + strconv.Itoa(n) }, "queue_full"},
		"of a customer": {"--max-per-customer", func(int) string { return "customer:ann" }, "too_many_orders"},
		"of a day":      {"--max-per-day", func(int) string { return "customer:ann" }, "too_many_orders"},
		"of a window":   {"--max-in-window", func(n int) string { return "customer:" + strconv.Itoa(n) }, "queue_full"},
	} {
		for _, store := range []string{"sqlite", "memory"} {
			t.Run(name+"/"+store, func(t *testing.T) {
				where := store
				if store == "sqlite" {
					where, _ = newFile(t)
				}
				address, stop := serve(t, where, test.flag, "5")
				defer stop()
				answers := make([]string, 32)
				var racing sync.WaitGroup
				for n := range answers {
					racing.Go(func() {
						status, code := post(t, address, test.user(n), `{}`)
						answers[n] = strconv.Itoa(status) + code
					})
				}
				racing.Wait()
				count := map[string]int{}
				for _, answer := range answers {
					count[answer]++
				}
				if count["201"] != 5 || count["409"+test.code] != 27 {
					t.Errorf("32 began at once, and were answered %v", count)
				}
				shop := send(t, address, sampleapps.Call{
					Method: http.MethodGet, Path: "/shop", Header: http.Header{"X-Demo-User": {"customer:ann"}},
				})
				if got := string(shop.Body); got != `{"eventId":"","open":true,"inQueue":5}`+"\n" {
					t.Errorf("the shop is %s", got)
				}
			})
		}
	}
}

func TestServe_isClosedOutsideItsHours(t *testing.T) {
	now := time.Now()
	closed := now.Add(2*time.Hour).Format("15:04") + "-" + now.Add(3*time.Hour).Format("15:04")
	address, stop := serve(t, "memory", "--hours", closed)
	defer stop()
	if status, code := post(t, address, "customer:ann", `{}`); status != http.StatusConflict || code != "shop_closed" {
		t.Errorf("an order outside the hours: %d %s", status, code)
	}
	shop := send(
		t, address,
		sampleapps.Call{Method: http.MethodGet, Path: "/shop", Header: http.Header{"X-Demo-User": {"customer:ann"}}},
	)
	if got := string(shop.Body); got != `{"eventId":"","open":false,"inQueue":0}`+"\n" {
		t.Errorf("the shop is %s", got)
	}
}

// A workflow that is as the sample has it is never failed; one of the house's own, and one that catches it, is.
func TestResumeFlag_failsNoWorkflowOfTheSample(t *testing.T) {
	for layout, sample := range map[dynamostore.Layout]bool{
		dynamostore.Native: false, serverlesspresso.Workshop: true, serverlesspresso.Core: true, "": false,
	} {
		if got := (resumeFlag{}).outcome(layout) != nil; got != sample {
			t.Errorf("%q: the sample's answers are used: %v", layout, got)
		}
		if (resumeFlag{FailCancelled: true}).outcome(layout) != nil {
			t.Errorf("%q: --fail-cancelled does nothing", layout)
		}
	}
}
