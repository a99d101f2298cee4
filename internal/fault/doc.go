// Package fault turns a fault on mapped memory into an error.
//
// It knows that a page of a mapping can be impossible to have (the file was cut under the mapping, the device failed
// to read it, there was no space to allocate it) and that the system then sends a signal to the thread that touched it,
// which would end the process.
//
// It never knows what was mapped or what the bytes mean, and it turns no other panic into an error.
//
// What it costs: setting the goroutine's flag and one deferred call, a few nanoseconds. What it can't do: a fault inside
// a system call that was handed mapped memory is that call's EFAULT, and a fault on another goroutine, started by the
// guarded function, still ends the process.
package fault
