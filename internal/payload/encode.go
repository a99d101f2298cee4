// This file holds the encoding of Go values as MessagePack, except maps and types with a marshaler
// of their own.

package payload

import (
	"reflect"
	"strconv"
	"time"
)

// state is what one call of AppendMessagePack hands down to the parts of the value.
type state struct {
	depth int // arrays and maps that the part lies in
	hops  int // interfaces that lead to the part
	limit int // length of dst at which the encoding is longer than MaxSize
}

// AppendMessagePack appends the encoding of v to dst, following the rules in the package
// documentation: equal values have equal encodings, whatever the order of maps in memory. It returns
// dst as it was and an [EncodeError] for a value that has no encoding: one that holds a channel, a
// function, a complex number or a struct of unexported fields only, one that is cyclic, nested
// deeper than [MaxDepth] or longer than [MaxSize] bytes, or one whose own marshaler failed or
// panicked. It may be called concurrently; nothing may write to v meanwhile.
func AppendMessagePack(dst []byte, v any) ([]byte, error) {
	out, err := appendAny(dst, v, state{limit: len(dst) + MaxSize})
	if err == nil && len(out)-len(dst) > MaxSize {
		err = tooLarge()
	}
	if err != nil {
		err.Path = err.trail.path()
		err.trail, err.refs = nil, nil // nothing of v stays reachable through the error
		return dst, err
	}
	return out, nil
}

