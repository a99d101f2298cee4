// CockroachDB's Pebble.

package peer

import (
	"time"

	"github.com/cockroachdb/pebble/v2"
)

func pebbleKind() Kind {
	return Kind{
		Name: "pebble", module: "github.com/cockroachdb/pebble/v2", open: openPebble,
		settings: "Set with Sync, ascending keys, 64 MiB memory tables of which eight may wait, no compression, newest format",
	}
}

type pebbleStore struct {
	keys
	db *pebble.DB
}

// openPebble leaves room for flushes and compactions to fall behind, so that no append has
// to wait for them.
func openPebble(directory string) (Store, error) {
	options := &pebble.Options{
		Logger:                      silence{},
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                segmentBytes,
		MemTableStopWritesThreshold: 8,
		L0StopWritesThreshold:       1000,
	}
	options.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	db, err := pebble.Open(directory, options)
	if err != nil {
		return nil, err
	}
	return &pebbleStore{db: db}, nil
}

func (s *pebbleStore) Expect(int) {}

func (s *pebbleStore) Append(value []byte) error { return s.db.Set(s.next(), value, pebble.Sync) }

func (s *pebbleStore) Settle() error {
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		m := s.db.Metrics()
		if m.Flush.NumInProgress == 0 && m.Compact.NumInProgress == 0 {
			break
		}
	}
	return nil
}

// patience is how long background work is waited for.
const patience = 10 * time.Second

func (s *pebbleStore) Close() error { return s.db.Close() }

// silence is a logger that says nothing.
type silence struct{}

func (silence) Infof(string, ...any)  {}
func (silence) Errorf(string, ...any) {}
func (silence) Fatalf(format string, arguments ...any) {
	pebble.DefaultLogger.Fatalf(format, arguments...)
}
