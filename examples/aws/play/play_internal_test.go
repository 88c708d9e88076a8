package main

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/brewline/ordermanager/internal/testenv"
)

// The functions, as they are built, do on emulators what the sample's page shows.
func TestWalkthrough(t *testing.T) {
	testenv.Need(t, testenv.Shop()...)
	binaries := build(t)
	var told bytes.Buffer
	err := walk(t.Context(), &told, binaries)
	if err == nil {
		err = measure(t.Context(), &told, binaries, binaries)
	}
	t.Log(told.String())
	if err != nil {
		t.Fatal(err)
	}
}

// built is where the functions are, once a test has built them.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// build builds the functions for this machine, once for all tests.
func build(t *testing.T) string {
	t.Helper()
	if built == "" {
		binaries, err := os.MkdirTemp("", "functions-") //nolint:usetesting // for all tests
		if err != nil {
			t.Fatal(err)
		}
		command := exec.CommandContext(
			t.Context(), "make", "-C", "..", "ARCH="+runtime.GOARCH, "OUT="+binaries, "build", "empty",
		)
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v:\n%s", err, said)
		}
		built = binaries
	}
	return built
}

// A function that ends instead of answering is noticed, and says why in its log.
func TestFunction_thatCannotStartIsNoticed(t *testing.T) {
	var log bytes.Buffer
	f, err := start(t.Context(), &log, "/bin/false")
	if err != nil {
		t.Fatal(err)
	}
	defer f.stop()
	if _, err := f.invoke(t.Context(), "1", []byte(`{}`)); err == nil {
		t.Error("an answer came from nowhere")
	}
}
