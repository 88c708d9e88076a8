package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMenuCheck_namesEveryFaultAndItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		menu, want string
		code       int
	}{
		"a sound menu": {
			`{"items":[{"drink":"Latte"},{"drink":"Mocha","available":false}]}`, "FILE is sound (drinks: 2, sold out: 1)\n",
			exitAccepted,
		},
		"a table's item": {
			`{"Item":{"PK":{"S":"menu"},"value":{"L":[{"M":{"drink":{"S":"Latte"}}}]}}}`,
			"FILE is sound (drinks: 1, sold out: 0)\n", exitAccepted,
		},
		"two faults": {
			`{"items":[{"drink":"Latte","avaliable":false},{"icon":"x"}]}`,
			"FILE: items[0].avaliable is not known: do you mean \"available\"?\nFILE: items[1].drink has no name\n", exitRefused,
		},
		"no JSON": {"{\n", "FILE: the document is not valid JSON (line 2: unexpected end of JSON input)\n", exitRefused},
	} {
		file := filepath.Join(t.TempDir(), "menu.json")
		if err := os.WriteFile(file, []byte(c.menu), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := invoke(t, "", "menu", "check", file)
		if code != c.code || stdout != strings.ReplaceAll(c.want, "FILE", file) || stderr != "" {
			t.Errorf("%s: exit code %d, %q, %q", name, code, stdout, stderr)
		}
		_, stdout, _ = invoke(t, "", "menu", "check", file, "--json")
		var report menuReport
		if err := json.Unmarshal([]byte(stdout), &report); err != nil || report.Sound != (c.code == exitAccepted) ||
			report.Sound == (len(report.Problems) > 0) {
			t.Errorf("%s: %v, %s", name, err, stdout)
		}
		code, stdout, _ = invoke(t, c.menu, "menu", "check", "-")
		if code != c.code || stdout != strings.ReplaceAll(c.want, "FILE", "-") {
			t.Errorf("%s, from the standard input: exit code %d, %q", name, code, stdout)
		}
	}
	if code, _, stderr := invoke(t, "", "menu", "check", "no such file"); code != exitFailed ||
		!strings.Contains(stderr, "no such file") {
		t.Errorf("a file that is not there: exit code %d, %q", code, stderr)
	}
}
