// This file holds Run: the lists of hashes of several sealed segments, merged, in one mapped file.
//
//	0        4096       sums begin  size
//	+--------+-- ... --+-----------+
//	| header |  lists  | block sums|
//	+--------+-- ... --+-----------+
//
// The header, a page; integers are little-endian:
//
//	  0  8  magic "BATPAKRN"
//	  8  4  version, 1
//	 12  4  zero
//	 16 16  origin of the store
//	 32  8  number of the first segment
//	 40  8  number of the last segment
//	 48  8  how many segments are covered
//	 56  8  identities: XXH64 over number u64, generation u32, salt u64 of each of them in their order
//	 64  8  base: the sequence from which values count, that of ordinal 0 of the first segment
//	 72  8  span: the last sequence of the last segment is base + span - 1; at most 2^32
//	 80  8  size of the file in bytes
//	 88 40  counts of the lists, 5 of 8
//	128     zeros
//	4092 4  CRC32C of the 4092 bytes before it
//
// The lists lie as in a footer's section (links.go), but that each piece begins at a multiple of 4096 and the first one at
// 4096. Block sums are CRC32C of each 4096 bytes of the lists, 4 bytes each. docs/format/run.md is the whole story.
//
// A Run is open, then closed: Close refuses further readers, waits for those that there are, and lets go of the mapping.

package index

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/crc32"

	"github.com/batpak/batpak/internal/checked"
	"github.com/batpak/batpak/internal/fault"
	"github.com/batpak/batpak/internal/pin"
)

const (
	runMagic      = "BATPAKRN"
	runVersion    = 2 // as of the lists in it, see linksVersion
	runHeaderSize = 4096
	runAlign      = checked.BlockSize // of the pieces, so that no block has parts of two
	runCRCAt      = runHeaderSize - 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrForeign says that a run belongs to another store.
var ErrForeign = errors.New("of another store")

// errRunClosed says that a run was closed: because another has taken its place in [Index.Runs], or with the store.
var errRunClosed = errors.New("index: run is closed")

// RunError says why a file is not a run that can be used.
type RunError struct {
	Problem string
	kind    error
}

// Error names the problem.
func (e *RunError) Error() string { return "index: run: " + e.Problem }

// Is reports whether target is what is wrong: [checked.ErrDamaged], [ErrVersion] or [ErrForeign].
func (e *RunError) Is(target error) bool { return target == e.kind }

// RunInfo says what a run covers.
type RunInfo struct {
	Origin       [16]byte // of the store
	First, Last  uint64   // numbers of the first and the last segment
	Segments     uint64   // how many segments are covered; 1 or more
	Identities   uint64   // hash over the identities of the segments
	Base         uint64   // the first sequence of the first segment
	LastSequence uint64   // the last sequence of the last segment; Base - 1 if there is none
	Entries      uint64   // of all lists
	Size         int64    // of the file, in bytes
}

// Run is a run file. All methods may be called concurrently.
type Run struct {
	info  RunInfo
	body  runBody
	sums  int64              // where the block sums begin in the file
	bring func(from, to int) // nil: nothing needs to be brought in
	pin   *pin.Pin
}

// OpenRun returns the run that stands in data, a whole file, mapped or not. bring, if given, is called with ranges of
// bytes that are about to be read for the first time. release is called once, by [Run.Close]; it is not called when an
// error is returned.
//
// The header is all that is looked at. The error is a *[RunError], or [fault.ErrMapFault].
func OpenRun(data []byte, origin [16]byte, bring func(from, to int), release func() error) (*Run, error) {
	if len(data) < runHeaderSize {
		return nil, &RunError{fmt.Sprintf("has %d bytes, less than a header", len(data)), checked.ErrDamaged}
	}
	var header [runHeaderSize]byte
	if err := fault.Copy(header[:], data); err != nil {
		return nil, err
	}
	info, counts, err := parseRunHeader(&header)
	if err != nil {
		return nil, err
	}
	if info.Origin != origin {
		return nil, &RunError{fmt.Sprintf("is of the store with origin %x", info.Origin), ErrForeign}
	}
	places, end, ok := layOut(counts, 0, runAlign)
	if size := runSize(end); !ok || info.Size != size || int64(len(data)) != size {
		return nil, &RunError{fmt.Sprintf("has %d bytes, its header says %d and its lists take %d", len(data), info.Size, size), checked.ErrDamaged}
	}
	sums := runHeaderSize + end
	body, err := checked.New(data[runHeaderSize:sums:sums], data[sums:], bringRun(bring, int(sums), len(data)))
	if err != nil {
		return nil, err
	}
	all, err := body.Range(0, end)
	if err != nil {
		return nil, err
	}
	return &Run{
		info: info,
		body: runBody{data: all, base: info.Base, span: info.LastSequence + 1 - info.Base, lists: places},
		sums: sums, bring: bring,
		pin: pin.New(release),
	}, nil
}

// runSize returns the size of a file whose lists take so many bytes.
func runSize(body int64) int64 { return runHeaderSize + body + checked.SumsSize(body) }

// bringRun makes a function for ranges of the lists of one for ranges of the file, which also asks for the checksums.
func bringRun(bring func(from, to int), sums, size int) func(from, to int) {
	if bring == nil {
		return nil
	}
	return func(from, to int) {
		bring(runHeaderSize+from, runHeaderSize+to)
		bring(sums+from/checked.BlockSize*4, min(sums+(to+checked.BlockSize-1)/checked.BlockSize*4, size))
	}
}

// parseRunHeader reads a header. The version is judged first: another one may place the CRC elsewhere.
func parseRunHeader(p *[runHeaderSize]byte) (info RunInfo, counts [lists]uint64, err error) {
	if string(p[:8]) != runMagic {
		return info, counts, &RunError{"has no header of a run", checked.ErrDamaged}
	}
	if version := binary.LittleEndian.Uint32(p[8:]); version != runVersion {
		return info, counts, &RunError{fmt.Sprintf("has version %d, want %d", version, runVersion), ErrVersion}
	}
	if crc32.Checksum(p[:runCRCAt], castagnoli) != binary.LittleEndian.Uint32(p[runCRCAt:]) {
		return info, counts, &RunError{"has a header whose checksum is wrong", checked.ErrDamaged}
	}
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(p[at:]) }
	info = RunInfo{
		Origin: [16]byte(p[16:32]), First: u64(32), Last: u64(40), Segments: u64(48), Identities: u64(56),
		Base: u64(64), LastSequence: u64(64) + u64(72) - 1, Size: int64(u64(80)),
	}
	if span := u64(72); info.Base == 0 || span > maxSpan || info.Base > math.MaxUint64-span {
		return info, counts, &RunError{fmt.Sprintf("covers %d sequences from %d", span, info.Base), checked.ErrDamaged}
	}
	if info.Segments == 0 || info.Last < info.First || info.Segments-1 > info.Last-info.First {
		return info, counts, &RunError{fmt.Sprintf("covers %d segments, %d to %d", info.Segments, info.First, info.Last), checked.ErrDamaged}
	}
	counts = readCounts(p[88:])
	for _, count := range counts {
		info.Entries += count
	}
	return info, counts, nil
}

