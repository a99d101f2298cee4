// Blocks: verified once, at first use, and refused where they are not what they were.

package checked

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // never fails
	return b
}

func TestEveryRangeOfSoundBytesIsRead(t *testing.T) {
	for _, size := range []int{0, 1, BlockSize - 1, BlockSize, BlockSize + 1, 40*BlockSize + 17} {
		data := random(size)
		b, err := New(data, AppendSums(nil, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		source := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			from := source.IntN(size + 1)
			to := from + source.IntN(size-from+1)
			got, err := b.At(int64(from), int64(to))
			if err != nil || !bytes.Equal(got, data[from:to]) {
				t.Fatalf("%d..%d of %d: %v", from, to, size, err)
			}
		}
	}
}

func TestADamagedBlockIsRefusedAndItsNeighboursAreRead(t *testing.T) {
	data := random(5 * BlockSize)
	sums := AppendSums(nil, data)
	for block := range 5 {
		damaged := bytes.Clone(data)
		damaged[block*BlockSize+100] ^= 4
		b, err := New(damaged, sums, nil)
		if err != nil {
			t.Fatal(err)
		}
		for other := range 5 {
			_, err := b.At(int64(other*BlockSize), int64(other*BlockSize+1))
			var damage *DamageError
			if other == block && (!errors.As(err, &damage) || !errors.Is(err, ErrDamaged) || damage.Offset != int64(block*BlockSize)) {
				t.Errorf("block %d: %v", block, err)
			}
			if other != block && err != nil {
				t.Errorf("block %d beside the damaged one: %v", other, err)
			}
		}
		if _, err := b.At(0, b.Len()); !errors.Is(err, ErrDamaged) {
			t.Errorf("all of it: %v", err)
		}
	}
}

func TestABlockIsVerifiedOnceAndBroughtInOnce(t *testing.T) {
	data := random(40 * BlockSize)
	var brought [][2]int
	b, err := New(data, AppendSums(nil, data), func(from, to int) { brought = append(brought, [2]int{from, to}) })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := b.At(0, b.Len()); err != nil {
			t.Fatal(err)
		}
	}
	want := [][2]int{{0, 16 * BlockSize}, {16 * BlockSize, 32 * BlockSize}, {32 * BlockSize, 40 * BlockSize}}
	if len(brought) != 3 || brought[0] != want[0] || brought[1] != want[1] || brought[2] != want[2] {
		t.Errorf("brought in %v, want %v", brought, want)
	}
	data[0] ^= 1
	if _, err := b.At(0, 1); err != nil {
		t.Errorf("verified again: %v", err)
	}
}

func TestRangesOutsideTheBytesAreRefused(t *testing.T) {
	all := Of(random(100))
	for _, r := range [][2]int64{{-1, 5}, {5, 4}, {0, 101}, {200, 300}} {
		if _, err := all.At(r[0], r[1]); !errors.Is(err, ErrDamaged) {
			t.Errorf("%v: %v", r, err)
		}
	}
	if _, err := all.bytes.Range(50, 101); !errors.Is(err, ErrDamaged) {
		t.Errorf("a range beyond the end: %v", err)
	}
	part, err := all.bytes.Range(10, 20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.At(0, 11); !errors.Is(err, ErrDamaged) {
		t.Errorf("beyond the part: %v", err)
	}
	if got, err := part.At(2, 4); err != nil || !bytes.Equal(got, all.bytes.data[12:14]) {
		t.Errorf("within the part: %v", err)
	}
	if _, err := New(make([]byte, 5000), make([]byte, 4), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("too few checksums: %v", err)
	}
	if got, err := (Range{}).At(0, 0); err != nil || len(got) != 0 {
		t.Errorf("the empty range: %v", err)
	}
}
