package sqlstore

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
)

var full = ordermanager.Entry{
	RequestID: "r-1", Action: ordermanager.ActionCancel, Actor: ordermanager.Customer("ada"), At: time.UnixMilli(12),
	Reason: "too late", Trace: "00-1-2-01",
}

func encoded(t testing.TB, e ordermanager.Entry, state ordermanager.State) string {
	t.Helper()
	text, err := encodeEntry(&e, state)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// An ordinary history is decoded without the general decoder.
func TestQuickly_decodesAnOrdinaryHistory(t *testing.T) {
	short := full
	short.Reason, short.Trace = "", ""
	text := "[" + encoded(t, full, "pending") + "," + encoded(t, short, "") + "]"
	var want []entry
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	got, ok := quickly(text)
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Error(ok, diff)
	}
}

// FuzzQuickly: whatever the quick decoder accepts, the general one reads alike.
func FuzzQuickly(f *testing.F) {
	odd := full
	odd.Actor.ID, odd.Reason = "\u00e4\"\\", "<a>\u2028"
	ordinary := encoded(f, full, "pending")
	for _, text := range []string{
		"", "[", "]", "[]", "[" + ordinary + "]", "[" + ordinary + "," + ordinary + "]", "[" + ordinary + ordinary + "]",
		"[" + encoded(f, odd, "") + "]", "[" + ordinary + "]]", "[" + ordinary + ",]",
		"[" + strings.Replace(ordinary, "12", "012", 1) + "]", "[" + strings.Replace(ordinary, "12", "+12", 1) + "]",
		"[" + strings.Replace(ordinary, "ada", "a\xff", 1) + "]", "[" + strings.Replace(ordinary, "ada", "a\n", 1) + "]",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := quickly(text)
		if !ok {
			return
		}
		var want []entry
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%s is %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestQuickDrink_decodesAnOrdinaryDrink(t *testing.T) {
	for _, modifiers := range [][]string{nil, {}, {"Oat milk"}, {"Oat milk", "Large"}} {
		text, err := encodeDrink(&ordermanager.Drink{Name: "Latte", Icon: "cup", Modifiers: modifiers})
		if err != nil {
			t.Fatal(err)
		}
		got, ok := quickDrink(text)
		if diff := cmp.Diff(drink{"Latte", "cup", modifiers}, got); !ok || diff != "" {
			t.Error(ok, diff)
		}
	}
}

// FuzzQuickDrink: whatever the quick decoder accepts, the general one reads alike.
func FuzzQuickDrink(f *testing.F) {
	for _, text := range []string{
		"", "{}", `{"name":"Latte","icon":"","modifiers":null}`, `{"name":"Latte","icon":"","modifiers":["a","b"]}`,
		`{"name":"Latte","icon":"","modifiers":[]}`, `{"name":"Latte","icon":"","modifiers":["a",]}`,
		`{"name":"Latte","icon":"","modifiers":["a""b"]}`, `{"name":"\u0041","icon":"","modifiers":null}`,
		`{"name":"Latte","icon":"","modifiers":null}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := quickDrink(text)
		if !ok {
			return
		}
		var want drink
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%s is %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
