package view_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/view"
)

// The command and the HTTP API write a history alike, but for request identifiers.
func TestHistoryOf_isOneForm(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	order := &ordermanager.Order{Version: 8, History: []ordermanager.Entry{
		{Action: "put", From: "pending", To: "pending", Actor: ordermanager.Customer("1"), RequestID: "r", At: at},
		{Action: "cancel", From: "pending", To: "cancelled", Actor: ordermanager.Barista("3"), At: at, Reason: "no milk"},
	}}
	got, err := json.Marshal(view.HistoryOf(order))
	if err != nil {
		t.Fatal(err)
	}
	const want = `[` +
		`{"version":7,"at":"2026-03-01T12:00:00Z","action":"put","from":"pending","to":"pending",` +
		`"role":"customer","userId":"1","requestId":"r","reason":""},` +
		`{"version":8,"at":"2026-03-01T12:00:00Z","action":"cancel","from":"pending","to":"cancelled",` +
		`"role":"barista","userId":"3","reason":"no milk"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if none, err := json.Marshal(view.HistoryOf(new(ordermanager.Order))); string(none) != "[]" || err != nil {
		t.Errorf("without a history: %s, %v", none, err)
	}
}
