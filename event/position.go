// This file holds positions: where an event stands in causality, in its entity and in time.

package event

import (
	"strconv"
	"strings"
	"time"
)

// Position says where an event stands in the causal graph, in its entity's history and on the
// hybrid logical clock.
type Position struct {
	Depth   uint32 // steps to the causal root: the cause's depth + 1, 0 for a root
	Lane    uint32 // the caller's branch number, 0 by default
	Clock   uint64 // position within the entity, from 1; 0 means that the entity has no events
	Wall    uint64 // milliseconds since the Unix epoch on the hybrid logical clock, never backwards
	Counter uint32 // counter within the millisecond
}

// String returns "depth:lane:clock@wall_ms.counter", all decimal, as in "0:0:7@1763875200000.3".
func (p Position) String() string {
	var room [64]byte
	return string(p.appendText(room[:0]))
}

func (p Position) appendText(dst []byte) []byte {
	dst = strconv.AppendUint(dst, uint64(p.Depth), 10)
	dst = append(dst, ':')
	dst = strconv.AppendUint(dst, uint64(p.Lane), 10)
	dst = append(dst, ':')
	dst = strconv.AppendUint(dst, p.Clock, 10)
	dst = append(dst, '@')
	dst = strconv.AppendUint(dst, p.Wall, 10)
	dst = append(dst, '.')
	return strconv.AppendUint(dst, uint64(p.Counter), 10)
}

// ParsePosition reads the form of [Position.String]. The error is a [FieldError] that names the
// part, as in "position.clock".
func ParsePosition(s string) (Position, error) {
	var p Position
	rest := s
	for _, part := range [...]struct {
		name string
		end  string // what separates the part from the next one
		bits int
		set  func(uint64)
	}{
		{"depth", ":", 32, func(v uint64) { p.Depth = uint32(v) }},
		{"lane", ":", 32, func(v uint64) { p.Lane = uint32(v) }},
		{"clock", "@", 64, func(v uint64) { p.Clock = v }},
		{"wall", ".", 64, func(v uint64) { p.Wall = v }},
		{"counter", "", 32, func(v uint64) { p.Counter = uint32(v) }},
	} {
		digits := rest
		if part.end != "" {
			var found bool
			if digits, rest, found = strings.Cut(rest, part.end); !found {
				return Position{}, &FieldError{
					Field:   "position." + part.name,
					Problem: "no '" + part.end + "' after it, want depth:lane:clock@wall_ms.counter",
				}
			}
		}
		value, err := strconv.ParseUint(digits, 10, part.bits)
		if err != nil {
			return Position{}, &FieldError{
				Field:   "position." + part.name,
				Problem: "want a decimal number of at most " + strconv.Itoa(part.bits) + " bits",
			}
		}
		part.set(value)
	}
	return p, nil
}

// WallTime returns Wall as a time in UTC.
func (p Position) WallTime() time.Time { return time.UnixMilli(int64(p.Wall)).UTC() }
