// This file holds types with a marshaler or an unmarshaler of their own.

package payload

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
)

// appender is implemented by code that tinylib/msgp generates: it appends one MessagePack value.
type appender interface {
	MarshalMsg(dst []byte) ([]byte, error)
}

// reader is the reverse of appender: it returns what follows the value.
type reader interface {
	UnmarshalMsg(b []byte) ([]byte, error)
}

// marshaler is implemented for vmihailenco/msgpack: it returns one MessagePack value.
type marshaler interface {
	MarshalMsgpack() ([]byte, error)
}

// unmarshaler is the reverse of marshaler.
type unmarshaler interface {
	UnmarshalMsgpack(b []byte) error
}

type (
	encodeFunc = func(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError)
	decodeFunc = func(d *decoder, v reflect.Value) *DecodeError
)

// headRoom is the longest head of bytes or a string.
const headRoom = 5

// marshalerOf returns how the values of a type are encoded by a method of theirs, or nil if there is
// none. Methods with pointer receivers count: what is encoded must not depend on whether a value
// can be addressed.
func marshalerOf(t reflect.Type) encodeFunc {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return nil
	}
	m := method{typ: t}
	switch pointer := reflect.PointerTo(t); {
	case pointer.Implements(reflect.TypeFor[appender]()):
		m.name, m.call = "MarshalMsg", func(dst []byte, v any) ([]byte, error) {
			return v.(appender).MarshalMsg(dst)
		}
		return m.encodeValue
	case pointer.Implements(reflect.TypeFor[marshaler]()):
		m.name, m.call = "MarshalMsgpack", func(_ []byte, v any) ([]byte, error) {
			return v.(marshaler).MarshalMsgpack()
		}
		return m.encodeValue
	case pointer.Implements(reflect.TypeFor[encoding.BinaryAppender]()):
		m.name, m.call = "AppendBinary", func(dst []byte, v any) ([]byte, error) {
			return v.(encoding.BinaryAppender).AppendBinary(dst)
		}
		return m.encodeBytes
	case pointer.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()):
		m.name, m.call = "MarshalBinary", func(_ []byte, v any) ([]byte, error) {
			return v.(encoding.BinaryMarshaler).MarshalBinary()
		}
		return m.encodeBytes
	case pointer.Implements(reflect.TypeFor[encoding.TextAppender]()):
		m.name, m.call = "AppendText", func(dst []byte, v any) ([]byte, error) {
			return v.(encoding.TextAppender).AppendText(dst)
		}
		return m.encodeText
	case pointer.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		m.name, m.call = "MarshalText", func(_ []byte, v any) ([]byte, error) {
			return v.(encoding.TextMarshaler).MarshalText()
		}
		return m.encodeText
	}
	return nil
}

// method is a type's own marshaler.
type method struct {
	typ  reflect.Type
	name string
	call func(dst []byte, v any) ([]byte, error)
}

// encodeValue appends what the method returns, which must be one MessagePack value.
func (m method) encodeValue(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError) {
	value, err := m.run(dst, 0, v)
	if err != nil {
		return dst, err
	}
	end, problem := scan(value, MaxDepth-s.depth)
	if problem == "" && end != len(value) {
		problem = "is followed by other bytes"
	}
	if problem != "" {
		return dst, &EncodeError{Type: m.typ.String(), Problem: "the value that " + m.name + " returned " + problem}
	}
	return append(dst, value...), nil
}

func (m method) encodeBytes(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	data, err := m.run(dst, headRoom, v)
	if err != nil {
		return dst, err
	}
	return append(appendBytesHead(dst, len(data)), data...), nil
}

func (m method) encodeText(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	text, err := m.run(dst, headRoom, v)
	if err != nil {
		return dst, err
	}
	return append(appendStringHead(dst, len(text)), text...), nil
}

