// What a peer is, and which there are.

package peer

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
)

// Store is an open store of a peer.
type Store interface {
	// Expect says how many callers will append at once from now on. It must not run
	// beside Append.
	Expect(callers int)
	// Append stores a copy of value and returns when it is durable. It may be called
	// concurrently.
	Append(value []byte) error
	// Settle returns when nothing is left to do in the background, or after ten
	// seconds. Peers that don't tell return at once.
	Settle() error
	Close() error
}

// Kind is a peer that can be opened.
type Kind struct {
	Name     string
	module   string // whose version is told
	settings string
	open     func(directory string) (Store, error)
}

// Open makes a new store in directory, which must exist and be empty.
func (k Kind) Open(directory string) (Store, error) {
	store, err := k.open(directory)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", k.Name, err)
	}
	return store, nil
}

// Description returns name, version and settings in one line.
func (k Kind) Description() string {
	version := "of unknown version"
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range build.Deps {
			if dependency.Path == k.module {
				version = dependency.Version
			}
		}
	}
	return fmt.Sprintf("%s %s: %s", k.Name, version, k.settings)
}

// kinds returns all peers in order of their names.
func kinds() []Kind {
	return []Kind{badgerKind(), bboltKind(), pebbleKind(), raftKind(), tidwallKind()}
}

// Names returns the names of all peers.
func Names() (names []string) {
	for _, k := range kinds() {
		names = append(names, k.Name)
	}
	return names
}

// Find returns the peer of this name.
func Find(name string) (Kind, error) {
	for _, k := range kinds() {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("unknown peer %q; there are %s", name, strings.Join(Names(), ", "))
}

// segmentBytes is the size of a log file or memory table, for peers that let one choose: what
// the engine takes by default.
const segmentBytes = 64 << 20

// keys hands out ascending keys of eight bytes, the cheapest order for every peer
// that has keys.
type keys struct{ last atomic.Uint64 }

func (k *keys) next() []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, 8), k.last.Add(1))
}
