// This file holds the errors of encoding and decoding payloads.

package payload

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrInvalid is the root of every error about input that a caller got wrong. Package event
// exports it under the same name; it stands here because nothing may import upwards.
var ErrInvalid = errors.New("batpak: invalid input")

// ErrUnencodable reports a value that has no deterministic MessagePack encoding. Every
// [EncodeError] is it.
var ErrUnencodable = errors.New("batpak: value cannot be encoded")

// ErrUndecodable reports bytes that are not what their codec says, or that do not fit the target.
// Every [DecodeError] is it.
var ErrUndecodable = errors.New("batpak: payload cannot be decoded")

// EncodeError says which part of a value could not be encoded, and why. It is [ErrUnencodable] and
// [ErrInvalid] to errors.Is. Its text holds names of types and fields, never a part of the value.
type EncodeError struct {
	Path    string // from the root of the value, as in ".orders[3].callback"; empty at the root
	Type    string // Go type at the path
	Problem string // what was wrong
	Err     error  // what the value's own marshaler returned, or nil

	trail   trail
	refs    map[reference]struct{} // pointers, maps and slices on the way, for a value that is too deep
	tooDeep bool
}

// reference is the memory that a pointer, a map or a slice refers to.
type reference struct {
	address uintptr
	length  int
}

// Error names the path, the type and the problem.
func (e *EncodeError) Error() string {
	return join(ErrUnencodable.Error(), e.Path, e.Type, e.Problem, e.Err)
}

// Is makes the error match [ErrUnencodable] and [ErrInvalid].
func (e *EncodeError) Is(target error) bool {
	return target == ErrUnencodable || target == ErrInvalid
}

// Unwrap returns what the value's own marshaler returned, or nil.
func (e *EncodeError) Unwrap() error { return e.Err }

// of names the type of the value that an error without a type is about.
func (e *EncodeError) of(v any) *EncodeError {
	if e.Type == "" {
		e.Type = fmt.Sprintf("%T", v)
	}
	return e
}

// in notes the element of the path through which the error came, on the way from the part that
// failed to the root.
func (e *EncodeError) in(element string) *EncodeError {
	e.trail = append(e.trail, element)
	return e
}

// through notes a pointer, map or slice on the way. A value that is too deep and went through one of
// them twice is cyclic, which is then what the error says.
func (e *EncodeError) through(address uintptr, length int) *EncodeError {
	if !e.tooDeep {
		return e
	}
	if e.refs == nil {
		e.refs = make(map[reference]struct{})
	}
	ref := reference{address, length}
	if _, again := e.refs[ref]; again {
		e.Problem = "cyclic"
	}
	e.refs[ref] = struct{}{}
	return e
}

// DecodeError says why a payload could not be decoded. It is [ErrUndecodable] to errors.Is. Its
// text holds names of types and fields, never a part of the payload.
type DecodeError struct {
	Codec   Codec  // codec that the payload is recorded with
	Path    string // from the root of the value, as in ".orders[3].price"; empty at the root
	Type    string // Go type at the path, or empty
	Problem string // what was wrong
	Err     error  // what the decoder or the target's own unmarshaler returned, or nil

	trail trail
}

// Error names the codec, the path, the type and the problem.
func (e *DecodeError) Error() string {
	return join(ErrUndecodable.Error()+": "+e.Codec.String(), e.Path, e.Type, e.Problem, e.Err)
}

// Is makes the error match [ErrUndecodable].
func (e *DecodeError) Is(target error) bool { return target == ErrUndecodable }

// Unwrap returns what the decoder or the target's own unmarshaler returned, or nil.
func (e *DecodeError) Unwrap() error { return e.Err }

func (e *DecodeError) in(element string) *DecodeError {
	e.trail = append(e.trail, element)
	return e
}

// trail is a path from its end to its root.
type trail []string

// maxPathElements keeps the path to a part of a deep value readable.
const maxPathElements = 12

// path returns the trail from the root on, without what lies beyond maxPathElements.
func (t trail) path() string {
	elements := slices.Clone(t)
	slices.Reverse(elements)
	if len(elements) > maxPathElements {
		elements = append(elements[:maxPathElements], "...")
	}
	return strings.Join(elements, "")
}

// mapElement stands in a path for a key of a map: the key itself is a part of the value.
const mapElement = "[key]"

func indexElement(i int) string { return "[" + strconv.Itoa(i) + "]" }

func fieldElement(name string) string { return "." + name }

func join(text, path, typ, problem string, err error) string {
	for _, part := range []string{path, typ, problem} {
		if part != "" {
			text += ": " + part
		}
	}
	if err != nil {
		text += ": " + err.Error()
	}
	return text
}
