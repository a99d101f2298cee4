// This file holds the direct way for types that encode themselves: no reflection, no memory.

package payload

import (
	"encoding"
	"errors"
	"reflect"
	"strconv"
	"time"
)

// selfMessage is a type that reads and writes one MessagePack value itself.
type selfMessage interface {
	appender
	reader
}

// selfBinary is a type that reads and writes its own bytes.
type selfBinary interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// Own reports whether the variable that v points to is of a type that encodes and decodes itself, and
// by which codec it is stored then: MessagePack with MarshalMsg and UnmarshalMsg, Raw with AppendBinary
// and UnmarshalBinary. A type with any other method for whole MessagePack values does not count, since that
// method comes first, nor does time.Time, which is a timestamp to MessagePack.
func Own(v any) (Codec, bool) {
	switch v.(type) {
	case *time.Time:
		return 0, false
	case selfMessage:
		return MessagePack, true
	case appender, reader, marshaler, unmarshaler:
		return 0, false
	case selfBinary:
		return Raw, true
	}
	return 0, false
}

// EncodeOwn returns the encoding of the variable that v points to, for which [Own] is true, written over buf where
// that has room. The error is an [EncodeError], as that of AppendMessagePack is: the method failed or panicked, or
// what it returned is not one MessagePack value, or longer than [MaxSize].
func EncodeOwn(buf []byte, v any) ([]byte, error) {
	data, name, err := callMarshal(buf[:0], v)
	switch {
	case err != nil:
		return nil, &EncodeError{Type: pointee(v), Problem: name + " failed", Err: err}
	case len(data) > MaxSize:
		err := tooLarge()
		err.Type = pointee(v)
		return nil, err
	}
	if name == "MarshalMsg" {
		if problem := one(data); problem != "" {
			return nil, &EncodeError{Type: pointee(v), Problem: "the value that " + name + " returned: " + problem}
		}
	}
	return append(buf[:0], data...), nil // onto itself, unless the method returned memory of its own
}

// callMarshal calls the type's own method and turns a panic of it into an error.
func callMarshal(buf []byte, v any) (data []byte, name string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panicError(cause)
		}
	}()
	switch v := v.(type) {
	case appender:
		name = "MarshalMsg"
		data, err = v.MarshalMsg(buf)
	case encoding.BinaryAppender:
		name = "AppendBinary"
		data, err = v.AppendBinary(buf)
	default:
		name, err = "its method", errNotOwn
	}
	return data, name, err
}

// DecodeOwn decodes bytes of the codec that [Own] told into the variable that v points to. The error is a [DecodeError], as
// that of [Decode] is, with the same conditions: malformed MessagePack does not reach the method.
func DecodeOwn(codec Codec, b []byte, v any) error {
	if codec == MessagePack {
		if problem := one(b); problem != "" {
			return &DecodeError{Codec: codec, Problem: problem}
		}
	}
	if name, err := callUnmarshal(b[:len(b):len(b)], v); err != nil {
		return &DecodeError{Codec: codec, Type: pointee(v), Problem: name + " failed", Err: err}
	}
	return nil
}

// callUnmarshal calls the type's own method and turns a panic of it into an error.
func callUnmarshal(b []byte, v any) (name string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panicError(cause)
		}
	}()
	switch v := v.(type) {
	case reader:
		name = "UnmarshalMsg"
		rest, err := v.UnmarshalMsg(b)
		if err == nil && len(rest) != 0 {
			err = errUnread
		}
		return name, err
	case encoding.BinaryUnmarshaler:
		name = "UnmarshalBinary"
		return name, v.UnmarshalBinary(b)
	}
	return "its method", errNotOwn
}

var errNotOwn = errors.New("the type does not encode itself")

// one says why b is not one MessagePack value; empty: it is.
func one(b []byte) (problem string) {
	end, problem := scan(b, MaxDepth)
	switch {
	case problem != "":
		return problem + ", at offset " + strconv.Itoa(end)
	case end != len(b):
		return strconv.Itoa(len(b)-end) + " bytes after the value"
	}
	return ""
}

// pointee names the type of the variable that v points to.
func pointee(v any) string {
	t := reflect.TypeOf(v)
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return ""
	}
	return t.String()
}
