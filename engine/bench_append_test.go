// Benchmarks of appending: staged with and without the chain, and durable.

package engine_test

import (
	"fmt"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// benchStore opens a new store on the disk that holds temporary files.
func benchStore(b *testing.B, o engine.Options) *engine.Store {
	b.Helper()
	s, err := engine.Open(b.TempDir(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// benchCoordinates are those of 1,000 entities with names of 20 bytes.
func benchCoordinates() []event.Coordinate {
	list := make([]event.Coordinate, 1000)
	for i := range list {
		list[i] = event.MustAt(fmt.Sprintf("entity-%013d", i), "scope-of-twenty-byte")
	}
	return list
}

func BenchmarkStagedAppend(b *testing.B) {
	for _, hashing := range []engine.Hashing{engine.HashingOn, engine.HashingOff} {
		for _, size := range []int{64, 256, 1024} {
			b.Run(fmt.Sprintf("hashing=%v/bytes=%d", hashing == engine.HashingOn, size), func(b *testing.B) {
				s := benchStore(b, engine.Options{Sync: engine.SyncManual(), Hashing: hashing})
				benchAppend(b, s, size)
			})
		}
	}
}

func BenchmarkDurableAppend(b *testing.B) {
	benchAppend(b, benchStore(b, engine.Options{}), 256)
}

func benchAppend(b *testing.B, s *engine.Store, size int) {
	coordinates, payload := benchCoordinates(), randomBytes(1, size)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := s.AppendBytes(coordinates[n%len(coordinates)], event.Data, event.CodecRaw, payload); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkDurableAppendOfManyCallers(b *testing.B) {
	s := benchStore(b, engine.Options{})
	payload := randomBytes(1, 256)
	b.SetBytes(256)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.AppendBytes(here, event.Data, event.CodecRaw, payload); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
