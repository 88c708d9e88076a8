package main

import "testing"

// Whoever is signed in can act: a name that the library takes for no identifier is refused at the door.
func TestCheckName_takesWhatCanBeSeen(t *testing.T) {
	for name, fine := range map[string]bool{
		"Ada": true, "Zoë Müller": true, "明": true, "😀": true,
		"": false, "  ": false, "..": false, "a\u200bb": false, "a\u202eb": false, "a\x00": false, "\xff": false,
		"a name that does not fit on any cup of this coffee bar": false,
	} {
		if wrong := checkName(name); (wrong == "") != fine {
			t.Errorf("%q: %q", name, wrong)
		}
	}
}
