// This file holds the tests of the tier in memory: what is found, and what is not.

package cache

import (
	"fmt"
	"math"
	"runtime"
	"testing"
)

func newMemory(t testing.TB, bytes int64) *Memory {
	t.Helper()
	m, err := NewMemory(bytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// settle returns when ristretto has judged all that was put before.
func (m *Memory) settle() {
	if c := m.judge.Load(); c != nil {
		c.Wait()
	}
}

func keyOf(n int) *Key {
	return &Key{Projection: "balance", Version: 1, Type: "main.Balance", Region: fmt.Sprintf("entity=account:%d", n)}
}

// check compares what is counted with the entries that are there.
func (m *Memory) check(t testing.TB) {
	t.Helper()
	m.settle()
	var bytes, queuedBytes int64
	var entries uint64
	for i := range m.stripes {
		s := &m.stripes[i]
		s.RLock()
		for hash, found := range s.slots {
			if found.hash != hash || hash%stripes != uint64(i) {
				t.Errorf("a slot of hash %x is at %x in stripe %d", found.hash, hash, i)
			}
			if found.state == queued {
				queuedBytes += found.charge
			}
			bytes += found.charge
			entries++
		}
		s.RUnlock()
	}
	if got := m.Stats(); got.Bytes != bytes || got.Bytes != m.bytes.Load() || got.Entries != entries || m.queued.Load() != queuedBytes {
		t.Errorf("counted %d entries, %d bytes, %d queued; there are %d, %d, %d", got.Entries, got.Bytes, m.queued.Load(), entries, bytes, queuedBytes)
	}
}

func TestAnEntryIsFoundAsSoonAsItIsPut(t *testing.T) {
	m := newMemory(t, 1<<20)
	if _, ok := m.Get(keyOf(1)); ok {
		t.Fatal("an empty cache has it")
	}
	want := Entry{Sequence: 7, Last: 5, AsOf: 3, Value: "state", Bytes: 100}
	for range 2 {
		m.Put(keyOf(1), want)
		if got, ok := m.Get(keyOf(1)); !ok || got != want {
			t.Fatalf("got %+v, %v", got, ok)
		}
		m.settle()
	}
	if got := m.Stats(); got.Hits != 2 || got.Misses != 1 || got.Entries != 1 || got.Bytes < 100+slotBytes {
		t.Errorf("%+v", got)
	}
	m.check(t)
}

func TestAnotherFieldOfTheKeyIsAnotherEntry(t *testing.T) {
	keys := []Key{
		{}, {Projection: "a"}, {Type: "a"}, {Region: "a"}, {Version: 1}, {Version: 97},
		{Projection: "a", Type: "b"}, {Projection: "ab"}, {Type: "ab"}, {Type: "a", Region: "b"}, {Projection: "a", Region: "b"},
		{Projection: "a\x00b"}, {Projection: "a", Type: "\x00b"}, {Projection: "\xff\xfe"},
	}
	for _, collide := range []bool{false, true} {
		m := newMemory(t, 1<<20)
		if collide {
			m.collide = func(uint64) uint64 { return 42 }
		}
		hashes, digests := map[uint64]int{}, map[[16]byte]int{}
		for i := range keys {
			hashes[keys[i].Hash()]++
			digests[keys[i].digest()]++
			m.Put(&keys[i], Entry{Sequence: uint64(i) + 1, Value: i})
			m.settle()
			for j := range keys[:i+1] {
				got, ok := m.Get(&keys[j])
				if ok && got.Value != j {
					t.Fatalf("key %d has the state %v", j, got.Value)
				}
				if !ok && (!collide || i == j) {
					t.Errorf("key %d is gone after key %d", j, i)
				}
			}
			m.check(t)
		}
		if len(hashes) != len(keys) || len(digests) != len(keys) {
			t.Errorf("%d keys have %d hashes and %d digests", len(keys), len(hashes), len(digests))
		}
		if got := m.Stats(); collide && got.Evicted != uint64(len(keys)-1) {
			t.Errorf("%d were evicted", got.Evicted)
		}
	}
}

func TestAnOlderEntryNeverReplacesANewerOne(t *testing.T) {
	m := newMemory(t, 1<<20)
	for _, test := range []struct {
		sequence uint64
		asOf     int64
		want     string
	}{
		{5, 10, "a"}, {4, 11, "a"}, {5, 9, "a"}, {5, 10, "a"}, {5, 11, "e"}, {6, 1, "f"}, {math.MaxUint64, 1, "g"}, {7, 99, "g"},
	} {
		for range 2 { // on its way, and judged
			value := string(rune('a' + m.Stats().Misses))
			m.Put(keyOf(1), Entry{Sequence: test.sequence, AsOf: test.asOf, Value: value, Bytes: 10})
			if got, _ := m.Get(keyOf(1)); got.Value != test.want {
				t.Fatalf("after sequence %d of time %d: %v, want %q", test.sequence, test.asOf, got.Value, test.want)
			}
			m.settle()
		}
		m.Get(keyOf(0)) // the next letter
	}
	if got := m.Stats().Older; got != 4 {
		t.Errorf("%d came too late", got)
	}
	m.check(t)
}

func TestTheBytesAreKept(t *testing.T) {
	const limit = 64 << 10
	m := newMemory(t, limit)
	for n := range 2000 {
		m.Put(keyOf(n), Entry{Sequence: 1, Value: n, Bytes: 1000})
		if got := m.Stats().Bytes; got > limit+limit/4 {
			t.Fatalf("%d bytes", got)
		}
		if n%16 == 0 {
			m.check(t)
			if got := m.Stats().Bytes; got > limit {
				t.Fatalf("%d bytes", got)
			}
		}
	}
	m.check(t)
	got := m.Stats()
	if got.Entries < 20 || got.Entries+got.Evicted+got.Rejected+got.Dropped != 2000 {
		t.Errorf("%+v", got)
	}
}

func TestEntriesThatGrowMakeOthersGo(t *testing.T) {
	const limit = 256 << 10
	m := newMemory(t, limit)
	for round := range int64(60) {
		for n := range 20 {
			m.Put(keyOf(n), Entry{Sequence: uint64(round) + 1, Value: n, Bytes: round * 1000})
			m.settle()
		}
		m.check(t)
		if got := m.Stats().Bytes; got > limit {
			t.Fatalf("round %d: %d bytes", round, got)
		}
	}
	if got := m.Stats(); got.Evicted == 0 || got.Entries == 0 || got.Entries > 5 {
		t.Errorf("%+v", got)
	}
}

func TestAnEntryThatShrinksMakesRoom(t *testing.T) {
	m := newMemory(t, 100_000)
	for sequence := range uint64(50) {
		m.Put(keyOf(1), Entry{Sequence: sequence*2 + 1, Value: 1, Bytes: 80_000})
		m.Put(keyOf(1), Entry{Sequence: sequence*2 + 2, Value: 2, Bytes: 10})
		m.settle()
	}
	m.Put(keyOf(1), Entry{Sequence: 1000, Value: 2, Bytes: 20})
	m.settle()
	for n := range 50 {
		m.Put(keyOf(2+n), Entry{Sequence: 1, Value: 3, Bytes: 1000})
		m.settle()
	}
	m.check(t)
	if got := m.Stats(); got.Entries != 51 || got.Evicted+got.Rejected+got.Dropped != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAnEntryThatIsTooLargeIsRejected(t *testing.T) {
	m := newMemory(t, 10_000)
	m.Put(keyOf(1), Entry{Sequence: 1, Value: "small", Bytes: 100})
	for _, bytes := range []int64{10_000, 1 << 40, math.MaxInt64} {
		m.Put(keyOf(1), Entry{Sequence: 2, Value: "large", Bytes: bytes})
		m.Put(keyOf(2), Entry{Sequence: 2, Value: "large", Bytes: bytes})
	}
	if got, _ := m.Get(keyOf(1)); got.Value != "small" {
		t.Errorf("got %v", got.Value)
	}
	m.Put(keyOf(3), Entry{Sequence: 2, Value: "negative", Bytes: math.MinInt64})
	if got, _ := m.Get(keyOf(3)); got.Value != "negative" {
		t.Errorf("got %v", got.Value)
	}
	m.check(t)
	if got := m.Stats(); got.Rejected != 6 || got.Entries != 2 {
		t.Errorf("%+v", got)
	}
}

func TestACacheWithoutBytesIsRefused(t *testing.T) {
	for _, bytes := range []int64{0, -1, math.MinInt64} {
		if _, err := NewMemory(bytes); err == nil {
			t.Errorf("%d bytes are accepted", bytes)
		}
	}
}

func TestWhatIsUsedMoreStays(t *testing.T) {
	if raceBuild {
		t.Skip("the race detector makes sync.Pool forget, and with it ristretto the uses that it gathers there")
	}
	m := newMemory(t, 64<<10)
	m.Put(keyOf(0), Entry{Sequence: 1, Value: "used", Bytes: 1000})
	for n := range 500 {
		for range getBuffer {
			m.Get(keyOf(0))
		}
		runtime.Gosched()
		m.Put(keyOf(1+n), Entry{Sequence: 1, Value: n, Bytes: 1000})
		m.settle()
	}
	if _, ok := m.Get(keyOf(0)); !ok {
		t.Error("the only one that is used is gone")
	}
	m.check(t)
}

func TestAfterCloseNothingIsFoundAndNothingPut(t *testing.T) {
	for _, begun := range []bool{false, true} {
		m := newMemory(t, 1<<20)
		if begun {
			m.Put(keyOf(1), Entry{Sequence: 1, Value: 1})
		}
		for range 3 {
			m.Close()
			m.Put(keyOf(1), Entry{Sequence: 2, Value: 1})
			if _, ok := m.Get(keyOf(1)); ok {
				t.Error("found")
			}
		}
		if got := m.Stats(); got.Entries != 0 || got.Bytes != 0 || got.Evicted != 0 {
			t.Errorf("%+v", got)
		}
	}
}

func TestAHitAllocatesNothing(t *testing.T) {
	if raceBuild {
		t.Skip("the race detector allocates")
	}
	m := newMemory(t, 1<<20)
	key := keyOf(1)
	m.Put(key, Entry{Sequence: 1, Value: "state"})
	m.settle()
	if n := testing.AllocsPerRun(1000, func() {
		own := Key{Projection: key.Projection, Version: key.Version, Type: key.Type, Region: key.Region}
		if _, ok := m.Get(&own); !ok {
			t.Fatal("gone")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHit(b *testing.B) {
	m := newMemory(b, 1<<20)
	key := keyOf(1)
	m.Put(key, Entry{Sequence: 1, Value: "state"})
	m.settle()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := m.Get(key); !ok {
			b.Fatal("gone")
		}
	}
}

func BenchmarkPut(b *testing.B) {
	m := newMemory(b, 1<<20)
	key := keyOf(1)
	b.ReportAllocs()
	var sequence uint64
	for b.Loop() {
		sequence++
		m.Put(key, Entry{Sequence: sequence, Value: "state"})
	}
}
