package sqlstore

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/brewline/ordermanager"
)

// entry is the JSON of a history entry. The request id comes first: see known. The state is the one after the entry,
// absent if unchanged; the one before is that of the previous entry.
type entry struct {
	RequestID string              `json:"requestId"`
	Action    ordermanager.Action `json:"action"`
	State     ordermanager.State  `json:"state,omitempty"`
	Role      ordermanager.Role   `json:"role"`
	Actor     string              `json:"actor"`
	At        int64               `json:"at"`
	Reason    string              `json:"reason,omitempty"`
	Trace     string              `json:"trace,omitempty"`
}

func encodeEntry(e *ordermanager.Entry, newState ordermanager.State) (string, error) {
	data, err := json.Marshal(entry{
		e.RequestID, e.Action, newState, e.Actor.Role, e.Actor.ID, e.At.UnixMilli(), e.Reason, e.Trace,
	})
	return string(data), err
}

// known returns the text by which a request id is found in the history. The history contains it if and only if an entry
// has this id: quotation marks in JSON strings are escaped, so it can only be the start of an entry.
func known(requestID string) (string, error) {
	data, err := json.Marshal(requestID)
	return `{"requestId":` + string(data) + `,`, err
}

func decodeHistory(text string) ([]ordermanager.Entry, error) {
	entries, ok := quickly(text)
	if !ok {
		entries = nil
		if err := json.Unmarshal([]byte(text), &entries); err != nil {
			return nil, err
		}
	}
	all := make([]ordermanager.Entry, len(entries))
	var from ordermanager.State
	for i, e := range entries {
		if e.State == "" {
			e.State = from
		}
		all[i] = ordermanager.Entry{
			Action:    e.Action,
			From:      from,
			To:        e.State,
			Actor:     ordermanager.Actor{Role: e.Role, ID: e.Actor},
			RequestID: e.RequestID,
			At:        fromMillis(e.At),
			Reason:    e.Reason,
			Trace:     e.Trace,
		}
		from = e.State
	}
	return all, nil
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// quickly decodes what encodeEntry writes, as long as nothing in it is escaped. It tells if it cannot.
func quickly(text string) (entries []entry, ok bool) {
	entries = make([]entry, 0, strings.Count(text, "{"))
	r := quick{text, true}
	r.skip("[")
	for r.ok && r.rest != "]" {
		if len(entries) > 0 {
			r.skip(",")
		}
		entries = append(entries, r.entry())
	}
	return entries, r.ok
}

func (r *quick) entry() (e entry) {
	e.RequestID = r.text(`{"requestId":"`)
	e.Action = ordermanager.Action(r.text(`,"action":"`))
	if r.has(`,"state":"`) {
		e.State = ordermanager.State(r.text(`,"state":"`))
	}
	e.Role = ordermanager.Role(r.text(`,"role":"`))
	e.Actor = r.text(`,"actor":"`)
	e.At = r.number(`,"at":`)
	if r.has(`,"reason":"`) {
		e.Reason = r.text(`,"reason":"`)
	}
	if r.has(`,"trace":"`) {
		e.Trace = r.text(`,"trace":"`)
	}
	r.skip("}")
	return e
}
