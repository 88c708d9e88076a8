package dynamostore

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
)

func FuzzPack_comesBackAsItWas(f *testing.F) {
	for _, id := range []string{
		"", "r1", "~", "~~", "~t", "~tAAAAAAAAAAAAAAAAAAAAAA", "token:", "token:c48621b03883cd90e6f57e195a22bca6",
		"scope:c48621b03883cd90e6f57e195a22bca6", "token:C48621B03883CD90E6F57E195A22BCA6", "put", "~a", "a\tb", "making",
		"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae7dec11d0a76500a0c91e6bf6",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"1p065ljj90j1r5ofempos1k16n", "00000000000000000000000000", "vvvvvvvvvvvvvvvvvvvvvvvvvv",
		"0000000000000001", "-1p065ljj90j1r5ofe", "1P065LJJ90J1R5OFEMPOS1K16N", strings.Repeat("x", 300),
	} {
		f.Add(id, id, int64(1_700_000_000_000))
	}
	f.Fuzz(func(t *testing.T, word, reason string, at int64) {
		if got := unpackID(packID(word)); got != word {
			t.Errorf("the request id %q comes back as %q", word, got)
		}
		if got := unpackIDText(packIDText(word)); got != word {
			t.Errorf("the request id %q comes back from a set as %q", word, got)
		}
		e := ordermanager.Entry{
			Action: ordermanager.Action(word), To: ordermanager.State(word), Actor: ordermanager.Actor{
				Role: ordermanager.Role(word), ID: word,
			},
			At: time.UnixMilli(at).UTC(), Trace: word, Reason: reason,
		}
		for _, customer := range []string{"", word, "c1"} {
			packed := packEntry(&e, e.To, customer)
			if got := unpackEntry(packed, customer); got != e {
				t.Error(cmp.Diff(e, got))
			}
			for cut := range packed { // whatever is there must be readable
				unpackEntry(packed[:cut], customer)
			}
		}
	})
}

// What earlier versions wrote is read by every later one.
func TestUnpackEntry_readsTheTextsOfBefore(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000).UTC()
	for packed, want := range map[string]ordermanager.Entry{
		"~f\t~k\t~o\tanna\tloyw3v28": {
			Action: ordermanager.ActionMake, To: ordermanager.StateMaking, Actor: ordermanager.Barista("anna"), At: at,
		},
		"~i\t~m\t~n\t~~c1\tloyw3v28\ttrace\tno time\tat all": {
			Action: ordermanager.ActionCancel, To: ordermanager.StateCancelled, Actor: ordermanager.Customer("~c1"), At: at,
			Trace: "trace", Reason: "no time\tat all",
		},
		"": {}, "refund": {Action: "refund"}, "~~": {Action: "~"},
	} {
		if got := unpackEntryText(packed); got != want {
			t.Errorf("%q: %s", packed, cmp.Diff(want, got))
		}
	}
	for packed, want := range map[string]string{
		"r1": "r1", "~~x": "~x", "~tAAAAAAAAAAAAAAAAAAAAAA": "token:" + strings.Repeat("0", 32),
	} {
		if got := unpackID(str(packed)); got != want {
			t.Errorf("the request id %q is read as %q", packed, got)
		}
	}
}

func TestPackEntry_isShortForWhatIsUsual(t *testing.T) {
	e := ordermanager.Entry{
		Action: ordermanager.ActionMake, Actor: ordermanager.Barista("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
		At: time.UnixMilli(1_700_000_000_000),
	}
	if n := len(packEntry(&e, ordermanager.StateMaking, "")); n > 27 {
		t.Errorf("the entry of a claim has %d bytes", n)
	}
	traced := e
	traced.Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	if n := len(packEntry(&traced, ordermanager.StateMaking, "")); n > 27+25 {
		t.Errorf("with its trace context it has %d", n)
	}
	if n := len(packEntry(&e, ordermanager.StateMaking, e.Actor.ID)); n > 11 {
		t.Errorf("that of the customer has %d", n)
	}
}

func TestPackToken_isShorterWhereItCanBeAndAlwaysTheSame(t *testing.T) {
	issued := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k\xff", 256)))
	for text, packs := range map[string]bool{
		issued: true, "first": false, "AAAA": true, "AAA": false, "AAB=": false, "AAA=": true, "AA\nBB": false, "ÄÄÄÄ": false,
	} {
		value := packToken(ordermanager.NewTaskToken(text))
		if _, short := value.(*types.AttributeValueMemberB); short != packs {
			t.Errorf("%q is written short: %t", text, short)
		}
		if got := (&reader{item: item{"t": value}}).token("t").Reveal(); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
}

// A word that is written short today must be read as the same word by every later version.
func TestShortWords_onlyGrowAtTheEnd(t *testing.T) {
	want := "workflow_started waiting_completion timed_out workflow put make unmake complete cancel pending making completed cancelled " +
		"customer barista admin system"
	if got := strings.Join(shortWords, " "); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
}
