// This file holds Bytes and Range: checked bytes and a part of them.
//
// A block goes from unverified to verified, once, by whoever reads it first. Two readers may verify the same block at
// the same time; both come to the same answer.

package checked

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/klauspost/crc32"
)

// BlockSize is the size of a block in bytes. The last one may be shorter.
const BlockSize = 4096

// granule is how many blocks are brought in at once, as many as the kernel maps around a page fault.
const granule = 16

// ErrDamaged says that a block is not what it was when its checksum was taken, or that a range lies outside the bytes.
var ErrDamaged = errors.New("damaged")

// DamageError is [ErrDamaged] with the place.
type DamageError struct {
	Offset  int64 // of the block, or of the range that was asked for, from the first byte
	Problem string
}

// Error names the place and the problem.
func (e *DamageError) Error() string { return fmt.Sprintf("%s at byte %d", e.Problem, e.Offset) }

// Is reports whether target is [ErrDamaged].
func (e *DamageError) Is(target error) bool { return target == ErrDamaged }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendSums appends the checksum of every block of data, 4 bytes each, little-endian.
func AppendSums(dst, data []byte) []byte {
	for ; len(data) > BlockSize; data = data[BlockSize:] {
		dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(data[:BlockSize], castagnoli))
	}
	if len(data) > 0 {
		dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(data, castagnoli))
	}
	return dst
}

// SumsSize returns the size of the checksums of n bytes.
func SumsSize(n int64) int64 { return (n + BlockSize - 1) / BlockSize * 4 }

// Bytes are bytes with the checksums of their blocks. All methods may be called concurrently.
type Bytes struct {
	data     []byte
	sums     []byte
	verified []atomic.Uint32 // a bit for each block
	bring    func(from, to int)
}

// New returns data with its checksums, which [AppendSums] made; it keeps both. bring, if given, is called with a range
// of bytes, rounded to 16 blocks, before any of them is read for the first time. It is an error if
// the number of checksums is not that of the blocks.
func New(data, sums []byte, bring func(from, to int)) (*Bytes, error) {
	if int64(len(sums)) != SumsSize(int64(len(data))) {
		return nil, &DamageError{Problem: fmt.Sprintf("%d bytes of checksums for %d bytes", len(sums), len(data))}
	}
	blocks := len(sums) / 4
	return &Bytes{data: data, sums: sums, verified: make([]atomic.Uint32, (blocks+31)/32), bring: bring}, nil
}

// Len returns the number of bytes.
func (b *Bytes) Len() int64 { return int64(len(b.data)) }

// At returns the bytes from one offset up to another, in place; they are not to be changed. Every block that holds one of them
// is verified the first time. The error is a *[DamageError].
func (b *Bytes) At(from, to int64) ([]byte, error) {
	if from < 0 || to < from || to > int64(len(b.data)) {
		return nil, &DamageError{from, fmt.Sprintf("range up to %d of %d bytes", to, len(b.data))}
	}
	for block := int(from / BlockSize); int64(block)*BlockSize < to; block++ {
		if b.verified[block/32].Load()>>(block%32)&1 == 0 {
			if err := b.verify(block); err != nil {
				return nil, err
			}
		}
	}
	return b.data[from:to], nil
}

func (b *Bytes) verify(block int) error {
	first := block &^ (granule - 1)
	if b.bring != nil && b.verified[first/32].Load()>>(first%32)&(1<<granule-1) == 0 {
		b.bring(first*BlockSize, min((first+granule)*BlockSize, len(b.data)))
	}
	data := b.data[block*BlockSize : min((block+1)*BlockSize, len(b.data))]
	if crc32.Checksum(data, castagnoli) != binary.LittleEndian.Uint32(b.sums[4*block:]) {
		return &DamageError{int64(block) * BlockSize, "a block's checksum is wrong"}
	}
	b.verified[block/32].Or(1 << (block % 32))
	return nil
}

// Range is a part of checked bytes. The zero Range is empty. It is a value; copies are as good.
type Range struct {
	bytes    *Bytes
	from, to int64
}

// Range returns the bytes from one offset up to another; the error is that of [Bytes.At] for offsets outside.
func (b *Bytes) Range(from, to int64) (Range, error) {
	if from < 0 || to < from || to > int64(len(b.data)) {
		return Range{}, &DamageError{from, fmt.Sprintf("range up to %d of %d bytes", to, len(b.data))}
	}
	return Range{b, from, to}, nil
}

// Len returns the number of bytes.
func (r Range) Len() int64 { return r.to - r.from }

// At is [Bytes.At] with offsets from the range's first byte.
func (r Range) At(from, to int64) ([]byte, error) {
	if from < 0 || to < from || to > r.to-r.from {
		return nil, &DamageError{from, fmt.Sprintf("range up to %d of %d bytes", to, r.to-r.from)}
	}
	if r.bytes == nil {
		return nil, nil
	}
	return r.bytes.At(r.from+from, r.from+to)
}

// Of returns data as checked bytes whose checksums are taken now: for bytes that were made in memory.
func Of(data []byte) Range {
	return Range{&Bytes{data: data, sums: AppendSums(nil, data), verified: make([]atomic.Uint32, (len(data)/BlockSize+32)/32)}, 0, int64(len(data))}
}
