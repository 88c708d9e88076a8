//go:build unix

package pglocal

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// nobody is who runs the server when root asks for one, because PostgreSQL refuses to run as root.
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

// give lets the server's user have a file.
func give(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := nobody()
	return os.Chown(path, uid, gid)
}

// unprivileged starts a process of its own session: an interrupt from the terminal is not for it.
func unprivileged() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		uid, gid := nobody()
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // they are small
	}
	return attributes
}
