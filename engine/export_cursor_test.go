// What tests of cursors need of the inside: a store that was copied from another one.

package engine

import (
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// SetIdentity gives the store another identity, as copying does.
func SetIdentity(s *Store, identity event.ID) { s.identity = identity }

// CopiedFrom makes the store one that was copied from another one, up to a sequence.
func CopiedFrom(s *Store, identity event.ID, parted uint64) {
	s.ancestors = append(s.ancestors, mmapseg.Ancestor{Identity: identity, Parted: parted})
}
