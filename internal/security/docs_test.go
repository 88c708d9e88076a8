package security_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	exception = regexp.MustCompile(`//nolint:[a-z,]*gosec(.*)`)
	place     = regexp.MustCompile("`([a-z/]+(?:\\.go)?)`")
)

// An exception from gosec that docs/security.md does not explain is one that nobody has thought about.
func TestDocs_explainEveryExceptionFromGosec(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "## Exceptions from gosec")
	if !found {
		t.Fatal("the page has no such section")
	}
	places := map[string]bool{}
	for _, match := range place.FindAllStringSubmatch(table, -1) {
		places[match[1]] = false
	}
	root := os.DirFS("../..")
	err = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return leaveOut(err)
		}
		if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(root, path)
		for _, match := range exception.FindAllStringSubmatch(string(source), -1) {
			if !strings.Contains(match[1], "// ") {
				t.Errorf("%s: an exception without a reason", path)
			}
			explained := false
			for place := range places {
				if strings.HasPrefix(path, place) {
					places[place], explained = true, true
				}
			}
			if !explained {
				t.Errorf("%s has an exception that docs/security.md does not explain: add it to the table", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for place, used := range places {
		if !used {
			t.Errorf("docs/security.md explains an exception in %s, where there is none", place)
		}
	}
}

// leaveOut leaves a directory out, unless there is an error.
func leaveOut(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

var sentinel = regexp.MustCompile(`(?m)^\t(Err\w+) error += &sentinel`)

// What a caller knows after an error is a promise, and a promise without a test is a wish.
func TestDocs_tieEveryErrorToATest(t *testing.T) {
	source, err := os.ReadFile("../../errors.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## What a caller knows after each error")
	table, _, _ = strings.Cut(table, "\n## ")
	found := sentinel.FindAllStringSubmatch(string(source), -1)
	if len(found) < 15 {
		t.Fatalf("found only %d errors: is the expression right?", len(found))
	}
	for _, match := range found {
		tied := false
		for line := range strings.Lines(table) {
			cells := strings.Split(line, "|")
			if len(cells) == 6 && strings.Contains(cells[1], "`"+match[1]+"`") && strings.Contains(cells[4], "`Test") {
				tied = true
			}
		}
		if !tied {
			t.Errorf("docs/guarantees.md does not say what is known after %s, or names no test", match[1])
		}
	}
}
