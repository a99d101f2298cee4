// This file holds the forging of footers: sections are changed and every checksum is made right again.

package recovery_test

import (
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// The types of sections.
const (
	pointsSection  = 1
	checksSection  = 5
	controlSection = 4
	rangeSection   = 2
)

// footerImage is the footer at the end of a segment's image.
type footerImage []byte

func (b footerImage) trailer() []byte { return b[len(b)-96:] }

// entry returns the directory's entry of a section.
func (b footerImage) entry(kind uint32) []byte {
	le := binary.LittleEndian
	at := le.Uint64(b.trailer()[16:])
	for range le.Uint32(b.trailer()[12:]) {
		if le.Uint32(b[at:]) == kind {
			return b[at : at+32]
		}
		at += 32
	}
	return nil
}

// offset returns where a section begins.
func (b footerImage) offset(kind uint32) int64 {
	return int64(binary.LittleEndian.Uint64(b.entry(kind)[8:]))
}

// section returns the bytes of a section.
func (b footerImage) section(kind uint32) []byte {
	at := b.offset(kind)
	return b[at : at+int64(binary.LittleEndian.Uint64(b.entry(kind)[16:]))]
}

// resum makes the checksums right again, of the sections that are verified at opening.
func (b footerImage) resum(t testing.TB) {
	t.Helper()
	le, table := binary.LittleEndian, crc32.MakeTable(crc32.Castagnoli)
	for _, kind := range []uint32{checksSection, controlSection, rangeSection} {
		le.PutUint32(b.entry(kind)[24:], crc32.Checksum(b.section(kind), table))
	}
	trailer := b.trailer()
	le.PutUint32(trailer[52:], crc32.Checksum(b[le.Uint64(trailer[16:]):len(b)-96], table))
	le.PutUint32(trailer[92:], crc32.Update(uint32(salt(b)), table, trailer[:92]))
}
