// This file holds decoding MessagePack into generic values.

package payload

import (
	"encoding/hex"
	"math"
	"strconv"
)

// Sizes that generic values take at most, in bytes.
const (
	anySize    = 16 // an element of an array, the value of a pair
	numberSize = 8
	stringSize = 16 // without the bytes
	sliceSize  = 24 // without the elements
)

// generic decodes the next value.
func (d *decoder) generic() (any, *DecodeError) {
	h := d.head()
	switch h.kind {
	case kindArray:
		return d.genericArray(h)
	case kindMap:
		return d.genericMap(h)
	case kindString, kindBytes, kindExtension:
		return d.genericData(h)
	}
	d.pass(h)
	switch h.kind {
	case kindNil:
		return nil, nil
	case kindBool:
		return h.bits == 1, nil
	}
	if err := d.take(1, numberSize); err != nil {
		return nil, err
	}
	switch h.kind {
	case kindUint:
		if h.bits > math.MaxInt64 {
			return h.bits, nil
		}
		return int64(h.bits), nil
	case kindInt:
		return int64(h.bits), nil
	}
	f, _ := h.float()
	return f, nil
}

func (d *decoder) genericData(h head) (any, *DecodeError) {
	if err := d.take(1, sliceSize); err != nil { // a string or a time takes no more
		return nil, err
	}
	if h.kind == kindExtension && h.extension == timeExtension {
		if t, ok := parseTime(d.data(h)); ok {
			return t, nil
		}
		return nil, badTime()
	}
	if h.kind == kindExtension {
		return d.extension(h)
	}
	if err := d.take(h.length, 1); err != nil {
		return nil, err
	}
	if h.kind == kindString {
		return string(d.data(h)), nil
	}
	return append([]byte{}, d.data(h)...), nil
}

func (d *decoder) genericArray(h head) (any, *DecodeError) {
	if err := d.take(1, sliceSize); err != nil {
		return nil, err
	}
	if err := d.take(h.length, anySize); err != nil {
		return nil, err
	}
	d.pass(h)
	array := make([]any, h.length)
	for i := range array {
		var err *DecodeError
		if array[i], err = d.generic(); err != nil {
			return nil, err.in(indexElement(i))
		}
	}
	return array, nil
}

func (d *decoder) genericMap(h head) (any, *DecodeError) {
	if err := d.takeMap(h.length, stringSize+anySize); err != nil {
		return nil, err
	}
	d.pass(h)
	m := make(map[string]any, h.length)
	for range h.length {
		key, err := d.genericKey()
		if err != nil {
			return nil, err.in(mapElement)
		}
		if _, repeated := m[key]; repeated {
			return nil, &DecodeError{Codec: MessagePack, Problem: "the payload holds two keys in one map that are equal as strings"}
		}
		if m[key], err = d.generic(); err != nil {
			return nil, err.in(mapElement)
		}
	}
	return m, nil
}

// genericKey decodes a key as JSON would have to write it.
func (d *decoder) genericKey() (string, *DecodeError) {
	h := d.head()
	if h.kind == kindString || h.kind == kindBytes {
		if err := d.take(h.length, 1); err != nil {
			return "", err
		}
		if h.kind == kindBytes {
			return hex.EncodeToString(d.data(h)), nil
		}
		return string(d.data(h)), nil
	}
	if !h.isKey() {
		return "", badKey(h, "")
	}
	d.pass(h)
	switch h.kind {
	case kindBool:
		return strconv.FormatBool(h.bits == 1), nil
	case kindInt:
		return strconv.FormatInt(int64(h.bits), 10), nil
	}
	return strconv.FormatUint(h.bits, 10), nil
}
