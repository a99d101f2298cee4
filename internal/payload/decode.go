// This file holds decoding by codec, and the state of decoding MessagePack.

package payload

import (
	"encoding"
	"reflect"
	"strconv"
)

// Bounds of the memory that a decoded value may take: Go values can be far larger than their
// encoding, since a nil of one byte can stand for a large array. Generic values never reach the
// bound: the worst of them, maps of one pair inside each other, take 168 bytes per byte.
const (
	freeMemory    = 64 << 20 // bytes that any value may take
	memoryPerByte = 192      // bytes that it may take for each byte of its encoding, if that is more
)

// Decode decodes b, which is encoded by the codec, into the variable that into points to. Whatever
// stands there shares no memory with b. The rules of decoding MessagePack are in the package
// documentation. Bytes that follow the value are refused. Every error is a [DecodeError]; parts of
// the variable may have been set by then.
func Decode(codec Codec, b []byte, into any) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return &DecodeError{Codec: codec, Problem: "into is not a pointer, or nil"}
	}
	switch codec {
	case Raw:
		return decodeRaw(b, into)
	case JSON:
		return decodeJSON(b, into)
	case MessagePack:
		return decodeMessagePack(b, target.Elem())
	}
	return &DecodeError{Codec: codec, Problem: "unknown codec"}
}

// Generic decodes b, which is encoded by the codec, into a value of the kind that JSON knows: nil,
// bool, string, int64, uint64 where int64 is too small, float64, []any, map[string]any, and beside
// these []byte, time.Time and [Extension]. Keys of maps that are integers, bools or bytes become
// decimal numbers, "true" or "false", and hex digits. Raw bytes are a []byte. Bounds and errors are
// those of [Decode].
func Generic(codec Codec, b []byte) (any, error) {
	switch codec {
	case Raw:
		return append([]byte{}, b...), nil
	case JSON:
		return genericJSON(b)
	}
	var v any
	err := Decode(codec, b, &v)
	return v, err
}

// decodeRaw copies raw bytes into what can hold them.
func decodeRaw(b []byte, into any) error {
	switch into := into.(type) {
	case *[]byte:
		*into = append([]byte{}, b...)
	case *any:
		*into = append([]byte{}, b...)
	case encoding.BinaryUnmarshaler:
		call := func(_ any, b []byte) error { return into.UnmarshalBinary(b) }
		if err := guardedUnmarshal(reflect.ValueOf(into).Elem(), "UnmarshalBinary", b, call); err != nil {
			err.Codec = Raw
			return err
		}
	default:
		return &DecodeError{
			Codec: Raw, Type: reflect.TypeOf(into).String(),
			Problem: "raw bytes need a *[]byte or an encoding.BinaryUnmarshaler",
		}
	}
	return nil
}

// decodeMessagePack checks all of b before it allocates anything for it.
func decodeMessagePack(b []byte, target reflect.Value) error {
	if problem := one(b); problem != "" {
		return &DecodeError{Codec: MessagePack, Problem: problem}
	}
	d := decoder{b: b, memory: max(freeMemory, memoryPerByte*int64(len(b)))}
	if err := planFor(target.Type()).decode(&d, target); err != nil {
		err.Path = err.trail.path()
		return err
	}
	return nil
}

// decoder reads MessagePack that scan has found to be well-formed.
type decoder struct {
	b      []byte
	offset int   // of the next value
	memory int64 // bytes that may still be allocated
}

// head returns the head of the next value without passing it.
func (d *decoder) head() head { return parseHead(d.b[d.offset:]) }

// pass goes on behind a head.
func (d *decoder) pass(h head) { d.offset += h.size }

// data goes on behind a string, bytes or an extension and returns its data, a part of d.b.
func (d *decoder) data(h head) []byte {
	begin := d.offset + h.size
	d.offset = begin + h.length
	return d.b[begin:d.offset:d.offset]
}

// skip goes on behind the next value, whatever it is.
func (d *decoder) skip() {
	end, _ := scan(d.b[d.offset:], MaxDepth)
	d.offset += end
}

// take asks for the memory of n elements of a size in bytes.
func (d *decoder) take(n int, size uintptr) *DecodeError {
	if n > 0 && int64(size) > d.memory/int64(n) {
		return &DecodeError{
			Codec: MessagePack,
			Problem: "the value would take more than " + strconv.Itoa(freeMemory>>20) + " MiB and more than " +
				strconv.Itoa(memoryPerByte) + " bytes per byte of its encoding",
		}
	}
	d.memory -= int64(n) * int64(size)
	return nil
}

// mismatch says that a value does not fit the Go type.
func mismatch(h head, v reflect.Value) *DecodeError {
	return &DecodeError{Codec: MessagePack, Type: v.Type().String(), Problem: "the payload holds " + h.kind.withArticle() + " here"}
}

// tooSmall says that a number is out of the Go type's range.
func tooSmall(h head, v reflect.Value) *DecodeError {
	return &DecodeError{Codec: MessagePack, Type: v.Type().String(), Problem: "the payload holds " + h.kind.withArticle() + " out of its range here"}
}
