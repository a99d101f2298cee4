// This file holds the encoding of maps, whose pairs stand in the order of their keys.

package payload

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
)

// appendStringMap encodes a map with string keys, in the order of the keys' bytes.
func appendStringMap[V any](dst []byte, m map[string]V, s state, appendValue func([]byte, V, state) ([]byte, *EncodeError)) ([]byte, *EncodeError) {
	if m == nil {
		return append(dst, 0xc0), nil
	}
	inside, err := s.enter(dst, len(m))
	if err != nil {
		return dst, err.of(m).through(reflect.ValueOf(m).Pointer(), 0)
	}
	dst = appendMapHead(dst, len(m))
	var room [16]string
	keys := room[:0]
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if dst, err = appendString(dst, key); err == nil {
			dst, err = appendValue(dst, m[key], inside)
		}
		if err != nil {
			return dst, err.in(mapElement).through(reflect.ValueOf(m).Pointer(), 0)
		}
		if len(dst) > s.limit {
			return dst, tooLarge().of(m)
		}
	}
	return dst, nil
}

// encodeCommonMap encodes a map of a type that appendAny knows.
func (p *plan) encodeCommonMap(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError) {
	return appendAny(dst, v.Interface(), s)
}

// pair is one pair of a map with its key encoded.
type pair struct {
	key   []byte // encoded
	text  []byte // content of the key, if it is a string
	value reflect.Value
}

// encodeMap encodes any map: keys that are no strings first, in the order of their encodings, then
// strings, in the order of their bytes.
func (p *plan) encodeMap(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError) {
	if v.IsNil() {
		return append(dst, 0xc0), nil
	}
	inside, err := s.enter(dst, v.Len())
	if err != nil {
		return dst, p.named(err).through(v.Pointer(), 0)
	}
	pairs, err := p.sortedPairs(v, inside)
	if err != nil {
		return dst, err.through(v.Pointer(), 0)
	}
	dst = appendMapHead(dst, len(pairs))
	for i := range pairs {
		dst = append(dst, pairs[i].key...)
		if dst, err = p.elem.encode(dst, pairs[i].value, inside); err != nil {
			return dst, err.in(mapElement).through(v.Pointer(), 0)
		}
		if len(dst) > s.limit {
			return dst, p.named(tooLarge())
		}
	}
	return dst, nil
}

func (p *plan) sortedPairs(v reflect.Value, inside state) ([]pair, *EncodeError) {
	pairs := make([]pair, 0, v.Len())
	inside.limit = MaxSize
	var keys []byte
	for iter := v.MapRange(); iter.Next(); {
		begin := len(keys)
		var err *EncodeError
		if keys, err = p.key.encode(keys, iter.Key(), inside); err != nil {
			return nil, err.in(mapElement)
		}
		key := keys[begin:len(keys):len(keys)] // stays as it is when keys moves
		h := parseHead(key)
		if !h.isKey() {
			return nil, (&EncodeError{
				Type:    p.typ.String(),
				Problem: "a key encodes as " + h.kind.String() + ", want a string, bytes, an integer or a bool",
			}).in(mapElement)
		}
		one := pair{key: key, value: iter.Value()}
		if h.kind == kindString {
			one.text = key[h.size:]
		}
		pairs = append(pairs, one)
		if len(keys) > MaxSize {
			return nil, p.named(tooLarge())
		}
	}
	slices.SortFunc(pairs, comparePairs)
	for i := 1; i < len(pairs); i++ {
		if bytes.Equal(pairs[i].key, pairs[i-1].key) {
			return nil, (&EncodeError{Type: p.typ.String(), Problem: "two keys have the same encoding"}).in(mapElement)
		}
	}
	return pairs, nil
}

func comparePairs(a, b pair) int {
	if a.text == nil || b.text == nil {
		return cmp.Or(compareBool(a.text != nil, b.text != nil), bytes.Compare(a.key, b.key))
	}
	return bytes.Compare(a.text, b.text)
}

// isKey reports whether a value may be the key of a map: something that is compared as a whole.
func (h *head) isKey() bool {
	switch h.kind {
	case kindBool, kindUint, kindInt, kindString, kindBytes:
		return true
	}
	return false
}