// run calls the method. Where dst has room, an appending method writes there, behind the bytes that
// a head may need; whatever it does, it never gets hold of what dst already holds.
func (m method) run(dst []byte, room int, v reflect.Value) ([]byte, *EncodeError) {
	scratch := dst[len(dst):]
	if cap(scratch) > room {
		scratch = scratch[room:room]
	} else {
		scratch = nil
	}
	data, err := m.guarded(scratch, addressed(v))
	switch {
	case err != nil:
		return nil, &EncodeError{Type: m.typ.String(), Problem: m.name + " failed", Err: err}
	case len(data) > MaxSize:
		return nil, tooLarge()
	}
	return data, nil
}

// guarded turns a panic of the method into an error.
func (m method) guarded(dst []byte, v any) (data []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			data, err = nil, panicError(cause)
		}
	}()
	return m.call(dst, v)
}

// panicError returns the error for a panic of code that is not ours.
func panicError(cause any) error {
	if err, ok := cause.(error); ok {
		return fmt.Errorf("panic: %w", err)
	}
	return fmt.Errorf("panic: %v", cause)
}

// addressed returns a pointer to the value, or to a copy of it.
func addressed(v reflect.Value) any {
	if !v.CanAddr() {
		copied := reflect.New(v.Type())
		copied.Elem().Set(v)
		return copied.Interface()
	}
	return v.Addr().Interface()
}

// unmarshalerOf returns how values of a type are decoded by a method of theirs, or nil if there is
// none. The bytes that methods are given belong to the event: as the interfaces demand, they copy
// what they keep.
func unmarshalerOf(t reflect.Type) decodeFunc {
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return nil
	}
	switch pointer := reflect.PointerTo(t); {
	case pointer.Implements(reflect.TypeFor[reader]()):
		return unmarshalValue("UnmarshalMsg", func(v any, b []byte) error {
			rest, err := v.(reader).UnmarshalMsg(b)
			if err == nil && len(rest) != 0 {
				return errUnread
			}
			return err
		})
	case pointer.Implements(reflect.TypeFor[unmarshaler]()):
		return unmarshalValue("UnmarshalMsgpack", func(v any, b []byte) error {
			return v.(unmarshaler).UnmarshalMsgpack(b)
		})
	}
	return unmarshalDataOf(t)
}

var errUnread = errors.New("not all bytes of the value were read")

// unmarshalDataOf is the part of unmarshalerOf for methods that read the data of bytes and strings. A
// type may have both methods: what was written tells which one is meant.
func unmarshalDataOf(t reflect.Type) decodeFunc {
	pointer := reflect.PointerTo(t)
	binary := pointer.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]())
	text := pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	if !binary && !text {
		return nil
	}
	return func(d *decoder, v reflect.Value) *DecodeError {
		h := d.head()
		switch {
		case h.kind == kindNil:
			d.skip()
			v.SetZero()
			return nil
		case h.kind == kindString && text:
			return guardedUnmarshal(v, "UnmarshalText", d.data(h), func(v any, b []byte) error {
				return v.(encoding.TextUnmarshaler).UnmarshalText(b)
			})
		case binary && (h.kind == kindBytes || h.kind == kindString):
			return guardedUnmarshal(v, "UnmarshalBinary", d.data(h), func(v any, b []byte) error {
				return v.(encoding.BinaryUnmarshaler).UnmarshalBinary(b)
			})
		}
		return mismatch(h, v)
	}
}

// unmarshalValue decodes with a method that reads a whole MessagePack value.
func unmarshalValue(name string, call func(v any, b []byte) error) decodeFunc {
	return func(d *decoder, v reflect.Value) *DecodeError {
		begin := d.offset
		d.skip()
		return guardedUnmarshal(v, name, d.b[begin:d.offset:d.offset], call)
	}
}

// guardedUnmarshal turns an error and a panic of the method into an error of ours.
func guardedUnmarshal(v reflect.Value, name string, data []byte, call func(v any, b []byte) error) (failed *DecodeError) {
	defer func() {
		if cause := recover(); cause != nil {
			failed = &DecodeError{Codec: MessagePack, Type: v.Type().String(), Problem: name + " failed", Err: panicError(cause)}
		}
	}()
	if err := call(v.Addr().Interface(), data); err != nil {
		return &DecodeError{Codec: MessagePack, Type: v.Type().String(), Problem: name + " failed", Err: err}
	}
	return nil
}
