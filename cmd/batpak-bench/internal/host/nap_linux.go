package host

// Waiting in a system call, on Linux.

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// nap blocks the calling thread.
func nap(window time.Duration) {
	left := unix.NsecToTimespec(int64(window))
	for unix.Nanosleep(&left, &left) == unix.EINTR {
	}
}

// threadNumber returns the calling thread's name in /proc/self/task.
func threadNumber() string { return strconv.Itoa(unix.Gettid()) }
