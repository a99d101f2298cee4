// This file holds Memory: the tier on the heap.
//
// Which entries stay is ristretto's to judge; which there are is known here. Ristretto takes sets late, in the goroutine of
// its own: two first sets of one key that are on their way together end with the older one, and a value that grows in place never
// makes anything else go. So each entry is a slot of a striped map, found from the moment it is put, replaced in place
// under the lock of its stripe by newer ones only, and ristretto gets the slot, to say when it has to go.
//
// States of a slot, all changed under the lock of its stripe:
//
//	queued -> judged   by ristretto's goroutine, which asks what the slot costs (judge)
//	judged -> moving   by a Put that finds that the cost has changed (rejudge): ristretto is told to forget the slot,
//	                   and then another one in the state queued takes its place
//	queued, judged -> gone   by ristretto's goroutine (leave); moving -> gone by what takes its place; any by Close
//
// Nobody waits for ristretto while holding the lock of a stripe, since its goroutine takes them.

package cache

import (
	"fmt"
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/batpak/batpak/hooks"
)

// Entry is a state and the sequence up to which it goes.
type Entry struct {
	Sequence uint64 // every event of the region up to it is in the state
	Last     uint64 // the newest event in it
	AsOf     int64  // when Sequence was the newest visible one: nanoseconds of a monotonic clock
	Value    any    // the state; nobody changes it
	Bytes    int64  // its cost; negative counts as 0
}

const (
	stripes = 64
	// slotBytes is what an entry takes besides its state and the strings of its key: the slot, and its places in the
	// maps here and in ristretto.
	slotBytes = 384
	// getBuffer is how many uses of entries ristretto gathers before it counts them.
	getBuffer = 64
	// noTicks is as many seconds as ristretto's ticker can be slow by: nothing here has a time to live.
	noTicks = 1 << 32
)

// Memory holds entries up to a number of bytes. All methods may be called concurrently; none of them waits for longer than
// it takes to copy an entry, except Close, and a Put of an entry that grew, which can wait for a queue of ristretto's.
//
// It has neither memory to speak of nor a goroutine before the first Put; then, besides the entries, two goroutines, 300 KiB, and
// the 32nd part of its bytes, at most 8 MiB, for counters of uses.
type Memory struct {
	limit   int64
	collide func(hash uint64) uint64 // nil unless a test wants collisions; it gets no *Key, which would move every caller's to the heap
	stripes [stripes]stripe

	judge atomic.Pointer[ristretto.Cache[uint64, *slot]] // nil until the first Put
	life  sync.RWMutex                                   // held for reading by who waits for judge, and for writing while it is made or closed
	over  atomic.Bool                                    // changed with life and the locks of all stripes held: any of them keeps it

	bytes, queued                     atomic.Int64 // charges of all slots, and of the queued ones
	dropped, rejected, older, evicted atomic.Uint64
}

// stripe holds the slots of the hashes that are equal modulo the number of stripes.
type stripe struct {
	sync.RWMutex
	slots        map[uint64]*slot
	bytes        int64 // their charges
	hits, misses atomic.Uint64
	_            [64]byte // stripes share no cache line
}

// slot is the place of one key's entry.
type slot struct {
	key    Key
	hash   uint64
	state  slotState
	charge int64 // of the entry as it is
	judged int64 // of the entry as ristretto knows it
	entry  Entry
}

type slotState uint8

const (
	queued slotState = iota
	judged
	moving
)

// NewMemory returns an empty cache for so many bytes, 1 or more.
func NewMemory(bytes int64) (*Memory, error) {
	if bytes < 1 {
		return nil, fmt.Errorf("batpak: a cache for %d bytes: want 1 or more", bytes)
	}
	return &Memory{limit: bytes}, nil
}

func (m *Memory) hashOf(key *Key) uint64 {
	hash := key.Hash()
	if m.collide != nil {
		hash = m.collide(hash)
	}
	return hash
}

// Get returns the entry of a key.
func (m *Memory) Get(key *Key) (e Entry, ok bool) {
	hash := m.hashOf(key)
	s := &m.stripes[hash%stripes]
	s.RLock()
	if found := s.slots[hash]; found != nil && found.key == *key {
		e, ok = found.entry, true
	}
	if c := m.judge.Load(); c != nil && !m.over.Load() {
		c.Get(hash) // which counts the use, of one that is not there, too: it is asked for
	}
	if ok {
		s.hits.Add(1)
	} else {
		s.misses.Add(1)
	}
	s.RUnlock()
	return e, ok
}

