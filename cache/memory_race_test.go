// This file holds the tests of the tier in memory under many goroutines at once.

package cache

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// rounds is how often something is tried, fewer times where everything takes its time.
func rounds(n int) int {
	if raceBuild {
		return n / 10
	}
	return n
}

// TestManyPutAndGet has goroutines put states of growing sequences, some late, and of all sizes, into a cache that is too small.
// What Get returns is a state of its key; and while nothing was evicted, rejected or dropped in between, never an older one than
// before.
func TestManyPutAndGet(t *testing.T) {
	const keys, users = 40, 8
	for _, c := range []struct {
		name  string
		limit int64
		hash  func(uint64) uint64
	}{
		{"room for all", 64 << 20, nil},
		{"too small", 64 << 10, nil},
		{"collisions", 64 << 10, func(hash uint64) uint64 { return hash % 7 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory(t, c.limit)
			m.collide = c.hash
			var newest [keys]atomic.Uint64
			var wg sync.WaitGroup
			for user := range users {
				random := rand.New(rand.NewPCG(1, uint64(user)))
				wg.Go(func() {
					var seen [keys]uint64
					for range rounds(20_000) {
						n := random.IntN(keys)
						key := keyOf(n)
						if random.IntN(3) > 0 {
							got, ok := m.Get(key)
							switch {
							case !ok && c.limit > 1<<20 && seen[n] > 0:
								t.Errorf("key %d is gone", n)
							case !ok:
							case got.Value != n*1_000_000+int(got.Sequence):
								t.Errorf("key %d has the state %v of sequence %d", n, got.Value, got.Sequence)
							case c.limit > 1<<20 && got.Sequence < seen[n]:
								t.Errorf("key %d has sequence %d after %d", n, got.Sequence, seen[n])
							default:
								seen[n] = got.Sequence
							}
							continue
						}
						sequence := newest[n].Add(1)
						if random.IntN(4) == 0 {
							sequence = uint64(random.Int64N(int64(sequence))) + 1
						}
						m.Put(key, Entry{Sequence: sequence, Value: n*1_000_000 + int(sequence), Bytes: random.Int64N(20_000)})
						if c.limit > 1<<20 {
							seen[n] = max(seen[n], sequence)
						}
						if random.IntN(64) == 0 {
							runtime.Gosched()
						}
					}
				})
			}
			wg.Wait()
			m.check(t)
			stats := m.Stats()
			if stats.Bytes > c.limit*5/4 || stats.Entries == 0 || stats.Older == 0 || stats.Hits == 0 {
				t.Errorf("%+v", stats)
			}
			if lost := stats.Evicted + stats.Rejected + stats.Dropped; (lost == 0) != (c.limit > 1<<20) {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// TestRistrettoKnowsWhatIsThere checks after a storm that nothing stays which ristretto would never evict.
func TestRistrettoKnowsWhatIsThere(t *testing.T) {
	m := newMemory(t, 64<<10)
	var wg sync.WaitGroup
	for user := range 4 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(user)))
			for sequence := range rounds(30_000) {
				m.Put(keyOf(random.IntN(60)), Entry{Sequence: uint64(sequence), Value: 1, Bytes: random.Int64N(4000)})
			}
		})
	}
	wg.Wait()
	m.settle()
	judge := m.judge.Load()
	var there, known int64
	for i := range m.stripes {
		for hash, found := range m.stripes[i].slots {
			there++
			if got, ok := judge.Get(hash); !ok || got != found || found.state != judged {
				t.Errorf("a slot in state %d is not what ristretto has", found.state)
			}
			known += found.judged
		}
	}
	judge.IterValues(func(*slot) bool { there--; return false })
	if used := judge.MaxCost() - judge.RemainingCost(); there != 0 || used != known {
		t.Errorf("ristretto counts %d bytes, the slots that it judged are %d; %d more slots than it has", used, known, there)
	}
	m.check(t)
}

func TestClosingUnderUsersIsSafe(t *testing.T) {
	for range rounds(200) {
		m := newMemory(t, 64<<10)
		var wg sync.WaitGroup
		for user := range 4 {
			wg.Go(func() {
				for n := range 200 {
					m.Put(keyOf(n%20), Entry{Sequence: uint64(n), Value: 1, Bytes: int64(n%7) * 1000})
					if got, ok := m.Get(keyOf(n % 20)); ok && got.Value != 1 {
						t.Errorf("got %v", got.Value)
					}
					if n == 50*user {
						m.Close()
					}
				}
			})
		}
		wg.Wait()
		if got := m.Stats(); got.Entries != 0 || got.Bytes != 0 || m.queued.Load() != 0 {
			t.Fatalf("%+v", got)
		}
	}
}

// TestTheTierInMemoryIsAModelThatForgets compares it, step by step, with a map: what is found is what the map has.
func TestTheTierInMemoryIsAModelThatForgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, err := NewMemory(rapid.Int64Range(1, 30_000).Draw(t, "limit"))
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if rapid.Bool().Draw(t, "collisions") {
			m.collide = func(hash uint64) uint64 { return hash % 3 }
		}
		model, puts := map[int]Entry{}, uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				n := rapid.IntRange(0, 8).Draw(t, "key")
				e := Entry{Sequence: rapid.Uint64Range(0, 9).Draw(t, "sequence"), AsOf: rapid.Int64Range(0, 3).Draw(t, "time"), Bytes: rapid.Int64Range(-1, 8000).Draw(t, "bytes"), Value: puts}
				puts++
				m.settle() // or what is there now may be evicted before the Put
				before, had := m.Get(keyOf(n))
				m.Put(keyOf(n), e)
				after, has := m.Get(keyOf(n))
				switch {
				case has && after == e && had && (e.Sequence < before.Sequence || e.Sequence == before.Sequence && e.AsOf <= before.AsOf):
					t.Fatalf("%+v was replaced by %+v", before, e)
				case has && after == e:
					model[n] = e
				case has && after != model[n]:
					t.Fatalf("got %+v, put %+v", after, model[n])
				}
			},
			"get": func(t *rapid.T) {
				n := rapid.IntRange(0, 8).Draw(t, "key")
				if got, ok := m.Get(keyOf(n)); ok && got != model[n] {
					t.Fatalf("got %+v, put %+v", got, model[n])
				}
			},
			"settle": func(*rapid.T) { m.settle() },
			"": func(t *rapid.T) {
				got := m.Stats()
				if got.Bytes > m.limit*9/4 || got.Entries > puts || got.Bytes < int64(got.Entries)*slotBytes {
					t.Fatalf("%+v", got)
				}
			},
		})
		m.settle()
		if got := m.Stats(); got.Bytes > m.limit {
			t.Fatalf("%+v, the limit is %d", got, m.limit)
		}
	})
}
