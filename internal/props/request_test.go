package props_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// jsonValues are values of every kind, a text most of the time; nil stands for a field that is not there.
var jsonValues = rapid.Custom(func(t *rapid.T) any {
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0:
		return 7.5
	case 1:
		return true
	case 2:
		return []any{"a"}
	case 3:
		return map[string]any{"a": 1}
	case 4, 5:
		return nil
	}
	return rapid.StringMatching(`[a-zA-Z0-9 é"\\-]{0,12}`).Draw(t, "text")
})

// Invariant 9: a request is read as its fields say, and a field that is not a string is named.
func TestParseRequest_readsEveryFieldAndNamesTheWrongOnes(t *testing.T) {
	read, refused := 0, 0
	often(t, func(t *rapid.T) {
		document, wrong := map[string]any{}, map[string]bool{}
		text := func(into map[string]any, name, path string) string {
			value := jsonValues.Draw(t, path)
			if value == nil {
				if rapid.Bool().Draw(t, "null") {
					into[name] = nil
				}
				return ""
			}
			into[name] = value
			s, ok := value.(string)
			if !ok {
				wrong[path] = true
			}
			return s
		}
		want := ordermanager.Request{OrderID: text(document, "orderId", "orderId")}
		action := rapid.SampledFrom([]string{"", "put", "make", "unmake", "complete", "cancel", "brew"}).Draw(t, "action")
		document["action"], want.Action = action, ordermanager.Action(action)
		barista := text(document, "baristaUserId", "baristaUserId")
		want.Venue = text(document, "eventId", "eventId")
		want.RequestID = text(document, "requestId", "requestId")
		want.Reason = text(document, "reason", "reason")
		body, customer, reason := map[string]any{}, "", ""
		if rapid.IntRange(0, 4).Draw(t, "body") > 0 {
			document["body"] = body
			customer, reason = text(body, "userId", "body.userId"), text(body, "reason", "body.reason")
			if rapid.Bool().Draw(t, "drink") {
				want.Drink = drinkOrders.Filter(
					func(d ordermanager.DrinkOrder) bool { return utf8.ValidString(d.Drink + strings.Join(d.Modifiers, "")) },
				).Draw(t, "order")
				body["drink"], body["modifiers"] = want.Drink.Drink, want.Drink.Modifiers
			}
		}
		if want.Reason == "" {
			want.Reason = reason
		}
		own := !slices.Contains([]string{"", "put", "make", "unmake", "complete", "cancel"}, action) && barista == ""
		switch {
		case action == "" || action == "put", (action == "cancel" || own) && customer != "":
			want.Actor = ordermanager.Customer(customer)
		default:
			want.Actor = ordermanager.Barista(barista)
		}
		document["somethingElse"] = jsonValues.Draw(t, "unknown field")
		data, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		got, err := serverlesspresso.ParseRequest(data)
		if len(wrong) > 0 {
			refused++
			if bad, ok := errors.AsType[*ordermanager.RequestError](err); !ok || !wrong[bad.Field] {
				t.Fatalf("%s: %v, wrong is %v", data, err, wrong)
			}
			return
		}
		read++
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(
			want, got, cmpopts.IgnoreUnexported(ordermanager.DrinkOrder{}), cmpopts.EquateEmpty(),
		); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", data, diff)
		}
	}, func() bool { return read > 0 && refused > 0 })
}

// FuzzTaskToken holds every text against what a token may show of itself: nothing.
func FuzzTaskToken(f *testing.F) {
	f.Add("AQCEAAAAKgAAAAM")
	f.Add("%s%d\x00")
	f.Fuzz(func(t *testing.T, value string) {
		token := ordermanager.NewTaskToken(value)
		if token.Reveal() != value || token.IsZero() != (value == "") || !token.Equal(ordermanager.NewTaskToken(value)) {
			t.Errorf("a token of %q is %q", value, token.Reveal())
		}
		data, err := json.Marshal(map[string]any{"token": token})
		if err != nil || string(data) != `{"token":"[redacted]"}` {
			t.Errorf("%s, %v", data, err)
		}
		if value != "" && token.Masked().Equal(token) {
			t.Error("the masked token is the token")
		}
	})
}
