// Package mmap is one memory mapping of one file, and the heap memory that stands in for it.
//
// It knows how to map a file from offset 0, how bytes get into a mapping so that a reader never sees half a
// unit, how to bring pages in by a system call before they are touched, and how to do all of it over ordinary
// heap memory ([Twin]), which the race detector and a crash simulator can watch.
//
// It never knows what the bytes mean, how long a mapping may still be in use, when it has to be synced, or
// which file it belongs to beyond the moment of mapping.
//
// On amd64 and arm64 it can ask for cache lines ahead of a store ([Mapping.Prefetch]), the only assembly of the module.
//
// Every store into mapped memory in this module goes through [Mapping.Store]. Nothing else may write to the
// slice that [Mapping.Bytes] returns.
package mmap
