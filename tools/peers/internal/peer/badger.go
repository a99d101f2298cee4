// Dgraph's Badger.

package peer

import (
	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

func badgerKind() Kind {
	return Kind{
		Name: "badger", module: "github.com/dgraph-io/badger/v4", open: openBadger,
		settings: "Update with SyncWrites, ascending keys, 64 MiB memory tables, no conflict detection, compression or metrics",
	}
}

type badgerStore struct {
	keys
	db *badger.DB
}

func openBadger(directory string) (Store, error) {
	db, err := badger.Open(badger.DefaultOptions(directory).
		WithSyncWrites(true).
		WithDetectConflicts(false).
		WithCompression(options.None).
		WithMetricsEnabled(false).
		WithMemTableSize(segmentBytes).
		WithLogger(nil))
	if err != nil {
		return nil, err
	}
	return &badgerStore{db: db}, nil
}

func (s *badgerStore) Expect(int) {}

func (s *badgerStore) Append(value []byte) error {
	key := s.next()
	return s.db.Update(func(t *badger.Txn) error { return t.Set(key, value) })
}

// Settle returns at once: Badger does not tell what its background does.
func (s *badgerStore) Settle() error { return nil }

func (s *badgerStore) Close() error { return s.db.Close() }
