//go:build !unix

package pglocal

import "syscall"

func give(string) error { return nil }

func unprivileged() *syscall.SysProcAttr { return nil }
