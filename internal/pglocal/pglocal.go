// Package pglocal runs a private PostgreSQL server for tests and examples: a cluster in a temporary directory, on a
// free port of 127.0.0.1, as an unprivileged user. It is deleted when it is stopped.
package pglocal

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNotInstalled is returned by [Start] if there is no PostgreSQL on this machine. Its text says how to get it.
var ErrNotInstalled = errors.New("PostgreSQL is not installed (on Debian: apt-get install postgresql)")

// patience is how long a server may take to start or to stop.
const patience = 60 * time.Second

// Server is a running server, or one that was killed.
type Server struct {
	bin, dir string
	password string
	port     int
	process  *exec.Cmd
	gone     chan struct{} // closed when the process has ended
}

// Start creates a cluster and starts its server. Port 0 means any free port.
func Start(ctx context.Context, port int) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ordermanager-postgresql-")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, password: rand.Text(), port: port}
	if err := errors.Join(s.initialize(ctx), s.Restart(ctx)); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// URL is the URL to connect to, as the superuser.
func (s *Server) URL() string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/postgres", s.password, s.port)
}

// binaries finds the directory of the server's programs.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", ErrNotInstalled
	}
	path, err = filepath.EvalSymlinks(path)
	return filepath.Dir(path), err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) initialize(ctx context.Context) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		return err
	}
	for _, path := range []string{s.dir, secret} {
		if err := give(path); err != nil {
			return err
		}
	}
	initdb := s.command(ctx, "initdb", "--pgdata="+s.data(), "--username=postgres", "--pwfile="+secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	if output, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return nil
}

func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...) //nolint:gosec // PostgreSQL's own programs
	cmd.Dir = s.dir
	cmd.SysProcAttr = unprivileged()
	return cmd
}

// Restart starts the server again after [Server.Kill], on the same port.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := s.launch(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		// Another program took the port, or the killed server's processes are still ending.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *Server) launch(ctx context.Context) error {
	port := s.port
	if port == 0 {
		var err error
		if port, err = freePort(ctx); err != nil {
			return err
		}
	}
	var log bytes.Buffer
	server := s.command(context.WithoutCancel(ctx), "postgres", "-D", s.data(), "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300")
	server.Stderr = &log
	if err := server.Start(); err != nil {
		return err
	}
	s.process, s.gone = server, make(chan struct{})
	go func() {
		_ = server.Wait()
		close(s.gone)
	}()
	for {
		// The server writes its status there.
		status, _ := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
		lines := strings.Split(string(status), "\n")
		if len(lines) > 7 && lines[0] == strconv.Itoa(server.Process.Pid) && strings.TrimSpace(lines[7]) == "ready" {
			s.port = port
			return nil
		}
		select {
		case <-s.gone:
			return fmt.Errorf("PostgreSQL did not start:\n%s", log.String())
		case <-ctx.Done():
			_ = server.Process.Kill()
			<-s.gone
			return fmt.Errorf("PostgreSQL did not start in time: %w\n%s", ctx.Err(), log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

// Kill kills the server's processes, as a power cut would.
func (s *Server) Kill() error {
	err := s.process.Process.Kill()
	<-s.gone
	return err
}

// Stop ends the server and deletes the cluster.
func (s *Server) Stop() error {
	if s.process != nil {
		_ = s.process.Process.Signal(os.Interrupt) // a fast shutdown: it ends every session, then itself
		select {
		case <-s.gone:
		case <-time.After(patience):
			_ = s.process.Process.Kill()
			<-s.gone
		}
	}
	return os.RemoveAll(s.dir)
}
