package props_test

import (
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/brewline/ordermanager"
)

// A name is the same composed and decomposed: every letter that Unicode composes, but for the scripts that
// docs/decisions.md leaves out.
func TestMenu_knowsEveryLetterComposedAndDecomposed(t *testing.T) {
	letters := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		decomposed := norm.NFD.String(string(r))
		if decomposed == string(r) || norm.NFC.String(string(r)) != string(r) || !unicode.IsLetter(r) || leftOut(r) {
			continue
		}
		letters++
		menu := ordermanager.Menu{Items: []ordermanager.MenuItem{{Drink: "x" + string(r)}}}
		drink, err := menu.Sanitize(ordermanager.DrinkOrder{Drink: "x" + decomposed})
		if err != nil || drink.Name != "x"+string(r) {
			t.Errorf("%U %c: %v", r, r, err)
		}
	}
	if letters < 11_000 {
		t.Errorf("%d letters are no proof", letters)
	}
}

// leftOut are polytonic Greek, Balinese and the scripts beyond the Basic Multilingual Plane.
func leftOut(r rune) bool {
	return 0x1F00 <= r && r <= 0x1FFF || unicode.Is(unicode.Balinese, r) || r > 0xFFFF
}
