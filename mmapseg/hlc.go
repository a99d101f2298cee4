package mmapseg

import "encoding/binary"

// HLC returns the hybrid logical clock of an event frame without decoding it:
// milliseconds since the Unix epoch, and the counter within the millisecond.
func (f *Frame) HLC() (wall uint64, counter uint32) {
	bits := f.Bytes[66]
	if bits&fieldImported == 0 {
		id := f.ID()
		return id.Wall(), id.Counter()
	}
	at := eventFixed + int(assignedSize[bits&15]) - 12
	if at+12 > len(f.Bytes) {
		return 0, 0 // an unchecked frame
	}
	return binary.LittleEndian.Uint64(f.Bytes[at:]), binary.LittleEndian.Uint32(f.Bytes[at+8:])
}
