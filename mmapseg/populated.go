// Which pages of a mapping were brought in: of a segment that was sealed, or opened as a
// file, any page may be on the disk only, and a fault that reads it stalls more than the
// reader.

package mmapseg

import (
	"sync/atomic"

	"github.com/batpak/batpak/internal/mmap"
)

const (
	granuleShift = 16                // a granule is what the kernel maps around a fault: 64 KiB
	granule      = 1 << granuleShift // bytes
	window       = 1 << 20           // bytes that are brought in at once for who reads on
)

// populated remembers which granules of a mapping were brought in by a system call before
// they were read. What the kernel takes away later comes in by a fault. The nil *populated
// is that of memory which needs none of this. All methods may be called concurrently, by
// those who hold the segment; they do not read the mapped bytes.
type populated struct {
	mapping *mmap.Mapping
	disk    *atomic.Int64 // size of the file: what is mapped behind it can't be had
	known   []atomic.Uint32
}

func newPopulated(mapping *mmap.Mapping, disk *atomic.Int64) *populated {
	granules := (len(mapping.Bytes()) + granule - 1) / granule
	return &populated{mapping: mapping, disk: disk, known: make([]atomic.Uint32, (granules+31)/32)}
}

// bring sees to it that the bytes from from up to to were brought in. Where all were it
// costs one atomic load for 2 MiB.
func (p *populated) bring(from, to int64) {
	if p != nil && !p.has(from, to) {
		p.populate(from, to)
	}
}

// bringAhead is bring for who reads on upwards: where bytes are missing, those of a whole
// window come with them.
func (p *populated) bringAhead(from, to int64) {
	if p != nil && !p.has(from, to) {
		p.populate(from, max(to, from+window))
	}
}

// bringBehind is bringAhead for who reads on downwards.
func (p *populated) bringBehind(from, to int64) {
	if p != nil && !p.has(from, to) {
		p.populate(max(0, min(from, to-window)), to)
	}
}

// has reports whether all granules of a range were brought in, as far as they are mapped.
func (p *populated) has(from, to int64) bool {
	first, last := from>>granuleShift, min((to-1)>>granuleShift, int64(len(p.known))*32-1)
	for ; first <= last; first++ {
		if p.known[first/32].Load()>>(first%32)&1 == 0 {
			return false
		}
	}
	return true
}

// populate brings in the granules of a range. A failure is not told: reading the bytes
// will, and says which.
func (p *populated) populate(from, to int64) {
	end := min(int64(len(p.mapping.Bytes())), p.disk.Load())
	from, to = from&^(granule-1), min((to+granule-1)&^(granule-1), end)
	if from >= to || p.mapping.PopulateRead(int(from), int(to-from)) != nil {
		return
	}
	for g := from >> granuleShift; g<<granuleShift < to; g++ {
		p.known[g/32].Or(1 << (g % 32))
	}
}
