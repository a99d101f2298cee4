// This file holds the MessagePack format: heads of values, written and read.
//
// A value is a head and, for strings, bytes and extensions, its data; for arrays and maps, the values
// inside. The head is one byte, then 0 to 8 bytes of length or number, big-endian, then for
// extensions one byte of type:
//
//	00-7f positive integer   80-8f map            90-9f array     a0-bf string
//	c0    nil                c2 c3 bool           c4 c5 c6 bytes  c7 c8 c9 extension
//	ca cb float              cc-cf unsigned       d0-d3 signed    d4-d8 extension of 1 to 16 bytes
//	d9 da db string          dc dd array          de df map       e0-ff negative integer

package payload

import (
	"encoding/binary"
	"math"
	"time"
)

// MaxDepth is the largest number of arrays and maps that may lie within each other, the outermost
// counted.
const MaxDepth = 100

// MaxSize is the largest encoded payload in bytes.
const MaxSize = 64 << 20

// timeExtension is the type that MessagePack reserves for timestamps.
const timeExtension = -1

// Extension is a value of a type that MessagePack leaves to applications. Types below 0 belong to
// MessagePack; -1 is a timestamp and appears as time.Time.
type Extension struct {
	Type int8
	Data []byte
}

// kind is what sort of value a head announces.
type kind uint8

const (
	kindInvalid kind = iota
	kindNil
	kindBool
	kindUint
	kindInt // negative
	kindFloat32
	kindFloat64
	kindString
	kindBytes
	kindArray
	kindMap
	kindExtension
)

// String names the kind in errors.
func (k kind) String() string {
	return [...]string{
		"invalid", "nil", "bool", "integer", "negative integer", "float", "float", "string", "bytes",
		"array", "map", "extension",
	}[k]
}

// withArticle names the kind in a sentence.
func (k kind) withArticle() string {
	switch k {
	case kindNil, kindBytes:
		return k.String()
	case kindUint, kindArray, kindExtension:
		return "an " + k.String()
	}
	return "a " + k.String()
}

// head is the beginning of one value.
type head struct {
	kind      kind
	extension int8   // type of an extension
	size      int    // bytes of the head itself
	length    int    // bytes of data, elements of an array, pairs of a map
	bits      uint64 // the number, or 1 for true
}

// data returns how many bytes of data follow the head.
func (h *head) data() int {
	switch h.kind {
	case kindString, kindBytes, kindExtension:
		return h.length
	}
	return 0
}

// wide describes the heads 0xc4 to 0xdf: what they announce, how many bytes of length or number
// follow, and the length of the data where the head fixes it.
var wide = [...]struct {
	kind  kind
	bytes uint8
	fixed uint8
}{
	{kindBytes, 1, 0}, {kindBytes, 2, 0}, {kindBytes, 4, 0},
	{kindExtension, 1, 0}, {kindExtension, 2, 0}, {kindExtension, 4, 0},
	{kindFloat32, 4, 0}, {kindFloat64, 8, 0},
	{kindUint, 1, 0}, {kindUint, 2, 0}, {kindUint, 4, 0}, {kindUint, 8, 0},
	{kindInt, 1, 0}, {kindInt, 2, 0}, {kindInt, 4, 0}, {kindInt, 8, 0},
	{kindExtension, 0, 1}, {kindExtension, 0, 2}, {kindExtension, 0, 4}, {kindExtension, 0, 8}, {kindExtension, 0, 16},
	{kindString, 1, 0}, {kindString, 2, 0}, {kindString, 4, 0},
	{kindArray, 2, 0}, {kindArray, 4, 0},
	{kindMap, 2, 0}, {kindMap, 4, 0},
}

// parseHead reads the head at the front of b. Its kind is invalid if b is cut short in the head, or
// begins with the one byte that MessagePack never uses.
func parseHead(b []byte) head {
	if len(b) == 0 {
		return head{}
	}
	switch first := b[0]; {
	case first < 0x80:
		return head{kind: kindUint, size: 1, bits: uint64(first)}
	case first < 0x90:
		return head{kind: kindMap, size: 1, length: int(first & 0x0f)}
	case first < 0xa0:
		return head{kind: kindArray, size: 1, length: int(first & 0x0f)}
	case first < 0xc0:
		return head{kind: kindString, size: 1, length: int(first & 0x1f)}
	case first == 0xc0:
		return head{kind: kindNil, size: 1}
	case first == 0xc1:
		return head{}
	case first < 0xc4:
		return head{kind: kindBool, size: 1, bits: uint64(first & 1)}
	case first >= 0xe0:
		return head{kind: kindInt, size: 1, bits: uint64(int64(int8(first)))}
	}
	return parseWide(b)
}