// encodeRunHeader is the reverse of parseRunHeader.
func encodeRunHeader(info *RunInfo, counts [lists]uint64) *[runHeaderSize]byte {
	p := new([runHeaderSize]byte)
	copy(p[:], runMagic)
	binary.LittleEndian.PutUint32(p[8:], runVersion)
	copy(p[16:], info.Origin[:])
	for i, v := range [...]uint64{
		info.First, info.Last, info.Segments, info.Identities,
		info.Base, info.LastSequence + 1 - info.Base, uint64(info.Size),
	} {
		binary.LittleEndian.PutUint64(p[32+8*i:], v)
	}
	putCounts(p[88:], counts)
	binary.LittleEndian.PutUint32(p[runCRCAt:], crc32.Checksum(p[:runCRCAt], castagnoli))
	return p
}

// identitiesOf returns the hash over the identities of the segments of parts.
func identitiesOf(parts []*Part) uint64 {
	var d xxhash.Digest
	d.Reset()
	var p [20]byte
	for _, part := range parts {
		binary.LittleEndian.PutUint64(p[:], part.Segment.Number)
		binary.LittleEndian.PutUint32(p[8:], part.Segment.Generation)
		binary.LittleEndian.PutUint64(p[12:], part.Segment.Salt)
		_, _ = d.Write(p[:]) // never fails
	}
	return d.Sum64()
}

// Info says what the run covers.
func (r *Run) Info() RunInfo { return r.info }

// Covers reports whether the run lists the events of the part. It is to be asked about the parts of the index whose
// [Index.Runs] has the run: of those, it covers all from its first to its last segment.
func (r *Run) Covers(p *Part) bool {
	return p.Segment.Number >= r.info.First && p.Segment.Number <= r.info.Last
}

// Matches reports whether exactly these parts, all of them sealed, are what the run covers.
func (r *Run) Matches(parts []*Part) bool {
	if uint64(len(parts)) != r.info.Segments || identitiesOf(parts) != r.info.Identities {
		return false
	}
	end := uint64(0)
	for _, p := range parts {
		var sealed bool
		if end, sealed = p.end(); !sealed {
			return false
		}
	}
	return parts[0].Segment.Number == r.info.First && parts[len(parts)-1].Segment.Number == r.info.Last &&
		parts[0].First == r.info.Base && end == r.info.LastSequence+1
}

// end returns the sequence behind the last one of a part that has a table; false: it has none.
func (p *Part) end() (sequence uint64, sealed bool) {
	if _, table := p.source(); table != nil {
		return p.First + uint64(table.Events()), true
	}
	return 0, false
}

// Close refuses readers from now on, waits for those that there are, and returns what releasing the bytes returned. It
// may be called again and returns the same.
func (r *Run) Close() error { return r.pin.Close() }

// read runs a function that reads the run's bytes, with the run held and faults made errors. errRunClosed: the run was
// replaced in [Index.Runs], or the store is closed.
func (r *Run) read(fn func()) error {
	if !r.pin.Hold() {
		return errRunClosed
	}
	defer r.pin.Let()
	return fault.Guard(fn)
}

// lookup appends the sequences of a hash to dst, ascending. It is called inside read, panics for a type
// that has no list, and returns a *[checked.DamageError] if what it reads is damaged, with dst as it was.
func (r *Run) lookup(dst []uint64, t Type, hash uint64) ([]uint64, error) {
	return r.body.lookup(dst, t, hash)
}
