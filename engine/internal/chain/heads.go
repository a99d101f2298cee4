// This file holds the heads: the newest event of every entity that was met, while the whole store is verified in order.

package chain

import (
	"hash/maphash"
	"sync"
)

// entityKey stands for the name of an entity: 128 bits of a hash that is seeded anew each time, so that nobody can make two names
// with the same one.
type entityKey [2]uint64

// keyer makes keys of names.
type keyer [2]maphash.Seed

func newKeyer() keyer { return keyer{maphash.MakeSeed(), maphash.MakeSeed()} }

func (k *keyer) key(entity string) entityKey {
	return entityKey{maphash.String(k[0], entity), maphash.String(k[1], entity)}
}

// heads are the entities' newest events, in as many maps as goroutines may ask at once. They hold no pointers, and take
// about 100 bytes for each entity.
type heads struct {
	shards []map[entityKey]ancestor
}

func newHeads(shards int) *heads {
	h := &heads{shards: make([]map[entityKey]ancestor, shards)}
	for i := range h.shards {
		h.shards[i] = make(map[entityKey]ancestor)
	}
	return h
}

// count returns the number of entities.
func (h *heads) count() (n uint64) {
	for _, shard := range h.shards {
		n += uint64(len(shard))
	}
	return n
}

// wide is from how many entities of a chunk on several goroutines take them.
const wide = 4096

// take takes what a chunk saw, the one behind the chunk that was taken last: judges the first event of every entity in
// it, and makes its last one the head. It returns the fault of the lowest sequence.
func (h *heads) take(p *part) *Error {
	if len(p.seen) < wide {
		return h.takeShards(p, 0, 1)
	}
	var group sync.WaitGroup
	faults := make([]*Error, len(h.shards))
	for i := range h.shards {
		group.Go(func() { faults[i] = h.takeShards(p, i, len(h.shards)) })
	}
	group.Wait()
	var lowest *Error
	for _, fault := range faults {
		lowest = lower(lowest, fault)
	}
	return lowest
}

// takeShards takes the entities whose shard's number leaves a remainder.
func (h *heads) takeShards(p *part, remainder, of int) (lowest *Error) {
	for i := range p.seen {
		s := &p.seen[i]
		number := int(s.key[0] % uint64(len(h.shards)))
		if number%of != remainder {
			continue
		}
		shard := h.shards[number]
		lowest = lower(lowest, p.judge(s, shard[s.key]))
		shard[s.key] = s.last
	}
	return lowest
}
