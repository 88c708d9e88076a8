package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the real answers into docs/http.md")

const pagePath = "../docs/http.md"

// The page is run from top to bottom, as a reader would.
func TestPage_showsTheRealAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text, err := os.ReadFile(pagePath)
		if err != nil {
			t.Fatal(err)
		}
		f := newFixture(t)
		var result strings.Builder
		var answer string
		var stream *page
		asked := map[string]bool{}
		blocks := strings.Split(string(text), "```")
		for i, block := range blocks {
			language, content, _ := strings.Cut(block, "\n")
			switch {
			case i%2 == 0:
			case language == "sh":
				c, background := parseCurl(t, content)
				asked[c.method+" "+f.handler.Pattern(c.request())] = true
				if background {
					stream = f.open(c.actor, "")
					break
				}
				answer = f.curl(c)
			case language == "http":
				block = "http\n" + answer
			case language == "text" && stream != nil:
				block = "text\n" + stream.take()
				block = strings.TrimRight(block, "\n") + "\n"
				stream.leave()
				stream = nil
			}
			if i > 0 {
				result.WriteString("```")
			}
			result.WriteString(block)
		}
		for path, methods := range f.handler.Methods() {
			for _, method := range methods {
				if !asked[method+" "+path] && !asked["HEAD "+path] {
					t.Errorf("the page does not show %s %s", method, path)
				}
			}
		}
		if *update {
			if err := os.WriteFile(pagePath, []byte(result.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
		if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(result.String(), "\n")); diff != "" {
			t.Errorf("the page (-) is not what is answered (+); -update writes it:\n%s", diff)
		}
	})
}

// curl makes a call as the example service would answer it, and shows the answer as curl -i does, without the headers
// that are always the same.
func (f *fixture) curl(c call) string {
	f.t.Helper()
	if id, ok := strings.CutPrefix(c.path, "/demo/orders/"); ok {
		id, customer, _ := strings.Cut(id, "?userId=")
		f.start(id, customer, "")
		return ""
	}
	w := f.do(c)
	if err := f.workflow.Advance(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return show(f.t, w)
}

func show(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var text bytes.Buffer
	fmt.Fprintf(&text, "HTTP/1.1 %d %s\n", w.Code, http.StatusText(w.Code))
	for _, name := range []string{"Allow", "Content-Type", "Retry-After", "Www-Authenticate"} {
		if value := w.Header().Get(name); value != "" {
			fmt.Fprintf(&text, "%s: %s\n", name, value)
		}
	}
	if w.Body.Len() > 0 {
		text.WriteString("\n")
		if err := json.Indent(&text, w.Body.Bytes(), "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	return strings.TrimRight(text.String(), "\n") + "\n"
}

// parseCurl reads a command of the page.
func parseCurl(t *testing.T, command string) (c call, background bool) {
	t.Helper()
	words := shellWords(command)
	if words[0] != "curl" {
		t.Fatalf("not a curl command: %s", command)
	}
	c.header = http.Header{}
	for i := 1; i < len(words); i++ {
		switch word := words[i]; word {
		case "-i", "-N":
		case "-I":
			c.method = http.MethodHead
		case "-X":
			i++
			c.method = words[i]
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			c.header.Set(name, value)
		case "--json":
			i++
			c.body = words[i]
		case "&":
			background = true
		default:
			path, ok := strings.CutPrefix(word, "$URL")
			if !ok {
				t.Fatalf("%q of %s is unknown here", word, command)
			}
			c.path = path
		}
	}
	if c.method == "" {
		c.method = http.MethodGet
	}
	c.actor = c.header.Get(demoHeader)
	return c, background
}

// shellWords splits a command as a shell would, as far as the page goes.
func shellWords(command string) []string {
	var words []string
	var word strings.Builder
	var quote rune
	for _, r := range strings.ReplaceAll(command, "\\\n", " ") + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote = r
		case r == ' ' || r == '\n':
			words = append(words, word.String())
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	return slices.DeleteFunc(words, func(word string) bool { return word == "" })
}
