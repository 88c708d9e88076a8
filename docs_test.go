package ordermanager_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testNamed   = regexp.MustCompile("`((?:Test|Fuzz|Benchmark|Example)[A-Za-z0-9_]*…?)`")
	testDefined = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)
	fileNamed   = regexp.MustCompile(`\]\(([^)#:]+)\)`)
)

func TestDocs_nameTestsAndFilesThatExist(t *testing.T) {
	var defined []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, match := range testDefined.FindAllStringSubmatch(string(data), -1) {
			defined = append(defined, match[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := "\n" + strings.Join(defined, "\n") + "\n"
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range testNamed.FindAllStringSubmatch(string(data), -1) {
			named++
			name, prefix := strings.CutSuffix(match[1], "…")
			if !prefix {
				name += "\n"
			}
			if !strings.Contains(all, "\n"+name) {
				t.Errorf("%s names %s, which does not exist", page, match[1])
			}
		}
		for _, match := range fileNamed.FindAllStringSubmatch(string(data), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), match[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, match[1], err)
			}
		}
	}
	if named < 20 {
		t.Errorf("found only %d names of tests: is the expression right?", named)
	}
}

var pathNamed = regexp.MustCompile("`([\\w./-]+)`")

func TestArchitecture_namesFilesThatExist(t *testing.T) {
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "## Where do I change")
	if !found {
		t.Fatal("the page has no table of where to change what")
	}
	named := 0
	for _, match := range pathNamed.FindAllStringSubmatch(table, -1) {
		path := match[1]
		if strings.ToLower(path) != path {
			continue // the name of a type
		}
		named++
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the table names %s: %v", path, err)
		}
	}
	if named < 30 {
		t.Errorf("found only %d paths: is the expression right?", named)
	}
}
