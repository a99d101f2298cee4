// The header of a segment file: who it belongs to and how to check its frames. It
// stands twice in the file's first page, at 0 and at 2048, in sectors of their own:
// without its salt no frame of the segment could be checked. The rest is zero.
//
//	 0  8   magic "BATPAKSG"
//	 8  u32 format version
//	12  u32 feature flags; a reader refuses those it does not know
//	16  u64 segment number, from 1
//	24  u32 generation: 0 as appended, higher for what a compaction wrote
//	28  u8  hashing: 0 off, 1 BLAKE3 chain
//	29  u8  checksum: 1 CRC32C
//	30  u16 zero
//	32  u64 salt
//	40  u64 size in bytes for which the file was reserved
//	48  16  origin of the store, random, kept by every copy of it
//	64  i64 time of creation, microseconds since the Unix epoch
//	72  u64 first and
//	80  u64 last number of the segments that a compaction's output replaces; 0, 0
//	88  zeros
//	508 u32 CRC32C of the 508 bytes before it

package mmapseg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

var headerMagic = [8]byte{'B', 'A', 'T', 'P', 'A', 'K', 'S', 'G'}

const (
	checksumCRC32C = 1
	headerRecord   = 512  // bytes of one copy
	headerCopy     = 2048 // offset of the second
)

// Origin is the random name that a store gets when it is created and that every
// copy of it keeps.
type Origin [16]byte

// Header is the decoded header of a segment file.
type Header struct {
	Number     uint64 // from 1
	Generation uint32 // 0: as appended
	Hashing    bool   // events carry the hash chain
	Salt       Salt
	Size       int64 // bytes reserved for the whole file
	Origin     Origin
	Created    int64 // microseconds since the Unix epoch
	// ReplacesFirst and ReplacesLast bound the segments that a compaction's
	// output stands for; 0, 0 for an appended segment.
	ReplacesFirst, ReplacesLast uint64
}

// Name returns the file name of the segment.
func (h *Header) Name() string { return FileName(h.Number, h.Generation) }

// FileName returns the name of the file that holds a segment.
func FileName(number uint64, generation uint32) string {
	return fmt.Sprintf("%020d-%05d.seg", number, generation)
}

// ParseFileName is the inverse of [FileName]; ok is false for any other name.
func ParseFileName(name string) (number uint64, generation uint32, ok bool) {
	stem, found := strings.CutSuffix(name, ".seg")
	if !found || len(stem) != 26 || stem[20] != '-' {
		return 0, 0, false
	}
	number, err := strconv.ParseUint(stem[:20], 10, 64)
	if err != nil {
		return 0, 0, false
	}
	wide, err := strconv.ParseUint(stem[21:], 10, 32)
	if err != nil || number == 0 || FileName(number, uint32(wide)) != name {
		return 0, 0, false
	}
	return number, uint32(wide), true
}

// temporarySuffix marks a file that is being made. No such file holds anything
// that was acknowledged.
const temporarySuffix = ".tmp"

// IsTemporary reports whether name is that of a segment whose making was not
// finished.
func IsTemporary(name string) bool {
	segment, found := strings.CutSuffix(name, temporarySuffix)
	if !found {
		return false
	}
	_, _, ok := ParseFileName(segment)
	return ok
}

// encode returns the header's page.
func (h *Header) encode() []byte {
	page := make([]byte, HeaderSize)
	le := binary.LittleEndian
	copy(page, headerMagic[:])
	le.PutUint32(page[8:], FormatVersion)
	le.PutUint64(page[16:], h.Number)
	le.PutUint32(page[24:], h.Generation)
	if h.Hashing {
		page[28] = 1
	}
	page[29] = checksumCRC32C
	le.PutUint64(page[32:], uint64(h.Salt))
	le.PutUint64(page[40:], uint64(h.Size))
	copy(page[48:], h.Origin[:])
	le.PutUint64(page[64:], uint64(h.Created))
	le.PutUint64(page[72:], h.ReplacesFirst)
	le.PutUint64(page[80:], h.ReplacesLast)
	le.PutUint32(page[headerRecord-4:], crc(0, page[:headerRecord-4]))
	copy(page[headerCopy:], page[:headerRecord])
	return page
}

// DecodeHeader reads the header page of the file called name: the first copy of the
// header that is sound. It returns a [CorruptError] if neither is, and a
// [VersionError] for a version or feature that this build does not know.
func DecodeHeader(name string, page []byte) (Header, error) {
	if len(page) < HeaderSize {
		return Header{}, &CorruptError{Segment: name, Offset: int64(len(page)),
			Problem: fmt.Sprintf("the file ends inside its header of %d bytes", HeaderSize)}
	}
	h, err := decodeRecord(name, page[:headerRecord])
	if err == nil {
		return h, nil
	}
	if h, e := decodeRecord(name, page[headerCopy:headerCopy+headerRecord]); e == nil {
		return h, nil
	}
	return Header{}, err
}

// HeaderMended reports whether only the second copy of the header in a page that
// [DecodeHeader] accepted is sound.
func HeaderMended(name string, page []byte) bool {
	_, err := decodeRecord(name, page[:headerRecord])
	return err != nil
}

// decodeRecord reads one copy of the header.
func decodeRecord(name string, page []byte) (Header, error) {
	damaged := func(offset int64, problem string) (Header, error) {
		return Header{}, &CorruptError{Segment: name, Offset: offset, Problem: problem}
	}
	le := binary.LittleEndian
	if !bytes.Equal(page[:8], headerMagic[:]) {
		return damaged(0, "not a segment file: wrong magic")
	}
	// The version is judged before the CRC: another version may place it elsewhere.
	if v := le.Uint32(page[8:]); v != FormatVersion {
		return Header{}, &VersionError{File: name, What: "format version", Found: uint64(v), Known: FormatVersion}
	}
	if want := le.Uint32(page[headerRecord-4:]); crc(0, page[:headerRecord-4]) != want {
		return damaged(0, "the header's checksum is wrong")
	}
	for _, field := range []struct {
		what         string
		found, known uint64
	}{
		{"feature flags", uint64(le.Uint32(page[12:])), 0},
		{"hashing", uint64(page[28]), 1},
		{"checksum", uint64(page[29]), checksumCRC32C},
	} {
		if field.found > field.known {
			return Header{}, &VersionError{File: name, What: field.what, Found: field.found, Known: field.known}
		}
	}
	h := Header{
		Number:        le.Uint64(page[16:]),
		Generation:    le.Uint32(page[24:]),
		Hashing:       page[28] == 1,
		Salt:          Salt(le.Uint64(page[32:])),
		Size:          int64(le.Uint64(page[40:])),
		Origin:        Origin(page[48:64]),
		Created:       int64(le.Uint64(page[64:])),
		ReplacesFirst: le.Uint64(page[72:]),
		ReplacesLast:  le.Uint64(page[80:]),
	}
	if number, generation, ok := ParseFileName(name); !ok || number != h.Number || generation != h.Generation {
		return damaged(16, fmt.Sprintf("the header is that of %s", h.Name()))
	}
	if h.Size < MinSize || h.Size > MaxSize || page[29] != checksumCRC32C {
		return damaged(40, fmt.Sprintf("the header gives a size of %d bytes or no checksum", h.Size))
	}
	return h, nil
}
