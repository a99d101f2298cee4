// Josh Baker's write-ahead log.

package peer

import (
	"path/filepath"

	"github.com/tidwall/wal"
)

func tidwallKind() Kind {
	return Kind{
		Name: "tidwall-wal", module: "github.com/tidwall/wal", open: openTidwall,
		settings: "WriteBatch of all that wait, gathered greedily, synced, 64 MiB segments",
	}
}

type tidwallStore struct {
	*group
	log   *wal.Log
	batch wal.Batch
	last  uint64 // index
}

func openTidwall(directory string) (Store, error) {
	options := *wal.DefaultOptions
	options.NoSync = false
	options.NoCopy = true
	options.SegmentSize = segmentBytes
	log, err := wal.Open(filepath.Join(directory, "wal"), &options)
	if err != nil {
		return nil, err
	}
	s := &tidwallStore{log: log}
	s.group = newGroup(s.store)
	return s, nil
}

func (s *tidwallStore) store(values [][]byte) error {
	s.batch.Clear()
	for i, value := range values {
		s.batch.Write(s.last+1+uint64(i), value)
	}
	if err := s.log.WriteBatch(&s.batch); err != nil {
		return err
	}
	s.last += uint64(len(values))
	return nil
}

func (s *tidwallStore) Expect(int) {}

func (s *tidwallStore) Append(value []byte) error { return s.append(value) }

// Settle returns at once: the log does nothing in the background.
func (s *tidwallStore) Settle() error { return nil }

func (s *tidwallStore) Close() error { return s.log.Close() }