// Put offers an entry; one of an older sequence than what is there is dropped. So is one of the same sequence that isn't
// of a later time.
//
// The entry is found at once, until it turns out that others are used more. The bytes can be exceeded meanwhile, by a quarter or
// by one entry, and by what the entries that are there grow before ristretto has heard of it.
func (m *Memory) Put(key *Key, e Entry) {
	charge := charged(key, e.Bytes)
	if charge > m.limit {
		m.rejected.Add(1)
		return
	}
	if m.judge.Load() == nil && !m.begin() {
		return
	}
	hash := m.hashOf(key)
	s := &m.stripes[hash%stripes]
	s.Lock()
	found, again := s.slots[hash], false
	switch {
	case m.over.Load():
	case found == nil:
		m.enter(s, &slot{key: *key, hash: hash, charge: charge, entry: e})
	case found.key == *key:
		again = m.replace(s, found, charge, e)
	case found.state == judged && m.judges(found):
		again = true
	default: // two keys with one hash, of which the first is on its way
		m.dropped.Add(1)
	}
	if again {
		found.state = moving
	}
	s.Unlock()
	if again {
		m.rejudge(s, found, key, charge, e)
	}
}

// begin makes ristretto's cache and reports whether there is one.
func (m *Memory) begin() bool {
	m.life.Lock()
	defer m.life.Unlock()
	if m.over.Load() || m.judge.Load() != nil {
		return !m.over.Load()
	}
	c, err := ristretto.NewCache(&ristretto.Config[uint64, *slot]{
		// A counter for each 128 bytes: with the smallest entries three for each, with usual ones ten.
		NumCounters: min(max(m.limit/128, 1<<10), 1<<21), MaxCost: m.limit, BufferItems: getBuffer,
		KeyToHash: func(hash uint64) (uint64, uint64) { return hash, 0 },
		Cost:      m.judging, IgnoreInternalCost: true, TtlTickerDurationInSec: noTicks,
		OnEvict:  func(i *ristretto.Item[*slot]) { m.leave(i.Value, &m.evicted) },
		OnReject: func(i *ristretto.Item[*slot]) { m.leave(i.Value, &m.rejected) },
	})
	if err != nil {
		panic(fmt.Sprintf("cache: ristretto refuses its configuration: %v", err)) // which NewMemory has checked
	}
	m.judge.Store(c)
	return true
}

// enter puts a new slot where its stripe has none, and has it judged.
func (m *Memory) enter(s *stripe, fresh *slot) {
	if m.queued.Load() > 0 && m.bytes.Load()+fresh.charge > m.limit+m.limit/4 {
		m.dropped.Add(1)
		return
	}
	if s.slots == nil {
		s.slots = make(map[uint64]*slot)
	}
	s.slots[fresh.hash] = fresh
	m.grow(s, fresh.charge)
	m.queued.Add(fresh.charge)
	if !m.judge.Load().Set(fresh.hash, fresh, 0) { // 0: judging says it
		m.queued.Add(-fresh.charge)
		m.remove(s, fresh)
		m.dropped.Add(1)
	}
}

// replace puts a newer entry into a slot, and reports whether it is to be judged again.
func (m *Memory) replace(s *stripe, found *slot, charge int64, e Entry) bool {
	older := e.Sequence < found.entry.Sequence
	if hooks.Enabled && hooks.Planted(hooks.OlderStateKept) {
		older = false
	}
	if older {
		m.older.Add(1)
		return false
	}
	if e.Sequence == found.entry.Sequence && e.AsOf <= found.entry.AsOf {
		return false
	}
	if found.state == queued {
		m.queued.Add(charge - found.charge)
	}
	m.grow(s, charge-found.charge)
	found.entry, found.charge = e, charge
	return found.state == judged && found.charge != found.judged && m.judges(found)
}

// judges reports whether ristretto has the slot. For a moment after it was judged, or before it goes, it has not.
func (m *Memory) judges(found *slot) bool {
	known, ok := m.judge.Load().Get(found.hash)
	return ok && known == found
}

