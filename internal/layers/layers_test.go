package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFilesThatUseEachOtherAreACircle(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  []string // the files of each circle
	}{
		"layers": {files: map[string]string{
			"top.go":    `func top() { middle(); bottom() }`,
			"middle.go": `func middle() { bottom() }`,
			"bottom.go": `func bottom() {}`,
		}},
		"two functions": {
			files: map[string]string{"a.go": `func a() { b() }; func c() {}`, "b.go": `func b() { c() }`},
			want:  []string{"a.go b.go"},
		},
		"through a third": {
			files: map[string]string{
				"a.go": `var a = b`,
				"b.go": `var b = len(c{})`,
				"c.go": `type c [1]func() int; func d() int { return a }`,
			},
			want: []string{"a.go b.go c.go"},
		},
		"a method of a type that is declared elsewhere": {
			files: map[string]string{"a.go": `type a struct{}; func use() { a{}.run() }`, "b.go": `func (a) run() {}`},
			want:  []string{"a.go b.go"},
		},
		"a field": {
			files: map[string]string{
				"a.go": `type a struct{ f int }; var c = b`,
				"b.go": `var b = get(); func get() int { var x struct{ a }; return x.f }`,
			},
			want: []string{"a.go b.go"},
		},
		"two circles": {
			files: map[string]string{
				"a.go": `func a() { b() }; var e int`,
				"b.go": `func b() { a(); _ = c }`,
				"c.go": `var c = d`,
				"d.go": `var d int; func f() { _ = c }`,
			},
			want: []string{"a.go b.go", "c.go d.go"},
		},
		"a test does not count": {
			files: map[string]string{"a.go": `func a() { b() }`, "b.go": `func b() {}`, "b_test.go": `func test() { a() }`},
		},
		"names of functions' own": {
			files: map[string]string{"a.go": `func a() { x := 1; _ = x; b() }`, "b.go": `func b() { x := 2; _ = x }`},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "go.mod", "module example.org/m\n\ngo 1.26\n")
			for file, text := range test.files {
				write(t, dir, file, "package m\n\n"+strings.ReplaceAll(text, "; ", "\n\n")+"\n")
			}
			t.Chdir(dir)
			found, err := circles("./...")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range found {
				got = append(got, strings.Join(c.files, " "))
				if text := c.String(); !strings.Contains(text, c.files[0]+" -> ") {
					t.Errorf("the report does not say who uses whom:\n%s", text)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPackageThatDoesNotCompileIsAnError(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.org/m\n\ngo 1.26\n")
	write(t, dir, "a.go", "package m\n\nvar a = missing\n")
	t.Chdir(dir)
	if found, err := circles("./..."); err == nil {
		t.Errorf("found %v and no error", found)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
