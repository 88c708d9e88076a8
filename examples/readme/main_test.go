package main

import (
	"os"
	"strings"
	"testing"
)

func Example_main() {
	main()
	// Output:
	// pending delivered <nil>
	// <nil>
	// cannot make order 1, which is making: another barista holds the order (bo); the state of the order does not allow this
}

func TestReadme_showsThisProgramAndItsOutput(t *testing.T) {
	read := func(name string) string {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	_, program, _ := strings.Cut(read("main.go"), "\n")
	_, example, _ := strings.Cut(read("main_test.go"), "// Output:\n")
	example, _, _ = strings.Cut(example, "}\n")
	readme := read("../../README.md")
	if !strings.Contains(readme, "```go\n"+program+"```") {
		t.Error("README.md does not show main.go")
	}
	if !strings.Contains(readme, "```text\n"+strings.ReplaceAll(example, "\t// ", "")+"```") {
		t.Error("README.md does not show the output")
	}
}
