// etcd's bbolt.

package peer

import (
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

func bboltKind() Kind {
	return Kind{
		Name: "bbolt", module: "go.etcd.io/bbolt", open: openBbolt,
		settings: "Batch of as many as there are callers, at most 1 ms late, ascending keys, full pages, free list in a map and not synced",
	}
}

type bboltStore struct {
	keys
	db *bbolt.DB
}

var bboltBucket = []byte("events")

func openBbolt(directory string) (_ Store, err error) {
	db, err := bbolt.Open(filepath.Join(directory, "bbolt"), 0o600, &bbolt.Options{
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: 1 << 30, // growing it would stop everybody
	})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(t *bbolt.Tx) error {
		_, err := t.CreateBucket(bboltBucket)
		return err
	})
	if err != nil {
		_ = db.Close() // the first error is the one to tell
		return nil, err
	}
	return &bboltStore{db: db}, nil
}

// Expect makes a batch begin as soon as every caller is in it, and not much later otherwise.
func (s *bboltStore) Expect(callers int) {
	s.db.MaxBatchSize = callers
	s.db.MaxBatchDelay = time.Millisecond
}

func (s *bboltStore) Append(value []byte) error {
	key := s.next()
	return s.db.Batch(func(t *bbolt.Tx) error {
		bucket := t.Bucket(bboltBucket)
		bucket.FillPercent = 1
		return bucket.Put(key, value)
	})
}

// Settle returns at once: bbolt does nothing in the background.
func (s *bboltStore) Settle() error { return nil }

func (s *bboltStore) Close() error { return s.db.Close() }
