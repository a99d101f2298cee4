//go:build !linux

// This file stands in for populate_linux.go on systems that have none of it.

package mmap

// populate does nothing: pages come in by faults here.
func populate([]byte, purpose) error { return nil }

// smallPages does nothing.
func smallPages([]byte) error { return nil }

// unload does nothing: elsewhere the advice may mean that what was stored is dropped.
func unload([]byte) error { return nil }
