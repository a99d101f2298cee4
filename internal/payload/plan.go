// This file holds plans: what the codec worked out about one Go type.

package payload

import (
	"reflect"
	"sync"
	"time"
)

// plan is how values of one type are encoded and decoded. It is never written to after planFor
// returned it.
type plan struct {
	typ    reflect.Type
	encode func(dst []byte, v reflect.Value, s state) ([]byte, *EncodeError)
	decode func(d *decoder, v reflect.Value) *DecodeError
	elem   *plan   // of a pointer, slice, array or map
	key    *plan   // of a map
	fields []field // of a struct, sorted by name
}

// plans caches a plan for each type seen. Types are finite, so it needs no bound; what it holds
// follows from the types alone, so it is no state that anyone could observe.
var plans sync.Map // reflect.Type -> *plan

var (
	timeType      = reflect.TypeFor[time.Time]()
	extensionType = reflect.TypeFor[Extension]()
	anyMapType    = reflect.TypeFor[map[string]any]()
	stringMapType = reflect.TypeFor[map[string]string]()
	intMapType    = reflect.TypeFor[map[string]int]()
)

// planFor returns the plan of a type.
func planFor(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	building := make(map[reflect.Type]*plan)
	p := build(t, building)
	for typ, made := range building {
		plans.LoadOrStore(typ, made)
	}
	return p
}

// build makes the plan of a type and of those inside it. building holds what was begun, so that a
// recursive type finds itself.
func build(t reflect.Type, building map[reflect.Type]*plan) *plan {
	if p, ok := building[t]; ok {
		return p
	}
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{typ: t}
	building[t] = p
	p.chooseByKind(building)
	p.chooseMarshaler()
	return p
}

// chooseByKind sets how values of the type are treated without a marshaler of their own.
func (p *plan) chooseByKind(building map[reflect.Type]*plan) {
	switch t := p.typ; t.Kind() {
	case reflect.Bool:
		p.encode, p.decode = p.encodeBool, p.decodeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.encode, p.decode = p.encodeInt, p.decodeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		p.encode, p.decode = p.encodeUint, p.decodeUint
	case reflect.Float32:
		p.encode, p.decode = p.encodeFloat32, p.decodeFloat
	case reflect.Float64:
		p.encode, p.decode = p.encodeFloat64, p.decodeFloat
	case reflect.String:
		p.encode, p.decode = p.encodeString, p.decodeString
	case reflect.Interface:
		p.encode, p.decode = p.encodeInterface, p.decodeInterface
	case reflect.Pointer:
		p.choosePointer(building)
	case reflect.Slice, reflect.Array:
		p.chooseSequence(building)
	case reflect.Map:
		p.key, p.elem = build(t.Key(), building), build(t.Elem(), building)
		p.encode, p.decode = p.encodeMap, p.decodeMap
		if t == anyMapType || t == stringMapType || t == intMapType {
			p.encode = p.encodeCommonMap
		}
	case reflect.Struct:
		p.chooseStruct(building)
	default: // chan, func, complex, unsafe.Pointer
		p.refuse("values of kind " + t.Kind().String() + " have no encoding")
	}
}

func (p *plan) choosePointer(building map[reflect.Type]*plan) {
	// A type like "type P *P" is pointers all the way down.
	end := p.typ
	for hops := 0; end.Kind() == reflect.Pointer; hops++ {
		if hops == MaxDepth {
			p.refuse("pointers to pointers without end")
			return
		}
		end = end.Elem()
	}
	p.elem = build(p.typ.Elem(), building)
	p.encode, p.decode = p.encodePointer, p.decodePointer
}

func (p *plan) chooseSequence(building map[reflect.Type]*plan) {
	p.elem = build(p.typ.Elem(), building)
	isArray := p.typ.Kind() == reflect.Array
	switch bytes := isByte(p.typ.Elem()); {
	case bytes && isArray:
		p.encode, p.decode = p.encodeByteArray, p.decodeByteArray
	case bytes:
		p.encode, p.decode = p.encodeByteSlice, p.decodeByteSlice
	case isArray:
		p.encode, p.decode = p.encodeArray, p.decodeArray
	default:
		p.encode, p.decode = p.encodeSlice, p.decodeSlice
	}
}

// isByte reports whether sequences of the type are bytes: those of byte and of types made of it,
// unless these have an encoding of their own.
func isByte(t reflect.Type) bool {
	return t.Kind() == reflect.Uint8 && marshalerOf(t) == nil && unmarshalerOf(t) == nil
}

func (p *plan) chooseStruct(building map[reflect.Type]*plan) {
	switch p.typ {
	case timeType:
		p.encode, p.decode = p.encodeTime, p.decodeTime
		return
	case extensionType:
		p.encode, p.decode = p.encodeExtension, p.decodeExtension
		return
	}
	p.fields = fieldsOf(p.typ, building)
	if len(p.fields) == 0 && hidesFields(p.typ) {
		p.refuse("has only unexported fields, nothing of it would be kept")
		return
	}
	p.encode, p.decode = p.encodeStruct, p.decodeStruct
}

// chooseMarshaler lets a type's own marshaler and unmarshaler take precedence.
func (p *plan) chooseMarshaler() {
	if p.typ == timeType || p.typ == extensionType || p.typ.Kind() == reflect.Pointer ||
		p.typ.Kind() == reflect.Interface {
		return // the first two are MessagePack's own; the others lead to what has the marshaler
	}
	if marshal := marshalerOf(p.typ); marshal != nil {
		p.encode = marshal
	}
	if unmarshal := unmarshalerOf(p.typ); unmarshal != nil {
		p.decode = unmarshal
	}
}

// refuse makes every value of the type an error.
func (p *plan) refuse(problem string) {
	p.encode = func(dst []byte, _ reflect.Value, _ state) ([]byte, *EncodeError) {
		return dst, &EncodeError{Type: p.typ.String(), Problem: problem}
	}
	p.decode = func(*decoder, reflect.Value) *DecodeError {
		return &DecodeError{Codec: MessagePack, Type: p.typ.String(), Problem: problem}
	}
}
