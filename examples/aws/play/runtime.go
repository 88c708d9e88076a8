package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// function is a built function that runs on this machine, with the runtime API that gives it its invocations ("Using
// the Lambda runtime API for custom runtimes" in the AWS Lambda Developer Guide). It handles one invocation at a time,
// as on Lambda.
type function struct {
	process *exec.Cmd
	server  *http.Server
	next    chan invocation
	answers chan answer
	// ended is closed when the process has ended; how is set then.
	ended chan struct{}
	how   error
}

type invocation struct {
	id      string
	payload []byte
}

// answer is the result of an invocation.
type answer struct {
	payload []byte
	// failed is set if the payload is an error.
	failed bool
}

// failure is the payload of an answer that failed.
type failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (f *failure) Error() string { return f.Type + ": " + f.Message }

// patience limits every step of the walkthrough.
const patience = time.Minute

// start runs a binary with additional environment variables. Its output goes to the log.
func start(ctx context.Context, log io.Writer, binary string, env ...string) (*function, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &function{next: make(chan invocation), answers: make(chan answer), ended: make(chan struct{})}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.giveNext)
	routes.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", f.take(false))
	routes.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", f.take(true))
	routes.HandleFunc("POST /2018-06-01/runtime/init/error", f.take(true))
	f.server = &http.Server{Handler: routes, ReadHeaderTimeout: patience}
	go func() { _ = f.server.Serve(listener) }()
	f.process = exec.CommandContext(ctx, binary) //nolint:gosec // what was just built
	f.process.Env = append(os.Environ(), append(env,
		"AWS_LAMBDA_RUNTIME_API="+listener.Addr().String(),
		"AWS_LAMBDA_FUNCTION_NAME=local", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_LOG_GROUP_NAME=local", "AWS_LAMBDA_LOG_STREAM_NAME=local",
	)...)
	f.process.Stdout, f.process.Stderr = log, log
	if err := f.process.Start(); err != nil {
		_ = f.server.Close()
		return nil, err
	}
	go func() {
		f.how = f.process.Wait()
		close(f.ended)
	}()
	return f, nil
}

func (f *function) giveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case next := <-f.next:
		header := w.Header()
		header.Set("Lambda-Runtime-Aws-Request-Id", next.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(patience).UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:local")
		header.Set("Content-Type", "application/json")
		_, _ = w.Write(next.payload)
	case <-r.Context().Done():
	}
}

func (f *function) take(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		select {
		case f.answers <- answer{payload, failed}:
		case <-r.Context().Done():
		}
	}
}

// invoke sends the function a payload and waits for its answer; a [*failure] is an answer too.
func (f *function) invoke(ctx context.Context, id string, payload []byte) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	next := f.next
	for {
		select {
		case next <- invocation{id, payload}:
			next = nil
		case a := <-f.answers:
			if !a.failed {
				return bytes.TrimSpace(a.payload), nil
			}
			failed := &failure{}
			if err := json.Unmarshal(a.payload, failed); err != nil {
				return nil, fmt.Errorf("the function failed with %q: %w", a.payload, err)
			}
			return nil, failed
		case <-f.ended:
			return nil, fmt.Errorf("the function ended: %w", f.how)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// stop ends the function.
func (f *function) stop() {
	_ = f.process.Process.Kill()
	<-f.ended
	_ = f.server.Close()
}
