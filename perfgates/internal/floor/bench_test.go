// The floors as Go benchmarks, whose output benchstat reads.

package floor

import (
	"fmt"
	"testing"
)

func benchmarkPiece(b *testing.B, p Piece) {
	b.ReportAllocs()
	b.SetBytes(int64(p.Bytes))
	for b.Loop() {
		p.Loop(1)
	}
}

func BenchmarkClockRead(b *testing.B) { benchmarkPiece(b, ClockRead()) }

func BenchmarkPieces(b *testing.B) {
	prepared, err := Prepare(b.TempDir(), 16<<20, false)
	if err != nil {
		b.Fatal(err)
	}
	defer prepared.Close()
	for _, n := range []int{64, 256, 1024} {
		for _, p := range []Piece{Copy(prepared, n), CRC32C(n), BLAKE3(n)} {
			b.Run(fmt.Sprintf("%s/bytes=%d", p.Name, n), func(b *testing.B) { benchmarkPiece(b, p) })
		}
	}
	b.Run("digest", func(b *testing.B) { benchmarkPiece(b, Digest(coordinates()[0])) })
	b.Run("link", func(b *testing.B) { benchmarkPiece(b, Link()) })
}

func BenchmarkAppend(b *testing.B) {
	prepared, err := Prepare(b.TempDir(), 16<<20, false)
	if err != nil {
		b.Fatal(err)
	}
	defer prepared.Close()
	for _, n := range []int{64, 256, 1024} {
		for _, chain := range []bool{true, false} {
			a := NewAppend(prepared, coordinates(), make([]byte, n), chain)
			b.Run(fmt.Sprintf("bytes=%d/chain=%v", n, chain), func(b *testing.B) { benchmarkPiece(b, Whole(a)) })
		}
	}
}

func BenchmarkDurable(b *testing.B) {
	durable, err := NewDurable(b.TempDir(), 16<<20, 400)
	if err != nil {
		b.Fatal(err)
	}
	defer durable.Close()
	b.ReportAllocs()
	b.SetBytes(400)
	for b.Loop() {
		if err := durable.Once(); err != nil {
			b.Fatal(err)
		}
	}
}
