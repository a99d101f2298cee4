// HashiCorp's write-ahead log for Raft.

package peer

import (
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

func raftKind() Kind {
	return Kind{
		Name: "raft-wal", module: "github.com/hashicorp/raft-wal", open: openRaft,
		settings: "StoreLogs of all that wait, gathered greedily, 64 MiB segments",
	}
}

type raftStore struct {
	*group
	log  *wal.WAL
	last uint64 // index
}

func openRaft(directory string) (Store, error) {
	log, err := wal.Open(directory, wal.WithSegmentSize(segmentBytes), wal.WithLogger(hclog.NewNullLogger()))
	if err != nil {
		return nil, err
	}
	s := &raftStore{log: log}
	s.group = newGroup(s.store)
	return s, nil
}

func (s *raftStore) store(values [][]byte) error {
	logs := make([]raft.Log, len(values))
	pointers := make([]*raft.Log, len(values))
	for i, value := range values {
		logs[i] = raft.Log{Index: s.last + 1 + uint64(i), Data: value}
		pointers[i] = &logs[i]
	}
	if err := s.log.StoreLogs(pointers); err != nil {
		return err
	}
	s.last += uint64(len(values))
	return nil
}

func (s *raftStore) Expect(int) {}

func (s *raftStore) Append(value []byte) error { return s.append(value) }

// Settle returns at once: the log does not tell whether its next segment is ready.
func (s *raftStore) Settle() error { return nil }

func (s *raftStore) Close() error { return s.log.Close() }
