package eventbridgebus_test

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/brewline/ordermanager/aws/internal/awstest"
)

// service answers as EventBridge does, and keeps what it was sent.
type service struct {
	// answer is the status and the body of the answer to the nth call, counted from 1, or the error on the way. Without
	// it every entry is accepted.
	answer func(n int, entries []entry) (status int, body string, err error)

	sent [][]entry
}

// entry is one entry of a call.
type entry struct {
	EventBusName, Source, DetailType, Detail string
	Time                                     float64
	TraceHeader                              string
}

func (e entry) detail() map[string]any {
	var detail map[string]any
	if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil {
		panic(err)
	}
	return detail
}

// ids are the ids of the events in a call.
func ids(entries []entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.detail()["id"].(string))
	}
	return all
}

func (s *service) reply(n int, r awstest.Request) (awstest.Reply, error) {
	var call struct{ Entries []entry }
	if err := json.Unmarshal([]byte(r.Body), &call); err != nil {
		return awstest.Reply{}, err
	}
	s.sent = append(s.sent, call.Entries)
	status, body, err := http.StatusOK, results(call.Entries, nil), error(nil)
	if s.answer != nil {
		status, body, err = s.answer(n, call.Entries)
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}}
	return awstest.Reply{Status: status, Header: header, Body: body}, err
}

// results is the body of an accepted call in which the entries with the given ids failed with the given codes.
func results(entries []entry, failed map[string]string) string {
	var out struct {
		FailedEntryCount int
		Entries          []map[string]string
	}
	for i, id := range ids(entries) {
		if code := failed[id]; code != "" {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, map[string]string{"ErrorCode": code, "ErrorMessage": "why"})
			continue
		}
		out.Entries = append(out.Entries, map[string]string{"EventId": fmt.Sprint("e", i)})
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return string(body)
}

func (s *service) client() *eventbridge.Client {
	return eventbridge.New(eventbridge.Options{
		Region: awstest.Region, Credentials: awstest.Credentials(),
		HTTPClient: (&awstest.Service{Answer: s.reply}).Client(),
	})
}
