// This file holds the decoding of MessagePack maps into Go maps and structs.

package payload

import (
	"reflect"
	"sort"
)

// What a Go map takes in bytes: itself, and up to 8 pairs in one group; beyond that tables that are
// at least 7/16 full, with a byte for each slot and some for each table.
const (
	mapSize      = 48
	mapGroup     = 8
	mapGroupSize = 32
	mapPairSize  = 16
)

// decodeMap replaces the map by a new one.
func (p *plan) decodeMap(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
		d.pass(h)
		return nil
	case kindMap:
	default:
		return mismatch(h, v)
	}
	if err := d.takeMap(h.length, p.key.typ.Size()+p.elem.typ.Size()); err != nil {
		return err
	}
	d.pass(h)
	m := reflect.MakeMapWithSize(p.typ, h.length)
	v.Set(m)
	key, value := reflect.New(p.key.typ).Elem(), reflect.New(p.elem.typ).Elem()
	for range h.length {
		key.SetZero()
		value.SetZero()
		if err := p.decodeKey(d, key); err != nil {
			return err.in(mapElement)
		}
		if err := p.elem.decode(d, value); err != nil {
			return err.in(mapElement)
		}
		before := m.Len()
		m.SetMapIndex(key, value)
		if m.Len() == before {
			return repeatedKey(p.typ)
		}
	}
	return nil
}

// takeMap asks for the memory of a map of n pairs, each of a size in bytes.
func (d *decoder) takeMap(n int, size uintptr) *DecodeError {
	if err := d.take(1, mapSize); err != nil || n == 0 {
		return err
	}
	if n <= mapGroup {
		return d.take(1, mapGroupSize+mapGroup*size)
	}
	return d.take(n, mapPairSize+2*size+size/2)
}

// decodeKey decodes a key, which must be something that Go can compare.
func (p *plan) decodeKey(d *decoder, key reflect.Value) *DecodeError {
	h := d.head()
	if !h.isKey() || h.kind == kindBytes && p.key.typ.Kind() == reflect.Interface {
		return badKey(h, p.typ.String())
	}
	return p.key.decode(d, key)
}

func badKey(h head, typ string) *DecodeError {
	return &DecodeError{Codec: MessagePack, Type: typ, Problem: "the payload holds " + h.kind.withArticle() + " as the key of a map"}
}

func repeatedKey(t reflect.Type) *DecodeError {
	return &DecodeError{Codec: MessagePack, Type: t.String(), Problem: "the payload holds two equal keys in one map"}
}

// decodeStruct sets the fields that the payload names. Names without a field are passed over, fields
// without a name in the payload stay as they are, and of a repeated name the last one counts.
func (p *plan) decodeStruct(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
		d.pass(h)
		return nil
	case kindMap:
	default:
		return mismatch(h, v)
	}
	d.pass(h)
	next := 0 // the field that comes next if the payload names all of them in order
	for range h.length {
		name := d.head()
		if name.kind != kindString && name.kind != kindBytes {
			if !name.isKey() {
				return badKey(name, p.typ.String())
			}
			d.skip() // no field has such a name
			d.skip()
			continue
		}
		at := p.findField(d.data(name), next)
		if at < 0 {
			d.skip()
			continue
		}
		next = at + 1
		if err := p.fields[at].decode(d, v); err != nil {
			return err.in(fieldElement(p.fields[at].name))
		}
	}
	return nil
}

// findField returns the place of the field with the name, or -1. It looks at place next first.
func (p *plan) findField(name []byte, next int) int {
	if next < len(p.fields) && p.fields[next].name == string(name) {
		return next
	}
	at := sort.Search(len(p.fields), func(i int) bool { return p.fields[i].name >= string(name) })
	if at < len(p.fields) && p.fields[at].name == string(name) {
		return at
	}
	return -1
}

// decode decodes into the field of a struct, making embedded structs on the way that are nil.
func (f *field) decode(d *decoder, v reflect.Value) *DecodeError {
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return &DecodeError{
						Codec: MessagePack, Type: v.Type().String(),
						Problem: "an embedded pointer to an unexported type is nil and cannot be set",
					}
				}
				if err := d.take(1, v.Type().Elem().Size()); err != nil {
					return err
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return f.plan.decode(d, v)
}
