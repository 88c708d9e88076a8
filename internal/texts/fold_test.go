package texts_test

import (
	"math/rand/v2"
	"testing"

	"github.com/brewline/ordermanager/internal/texts"
)

func TestReads_isEqualityOfWhatIsFolded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) // the same names each time
	pieces := []string{
		"a", "b", " ", "  ", "~", "é", "e\u0301", "e", "\u0323", "\u200b", "\u00a0", "\x7f", "\t", "가", "\xff",
	}
	name := func() (name string) {
		for range random.IntN(5) {
			name += pieces[random.IntN(len(pieces))]
		}
		return name
	}
	equal := 0
	for range 200_000 {
		a, b := name(), name()
		want := texts.Fold(a) == texts.Fold(b)
		if got := texts.Reads(a, texts.Fold(b)); got != want {
			t.Fatalf("Reads(%q, Fold(%q)) is %t", a, b, got)
		}
		if want {
			equal++
		}
	}
	if equal < 1000 {
		t.Errorf("only %d pairs read alike", equal)
	}
}
