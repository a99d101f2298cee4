// This file holds the price of Store, the hottest function of the engine, beside that of a plain copy.

package mmap

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const benchmarkLength = 1 << 20

// benchmarkMapping returns a populated read-write mapping of 1 MiB of a real file.
func benchmarkMapping(b *testing.B) *Mapping {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(benchmarkLength); err != nil {
		b.Fatal(err)
	}
	m, err := Map(f, benchmarkLength, ReadWrite)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Unmap() })
	if err := m.PopulateWrite(0, benchmarkLength); err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkStore appends units of a size around a mapping of 1 MiB.
//
//	copy  - the builtin copy into the same mapping, which a reader could see half of
//	store - Store
//	twin  - Store into heap memory, which takes a lock and keeps the dirty range
func BenchmarkStore(b *testing.B) {
	for _, size := range []int{8, 64, 256, 1024, 16384} {
		unit := make([]byte, size)
		next := func(offset int) int {
			if offset += size; offset+size > benchmarkLength {
				return 0
			}
			return offset
		}
		b.Run(fmt.Sprintf("copy/%dB", size), func(b *testing.B) {
			data := benchmarkMapping(b).direct
			b.SetBytes(int64(size))
			offset := 0
			for b.Loop() {
				copy(data[offset:offset+size], unit)
				offset = next(offset)
			}
		})
		for name, m := range map[string]*Mapping{"store": benchmarkMapping(b), "twin": heap(benchmarkLength)} {
			b.Run(fmt.Sprintf("%s/%dB", name, size), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				offset := 0
				for b.Loop() {
					m.Store(offset, unit)
					offset = next(offset)
				}
			})
		}
	}
}
