// This file holds the function that opens a store in a directory.

package seam

import "github.com/batpak/batpak/internal/vfs"

// OpenStore opens a store in dir, which it closes, also when it fails. options is an engine.Options, what it returns is a
// *engine.Store: the types are above this package. It is set by package engine and never changes.
var OpenStore func(dir vfs.Dir, options any) (store any, err error)
