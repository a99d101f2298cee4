// What tests need of the inside: opening a store in a directory of the file seam.

package engine

import "github.com/batpak/batpak/internal/vfs"

// OpenDir is Open for a directory that is open already, and that it closes.
func OpenDir(dir vfs.Dir, options Options) (*Store, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	return openDir(dir, options)
}
