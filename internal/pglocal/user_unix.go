//go:build unix

package pglocal

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// nobody is the user that runs the server for root, because PostgreSQL refuses to run as root.
func nobody() (uid, gid int) {
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			uid, _ = strconv.Atoi(found.Uid)
			gid, _ = strconv.Atoi(found.Gid)
			return uid, gid
		}
	}
	return 65534, 65534
}

// give makes the server's user the owner of a file.
func give(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := nobody()
	return os.Chown(path, uid, gid)
}

// unprivileged starts a process in its own session, so that an interrupt from the terminal does not reach it.
func unprivileged() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		uid, gid := nobody()
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // they are small
	}
	return attributes
}