func parseWide(b []byte) head {
	shape := wide[b[0]-0xc4]
	h := head{kind: shape.kind, size: 1 + int(shape.bytes), length: int(shape.fixed)}
	if shape.kind == kindExtension {
		h.size++
	}
	if len(b) < h.size {
		return head{}
	}
	switch shape.bytes {
	case 1:
		h.bits = uint64(b[1])
	case 2:
		h.bits = uint64(binary.BigEndian.Uint16(b[1:]))
	case 4:
		h.bits = uint64(binary.BigEndian.Uint32(b[1:]))
	case 8:
		h.bits = binary.BigEndian.Uint64(b[1:])
	}
	switch shape.kind {
	case kindInt:
		unused := 64 - 8*uint(shape.bytes)
		signed := int64(h.bits<<unused) >> unused
		h.bits = uint64(signed)
		if signed >= 0 {
			h.kind = kindUint
		}
	case kindExtension:
		h.extension = int8(b[h.size-1])
		h.length += int(min(h.bits, math.MaxInt32))
	case kindString, kindBytes, kindArray, kindMap:
		// A length that does not fit an int of 32 bits is never backed by data either.
		h.length = int(min(h.bits, math.MaxInt32))
	}
	return h
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 0xc3)
	}
	return append(dst, 0xc2)
}

// appendUint writes the shortest form.
func appendUint(dst []byte, v uint64) []byte {
	switch {
	case v < 0x80:
		return append(dst, byte(v))
	case v <= math.MaxUint8:
		return append(dst, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), v)
}

// appendInt writes the shortest form, which for positive numbers is that of appendUint.
func appendInt(dst []byte, v int64) []byte {
	switch {
	case v >= 0:
		return appendUint(dst, uint64(v))
	case v >= -32:
		return append(dst, byte(v))
	case v >= math.MinInt8:
		return append(dst, 0xd0, byte(v))
	case v >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(v))
	case v >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(v))
}

func appendFloat32(dst []byte, v float32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, 0xca), math.Float32bits(v))
}

func appendFloat64(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v))
}

func appendStringHead(dst []byte, length int) []byte {
	switch {
	case length < 32:
		return append(dst, 0xa0|byte(length))
	case length <= math.MaxUint8:
		return append(dst, 0xd9, byte(length))
	case length <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xda), uint16(length))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xdb), uint32(length))
}

func appendBytesHead(dst []byte, length int) []byte {
	switch {
	case length <= math.MaxUint8:
		return append(dst, 0xc4, byte(length))
	case length <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xc5), uint16(length))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(length))
}

func appendArrayHead(dst []byte, length int) []byte {
	switch {
	case length < 16:
		return append(dst, 0x90|byte(length))
	case length <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xdc), uint16(length))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xdd), uint32(length))
}

func appendMapHead(dst []byte, length int) []byte {
	switch {
	case length < 16:
		return append(dst, 0x80|byte(length))
	case length <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xde), uint16(length))
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xdf), uint32(length))
}

func appendExtensionHead(dst []byte, extension int8, length int) []byte {
	switch {
	case length == 1:
		dst = append(dst, 0xd4)
	case length == 2:
		dst = append(dst, 0xd5)
	case length == 4:
		dst = append(dst, 0xd6)
	case length == 8:
		dst = append(dst, 0xd7)
	case length == 16:
		dst = append(dst, 0xd8)
	case length <= math.MaxUint8:
		dst = append(dst, 0xc7, byte(length))
	case length <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xc8), uint16(length))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xc9), uint32(length))
	}
	return append(dst, byte(extension))
}

// appendTime writes a timestamp in the shortest of MessagePack's three forms: 4 bytes of seconds,
// 30 bits of nanoseconds and 34 of seconds, or 4 bytes of nanoseconds and 8 of seconds.
func appendTime(dst []byte, t time.Time) []byte {
	seconds, nanoseconds := t.Unix(), uint64(t.Nanosecond())
	switch {
	case seconds>>34 != 0: // also true for times before 1970
		dst = appendExtensionHead(dst, timeExtension, 12)
		dst = binary.BigEndian.AppendUint32(dst, uint32(nanoseconds))
		return binary.BigEndian.AppendUint64(dst, uint64(seconds))
	case nanoseconds != 0 || seconds > math.MaxUint32:
		dst = appendExtensionHead(dst, timeExtension, 8)
		return binary.BigEndian.AppendUint64(dst, nanoseconds<<34|uint64(seconds))
	}
	dst = appendExtensionHead(dst, timeExtension, 4)
	return binary.BigEndian.AppendUint32(dst, uint32(seconds))
}

// parseTime reads the data of a timestamp. It is false for another length, and for nanoseconds of a
// second or more.
func parseTime(data []byte) (time.Time, bool) {
	var seconds int64
	var nanoseconds uint64
	switch len(data) {
	case 4:
		seconds = int64(binary.BigEndian.Uint32(data))
	case 8:
		both := binary.BigEndian.Uint64(data)
		seconds, nanoseconds = int64(both&(1<<34-1)), both>>34
	case 12:
		nanoseconds = uint64(binary.BigEndian.Uint32(data))
		seconds = int64(binary.BigEndian.Uint64(data[4:]))
	default:
		return time.Time{}, false
	}
	if nanoseconds > 999_999_999 {
		return time.Time{}, false
	}
	return time.Unix(seconds, int64(nanoseconds)).UTC(), true
}
