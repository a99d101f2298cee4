// This file holds the functions that package engine sets.

package seam

import "github.com/batpak/batpak/internal/vfs"

// OpenStore opens a store in dir, which it closes, also when it fails. options is an engine.Options, what it returns is a
// *engine.Store: the types are above this package. It is set by package engine and never changes.
var OpenStore func(dir vfs.Dir, options any) (store any, err error)

// FindKey returns the sequence of the newest visible event that has an idempotency key, or of the first event of the batch
// that has: what an append with the key asks first, alone. found is false if nothing has it. store is a *engine.Store. It is
// set by package engine and never changes.
var FindKey func(store any, key string) (sequence uint64, found bool, err error)