// appendAny encodes the types that generic values are made of without reflection, and all others
// with it.
func appendAny(dst []byte, v any, s state) ([]byte, *EncodeError) {
	switch v := v.(type) {
	case nil:
		return append(dst, 0xc0), nil
	case bool:
		return appendBool(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case int64:
		return appendInt(dst, v), nil
	case uint64:
		return appendUint(dst, v), nil
	case float64:
		return appendFloat64(dst, v), nil
	case string:
		return appendString(dst, v)
	case []byte:
		return appendBytes(dst, v)
	case time.Time:
		return appendTime(dst, v), nil
	case []any:
		return appendAnySlice(dst, v, s)
	case map[string]any:
		return appendStringMap(dst, v, s, appendAny)
	case map[string]string:
		return appendStringMap(dst, v, s, func(dst []byte, v string, _ state) ([]byte, *EncodeError) {
			return appendString(dst, v)
		})
	case map[string]int:
		return appendStringMap(dst, v, s, func(dst []byte, v int, _ state) ([]byte, *EncodeError) {
			return appendInt(dst, int64(v)), nil
		})
	}
	rv := reflect.ValueOf(v)
	return planFor(rv.Type()).encode(dst, rv, s)
}

// enter checks that another array or map of n parts may begin, and returns the state inside it.
func (s state) enter(dst []byte, n int) (state, *EncodeError) {
	if s.depth >= MaxDepth {
		return s, &EncodeError{Problem: "nested deeper than " + strconv.Itoa(MaxDepth), tooDeep: true}
	}
	if len(dst) > s.limit || n > MaxSize {
		return s, tooLarge()
	}
	s.depth++
	return s, nil
}

func tooLarge() *EncodeError {
	return &EncodeError{Problem: "encoding is longer than " + strconv.Itoa(MaxSize) + " bytes"}
}

func appendString(dst []byte, v string) ([]byte, *EncodeError) {
	if len(v) > MaxSize {
		return dst, tooLarge()
	}
	return append(appendStringHead(dst, len(v)), v...), nil
}

func appendBytes(dst, v []byte) ([]byte, *EncodeError) {
	if v == nil {
		return append(dst, 0xc0), nil
	}
	if len(v) > MaxSize {
		return dst, tooLarge()
	}
	return append(appendBytesHead(dst, len(v)), v...), nil
}

func appendAnySlice(dst []byte, v []any, s state) ([]byte, *EncodeError) {
	if v == nil {
		return append(dst, 0xc0), nil
	}
	inside, err := s.enter(dst, len(v))
	if err != nil {
		return dst, err.of(v).through(reflect.ValueOf(v).Pointer(), len(v))
	}
	dst = appendArrayHead(dst, len(v))
	for i, part := range v {
		if dst, err = appendAny(dst, part, inside); err != nil {
			return dst, err.in(indexElement(i)).through(reflect.ValueOf(v).Pointer(), len(v))
		}
		if len(dst) > s.limit {
			return dst, tooLarge().of(v)
		}
	}
	return dst, nil
}

func (p *plan) encodeBool(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	return appendBool(dst, v.Bool()), nil
}

func (p *plan) encodeInt(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	return appendInt(dst, v.Int()), nil
}

func (p *plan) encodeUint(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	return appendUint(dst, v.Uint()), nil
}

func (p *plan) encodeFloat32(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	return appendFloat32(dst, float32(v.Float())), nil
}

func (p *plan) encodeFloat64(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	return appendFloat64(dst, v.Float()), nil
}

func (p *plan) encodeString(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	return appendString(dst, v.String())
}

func (p *plan) encodeByteSlice(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	return appendBytes(dst, v.Bytes())
}

func (p *plan) encodeByteArray(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	length := v.Len()
	if length > MaxSize {
		return dst, tooLarge()
	}
	dst = appendBytesHead(dst, length)
	if v.CanAddr() {
		return append(dst, v.Bytes()...), nil
	}
	for i := range length {
		dst = append(dst, byte(v.Index(i).Uint()))
	}
	return dst, nil
}

func (p *plan) encodeTime(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	return appendTime(dst, v.Interface().(time.Time)), nil
}

func (p *plan) encodeExtension(dst []byte, v reflect.Value, _ state) ([]byte, *EncodeError) {
	extension := v.Interface().(Extension)
	if len(extension.Data) > MaxSize {
		return dst, tooLarge()
	}
	dst = appendExtensionHead(dst, extension.Type, len(extension.Data))
	return append(dst, extension.Data...), nil
}

func (p *plan) encodePointer(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError) {
	if v.IsNil() {
		return append(dst, 0xc0), nil
	}
	dst, err := p.elem.encode(dst, v.Elem(), s)
	if err != nil {
		return dst, err.through(v.Pointer(), 0)
	}
	return dst, nil
}

func (p *plan) encodeInterface(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError) {
	if v.IsNil() {
		return append(dst, 0xc0), nil
	}
	// Pointers to interfaces can form a cycle without any array or map.
	if s.hops >= MaxDepth {
		return dst, &EncodeError{Type: p.typ.String(), Problem: "interfaces lead to interfaces more than " + strconv.Itoa(MaxDepth) + " times", tooDeep: true}
	}
	s.hops++
	v = v.Elem()
	return planFor(v.Type()).encode(dst, v, s)
}

func (p *plan) encodeSlice(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError) {
	if v.IsNil() {
		return append(dst, 0xc0), nil
	}
	dst, err := p.encodeArray(dst, v, s)
	if err != nil {
		return dst, err.through(v.Pointer(), v.Len())
	}
	return dst, nil
}

func (p *plan) encodeArray(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError) {
	length := v.Len()
	inside, err := s.enter(dst, length)
	if err != nil {
		return dst, p.named(err)
	}
	dst = appendArrayHead(dst, length)
	for i := range length {
		if dst, err = p.elem.encode(dst, v.Index(i), inside); err != nil {
			return dst, err.in(indexElement(i))
		}
		if len(dst) > s.limit {
			return dst, p.named(tooLarge())
		}
	}
	return dst, nil
}

func (p *plan) encodeStruct(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError) {
	inside, err := s.enter(dst, len(p.fields))
	if err != nil {
		return dst, p.named(err)
	}
	begin, count := len(dst), 0
	dst = appendMapHead(dst, len(p.fields))
	head := len(dst) - begin
	for i := range p.fields {
		f := &p.fields[i]
		part, ok := f.of(v)
		if !ok || f.omitted(part) {
			continue
		}
		count++
		dst = append(dst, f.key...)
		if dst, err = f.plan.encode(dst, part, inside); err != nil {
			return dst, err.in(fieldElement(f.name))
		}
	}
	if count != len(p.fields) {
		dst = shortenMapHead(dst, begin, head, count)
	}
	return dst, nil
}

// shortenMapHead rewrites the head of a map that was begun at begin, head bytes long, and turned out
// to have fewer pairs.
func shortenMapHead(dst []byte, begin, head, count int) []byte {
	var room [5]byte
	shorter := appendMapHead(room[:0], count)
	copy(dst[begin:], shorter)
	if len(shorter) == head {
		return dst
	}
	body := copy(dst[begin+len(shorter):], dst[begin+head:])
	return dst[:begin+len(shorter)+body]
}

// named adds the type to an error that has none.
func (p *plan) named(err *EncodeError) *EncodeError {
	if err.Type == "" {
		err.Type = p.typ.String()
	}
	return err
}
