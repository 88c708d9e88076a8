package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

func TestPickup_playsTheSameDayInMemoryAndInAFile(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	inMemory, inFile, _ := strings.Cut(strings.TrimPrefix(out.String(), "In memory\n"), "\nIn a SQLite file\n")
	if inMemory != inFile {
		t.Errorf("in memory:\n%s\nin a file:\n%s", inMemory, inFile)
	}
	for _, want := range []string{
		"ada is impatient         refused: order 1 is making, allowed is [cancel]",
		"sam puts it on the shelf order 1 is ready; answer to its workflow: delivered",
		"ada takes it             order 1 is collected; answer to its workflow: none",
		"ben cancels too late     refused: order 2 is ready, allowed is [collect]",
		"ben did not come         order 2 is no_show; answer to its workflow: none",
	} {
		if !strings.Contains(inFile, want) {
			t.Errorf("%q is missing in\n%s", want, inFile)
		}
	}
}

func TestArguments_areRefusedWithWhatTheProgramDoes(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "go", "run", ".", "please").CombinedOutput()
	if err == nil || !strings.HasPrefix(string(output), "pickup plays ") {
		t.Errorf("%v: %s", err, output)
	}
}
