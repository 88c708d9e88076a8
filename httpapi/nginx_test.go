package httpapi_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/brewline/ordermanager/internal/testenv"
)

// nginxSettings are those that Debian's nginx comes with, but for where it keeps its files.
const nginxSettings = `
daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 768; }
http {
	sendfile on; tcp_nopush on; types_hash_max_size 2048; default_type application/octet-stream; gzip on; access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server { listen unix:%[1]s/socket; location / { proxy_pass %[2]s; } }
}`

// throughNginx starts an nginx before a handler, and returns a client that calls it whatever the address is.
func throughNginx(t *testing.T, handler http.Handler) *http.Client {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx, err = exec.LookPath("/usr/sbin/nginx")
	}
	if err != nil {
		testenv.Skip(t, "nginx is not installed: on Debian it is the package nginx-light")
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	dir, err := os.MkdirTemp("", "nginx") //nolint:usetesting // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	settings := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(settings, fmt.Appendf(nil, nginxSettings, dir, server.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(nginx, "-c", settings, "-e", filepath.Join(dir, "error.log"))
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "socket"))
	}
	for deadline := time.Now().Add(time.Minute); ; {
		connection, err := dial(t.Context(), "", "")
		if err == nil {
			_ = connection.Close()
			return &http.Client{Transport: &http.Transport{DialContext: dial}}
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not listen: %v", err)
		}
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // another process
	}
}

func TestStream_passesNginxAsItIsInstalled(t *testing.T) {
	f := newFixture(t)
	client := throughNginx(t, f.handler)
	defer client.CloseIdleConnections()
	ctx, leave := context.WithTimeout(t.Context(), time.Minute)
	defer leave()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://shop.example/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(demoHeader, "barista:3")
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	if w.StatusCode != http.StatusOK {
		t.Fatalf("answered %s", w.Status)
	}
	for i := range 8 {
		f.start(fmt.Sprint(i), "1", "")
	}
	came := 0
	for lines := bufio.NewScanner(w.Body); came < 8 && lines.Scan(); {
		if lines.Text() == "event: order" {
			came++
		}
	}
	if came != 8 {
		t.Errorf("%d of 8 events came through", came)
	}
}