// rejudge has ristretto forget a slot and judges the key's entry anew, or if the slot is another key's this key's entry in its place.
func (m *Memory) rejudge(s *stripe, old *slot, key *Key, charge int64, e Entry) {
	m.life.RLock() // before the stripe, as in Close
	defer m.life.RUnlock()
	if m.over.Load() {
		return
	}
	m.judge.Load().Del(old.hash) // may wait for ristretto's goroutine
	s.Lock()
	defer s.Unlock()
	m.remove(s, old)
	fresh := &slot{key: *key, hash: old.hash, charge: charge, entry: e}
	if old.key == *key { // with what came meanwhile
		fresh.charge, fresh.entry = old.charge, old.entry
	} else {
		m.evicted.Add(1)
	}
	m.enter(s, fresh)
}

// judging says what a slot costs. It is called by ristretto's goroutine just before it judges.
func (m *Memory) judging(fresh *slot) int64 {
	s := &m.stripes[fresh.hash%stripes]
	s.Lock()
	defer s.Unlock()
	if s.slots[fresh.hash] == fresh && fresh.state == queued {
		m.queued.Add(-fresh.charge)
		fresh.state, fresh.judged = judged, fresh.charge
	}
	return fresh.charge
}

// leave takes a slot out that ristretto has refused or evicted.
func (m *Memory) leave(old *slot, counter *atomic.Uint64) {
	if old == nil { // of what Del had taken before
		return
	}
	s := &m.stripes[old.hash%stripes]
	s.Lock()
	defer s.Unlock()
	// One that moves stays until its successor takes its place: another slot there, which ristretto was given before it is
	// told to forget the hash, would never be evicted.
	if s.slots[old.hash] == old && old.state != moving {
		m.remove(s, old)
		counter.Add(1)
	}
}

// remove takes a slot out of its stripe.
func (m *Memory) remove(s *stripe, old *slot) {
	delete(s.slots, old.hash)
	m.grow(s, -old.charge)
}

// grow counts what the slots of a stripe take more.
func (m *Memory) grow(s *stripe, bytes int64) {
	s.bytes += bytes
	m.bytes.Add(bytes)
}

// charged returns what an entry is charged, rounded up to a sixteenth of its magnitude, so that one that grows a little is
// not judged again each time.
func charged(key *Key, state int64) int64 {
	state = min(max(state, 0), 1<<60)
	cost := state + key.size() + slotBytes
	step := int64(1) << max(bits.Len64(uint64(cost))-5, 5)
	return (cost + step - 1) / step * step
}

// Close ends the cache and its goroutines. Afterwards Get finds nothing and Put does nothing. It may be called again.
func (m *Memory) Close() {
	m.life.Lock()
	defer m.life.Unlock()
	if m.over.Load() {
		return
	}
	for i := range m.stripes {
		m.stripes[i].Lock()
	}
	m.over.Store(true)
	for i := range m.stripes {
		m.stripes[i].slots, m.stripes[i].bytes = nil, 0
	}
	m.bytes.Store(0)
	m.queued.Store(0)
	for i := range m.stripes {
		m.stripes[i].Unlock()
	}
	if c := m.judge.Load(); c != nil {
		c.Close()
	}
}

// Stats returns the counters.
func (m *Memory) Stats() MemoryStats {
	stats := MemoryStats{Dropped: m.dropped.Load(), Rejected: m.rejected.Load(), Older: m.older.Load(), Evicted: m.evicted.Load()}
	for i := range m.stripes {
		s := &m.stripes[i]
		s.RLock()
		stats.Entries += uint64(len(s.slots))
		stats.Bytes += s.bytes
		s.RUnlock()
		stats.Hits += s.hits.Load()
		stats.Misses += s.misses.Load()
	}
	return stats
}

// MemoryStats count since the cache was made. What Put was given is in there, or is counted once as dropped, rejected,
// older or evicted, unless it was replaced by a newer one, was of the same sequence and time, or came after Close.
type MemoryStats struct {
	Hits, Misses uint64 // of Get
	Dropped      uint64 // entries that were given up because too many came at once
	Rejected     uint64 // entries that were not let in, being too large or less used than what is there
	Older        uint64 // entries that came too late: a newer one was there
	Evicted      uint64 // entries that made room for others
	Entries      uint64
	Bytes        int64 // of the entries, with their keys and what keeping them takes, rounded up
}
