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
	} {
		f.Add(id, id, int64(1_700_000_000_000))
	}
	f.Fuzz(func(t *testing.T, word, reason string, at int64) {
		if got := unpackID(packID(word)); got != word {
			t.Errorf("the request id %q comes back as %q", word, got)
		}
		if got := unpackWord(packWord(word)); got != word {
			t.Errorf("the word %q comes back as %q", word, got)
		}
		e := ordermanager.Entry{
			Action: ordermanager.Action(word), To: ordermanager.State(word), Actor: ordermanager.Actor{Role: ordermanager.Role(word), ID: word},
			At: time.UnixMilli(at).UTC(), Trace: word, Reason: reason,
		}
		packed, ok := packEntry(&e, e.To)
		if ok == strings.Contains(word, "\t") {
			t.Errorf("%q: %t", word, ok)
		}
		if got := unpackEntry(packed); ok && got != e {
			t.Error(cmp.Diff(e, got))
		}
	})
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
