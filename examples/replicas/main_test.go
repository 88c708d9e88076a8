package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/brewline/ordermanager/internal/pglocal"
	"github.com/brewline/ordermanager/internal/testenv"
)

func TestTheOthersFinishWhatAKilledReplicaBegan(t *testing.T) {
	server, err := pglocal.Start(t.Context(), 0) // others may use the one of the emulators
	if errors.Is(err, pglocal.ErrNotInstalled) {
		testenv.Skip(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	t.Setenv(testenv.PostgreSQL, server.URL())
	program := filepath.Join(t.TempDir(), "replicas") // the replicas are the same program, and a test is none
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	output, err := exec.CommandContext(t.Context(), program).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "the others completed 60 of 60 orders") ||
		!strings.Contains(string(output), "the numbers are 1 to 60") ||
		!strings.Contains(string(output), "after the last event that it had seen, and saw all 60 orders end") {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestArguments_areRefusedWithWhatTheProgramDoes(t *testing.T) {
	for _, argument := range []string{"--frob", "please"} {
		if err := run(t.Context(), []string{argument}); err == nil || !strings.Contains(err.Error(), "replicas kills one") {
			t.Errorf("%s: %v", argument, err)
		}
	}
}
