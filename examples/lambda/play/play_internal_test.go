package main

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// The functions, as they are built, do on emulators what the sample's page shows.
func TestWalkthrough(t *testing.T) {
	for _, name := range []string{
		"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL_SQS",
	} {
		if os.Getenv(name) != "" {
			continue
		}
		const how = "%s is not set: run the test with \"scripts/emulators run -- go test ./examples/lambda/...\""
		if os.Getenv("ORDERMANAGER_REQUIRE_EMULATORS") == "1" {
			t.Fatalf(how, name)
		}
		t.Skipf(how, name)
	}
	binaries := t.TempDir()
	build := exec.CommandContext(t.Context(), "make", "-C", "..", "ARCH="+runtime.GOARCH, "OUT="+binaries, "build", "empty")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, said)
	}
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
