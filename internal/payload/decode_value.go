// This file holds the decoding of MessagePack into Go values of each kind. A nil in the payload
// makes any of them zero.

package payload

import (
	"math"
	"reflect"
	"strconv"
	"time"
)

func (p *plan) decodeBool(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
	case kindBool:
		v.SetBool(h.bits == 1)
	default:
		return mismatch(h, v)
	}
	d.pass(h)
	return nil
}

func (p *plan) decodeInt(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
	case kindUint, kindInt:
		if h.kind == kindUint && h.bits > math.MaxInt64 || v.OverflowInt(int64(h.bits)) {
			return tooSmall(h, v)
		}
		v.SetInt(int64(h.bits))
	default:
		return mismatch(h, v)
	}
	d.pass(h)
	return nil
}

func (p *plan) decodeUint(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
	case kindUint:
		if v.OverflowUint(h.bits) {
			return tooSmall(h, v)
		}
		v.SetUint(h.bits)
	case kindInt:
		return tooSmall(h, v)
	default:
		return mismatch(h, v)
	}
	d.pass(h)
	return nil
}

// decodeFloat rounds to the nearest float, as numbers in JSON are.
func (p *plan) decodeFloat(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	if h.kind == kindNil {
		v.SetZero()
		d.pass(h)
		return nil
	}
	f, ok := h.float()
	if !ok {
		return mismatch(h, v)
	}
	if v.OverflowFloat(f) {
		return tooSmall(h, v)
	}
	v.SetFloat(f)
	d.pass(h)
	return nil
}

// float returns the number that any numeric head holds.
func (h *head) float() (f float64, ok bool) {
	switch h.kind {
	case kindUint:
		return float64(h.bits), true
	case kindInt:
		return float64(int64(h.bits)), true
	case kindFloat32:
		return float64(math.Float32frombits(uint32(h.bits))), true
	case kindFloat64:
		return math.Float64frombits(h.bits), true
	}
	return 0, false
}

func (p *plan) decodeString(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
		d.pass(h)
	case kindString, kindBytes:
		if err := d.take(h.length, 1); err != nil {
			return err
		}
		v.SetString(string(d.data(h)))
	default:
		return mismatch(h, v)
	}
	return nil
}

func (p *plan) decodeByteSlice(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	if h.kind != kindString && h.kind != kindBytes {
		return p.decodeSlice(d, v)
	}
	if err := d.take(h.length, 1); err != nil {
		return err
	}
	v.SetBytes(append([]byte{}, d.data(h)...))
	return nil
}

func (p *plan) decodeByteArray(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	if h.kind != kindString && h.kind != kindBytes {
		return p.decodeArray(d, v)
	}
	if h.length != v.Len() {
		return wrongLength(h.length, v)
	}
	copy(v.Bytes(), d.data(h))
	return nil
}

func (p *plan) decodeSlice(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
		d.pass(h)
		return nil
	case kindArray:
	default:
		return mismatch(h, v)
	}
	if err := d.take(h.length, p.elem.typ.Size()); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(p.typ, h.length, h.length))
	return p.decodeElements(d, h, v)
}

func (p *plan) decodeArray(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
		d.pass(h)
		return nil
	case kindArray:
	default:
		return mismatch(h, v)
	}
	if h.length != v.Len() {
		return wrongLength(h.length, v)
	}
	return p.decodeElements(d, h, v)
}

func (p *plan) decodeElements(d *decoder, h head, v reflect.Value) *DecodeError {
	d.pass(h)
	for i := range h.length {
		if err := p.elem.decode(d, v.Index(i)); err != nil {
			return err.in(indexElement(i))
		}
	}
	return nil
}

func wrongLength(length int, v reflect.Value) *DecodeError {
	return &DecodeError{
		Codec: MessagePack, Type: v.Type().String(),
		Problem: "the payload holds " + strconv.Itoa(length) + " elements here",
	}
}

func (p *plan) decodePointer(d *decoder, v reflect.Value) *DecodeError {
	if h := d.head(); h.kind == kindNil {
		v.SetZero()
		d.pass(h)
		return nil
	}
	if v.IsNil() {
		if err := d.take(1, p.elem.typ.Size()); err != nil {
			return err
		}
		v.Set(reflect.New(p.elem.typ))
	}
	return p.elem.decode(d, v.Elem())
}

func (p *plan) decodeInterface(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	if h.kind == kindNil {
		v.SetZero()
		d.pass(h)
		return nil
	}
	if p.typ.NumMethod() != 0 {
		return mismatch(h, v)
	}
	value, err := d.generic()
	if err == nil {
		v.Set(reflect.ValueOf(value))
	}
	return err
}

func (p *plan) decodeTime(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch {
	case h.kind == kindNil:
		v.SetZero()
		d.pass(h)
	case h.kind == kindExtension && h.extension == timeExtension:
		t, ok := parseTime(d.data(h))
		if !ok {
			return badTime()
		}
		*v.Addr().Interface().(*time.Time) = t
	default:
		return mismatch(h, v)
	}
	return nil
}

func badTime() *DecodeError {
	return &DecodeError{Codec: MessagePack, Problem: "a timestamp is malformed"}
}

func (p *plan) decodeExtension(d *decoder, v reflect.Value) *DecodeError {
	h := d.head()
	switch h.kind {
	case kindNil:
		v.SetZero()
		d.pass(h)
	case kindExtension:
		extension, err := d.extension(h)
		if err != nil {
			return err
		}
		*v.Addr().Interface().(*Extension) = extension
	default:
		return mismatch(h, v)
	}
	return nil
}

func (d *decoder) extension(h head) (Extension, *DecodeError) {
	if err := d.take(h.length, 1); err != nil {
		return Extension{}, err
	}
	return Extension{Type: h.extension, Data: append([]byte{}, d.data(h)...)}, nil
}
