// This file holds how a child process is set apart from its parent.

package rig

import (
	"os/exec"
	"syscall"
)

// Apart is what a child has for itself. The values can be joined by |.
type Apart uint8

const (
	// Mounts: what the child mounts is seen by it and its children only, and is gone with the last of them.
	Mounts Apart = 1 << iota
	// Processes: the child is number 1 of a pid namespace of its own, and its end is that of all its children.
	Processes
)

// Bind makes a child that was not started yet end with this process, killed if need be, and sets it apart. What is set
// apart takes root, or Start fails with fs.ErrPermission.
func Bind(command *exec.Cmd, apart Apart) {
	attributes := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if apart&Mounts != 0 {
		attributes.Unshareflags = syscall.CLONE_NEWNS // Start makes all mounts private, too
	}
	if apart&Processes != 0 {
		attributes.Cloneflags = syscall.CLONE_NEWPID
	}
	command.SysProcAttr = attributes
}
