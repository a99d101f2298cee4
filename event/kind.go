// This file holds kinds: what sort of thing an event records.

package event

import (
	"strconv"
	"strings"
)

// Kind says what sort of thing an event records: a category in the upper 4 bits, a type within the
// category in the lower 12. Categories 0x0 (system) and 0xD (effects) are reserved; the others are
// the application's. The zero Kind is reserved and names nothing.
type Kind uint16

// Data is the kind for events that need no kind of their own. Applications may append it.
const Data Kind = 0x1000

// Kinds of the reserved categories. The store and its helpers write them, callers cannot.
const (
	SystemInit         Kind = 0x0001
	SystemShutdown     Kind = 0x0002
	SystemHeartbeat    Kind = 0x0003
	SystemConfigChange Kind = 0x0004
	SystemCheckpoint   Kind = 0x0005
	SystemBatchBegin   Kind = 0x0006
	SystemBatchCommit  Kind = 0x0007
	SystemTombstone    Kind = 0x0FFE

	EffectError        Kind = 0xD001
	EffectRetry        Kind = 0xD002
	EffectAck          Kind = 0xD004
	EffectBackpressure Kind = 0xD005
	EffectCancel       Kind = 0xD006
	EffectConflict     Kind = 0xD007
)

// Limits of a kind's parts, and the reserved categories.
const (
	MaxCategory    = 0xF
	MaxType        = 0xFFF
	CategorySystem = 0x0
	CategoryEffect = 0xD
)

// NewKind returns the kind of a category, 0x0 to 0xF, and a type, 0x000 to 0xFFF. It refuses a
// part that is out of range, and a reserved category with an error that is [ErrReservedKind]. To
// name a reserved kind, to filter by it for instance, use its constant or convert the number.
func NewKind(category, typ uint16) (Kind, error) {
	if category > MaxCategory {
		return 0, &FieldError{Field: "category", Problem: upperHex(category, 1) + ", at most 0xF"}
	}
	if typ > MaxType {
		return 0, &FieldError{Field: "type", Problem: upperHex(typ, 3) + ", at most 0xFFF"}
	}
	kind := Kind(category<<12 | typ)
	if kind.Reserved() {
		return 0, kind.reservedError()
	}
	return kind, nil
}

// MustKind is [NewKind] for package variables and tests: it panics where that returns an error.
func MustKind(category, typ uint16) Kind {
	kind, err := NewKind(category, typ)
	if err != nil {
		panic(err)
	}
	return kind
}

// ParseKind reads the form of [Kind.String]: "0x" or "0X" and 1 to 4 hex digits of either case.
// Reserved kinds are read too. The error is a [FieldError].
func ParseKind(s string) (Kind, error) {
	digits, found := strings.CutPrefix(s, "0x")
	if !found {
		digits, found = strings.CutPrefix(s, "0X")
	}
	if !found || len(digits) == 0 || len(digits) > 4 {
		return 0, &FieldError{Field: "kind", Problem: "want 0x and 1 to 4 hex digits, as in 0xF001"}
	}
	value, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		return 0, &FieldError{Field: "kind", Problem: "not all hex digits after 0x"}
	}
	return Kind(value), nil
}

// Category returns the upper 4 bits, 0x0 to 0xF.
func (k Kind) Category() uint16 { return uint16(k >> 12) }

// Type returns the lower 12 bits, 0x000 to 0xFFF.
func (k Kind) Type() uint16 { return uint16(k & MaxType) }

// Reserved reports whether the kind belongs to the store: category 0x0 or 0xD.
func (k Kind) Reserved() bool {
	category := k.Category()
	return category == CategorySystem || category == CategoryEffect
}

// String returns "0x" and 4 upper-case hex digits, as in "0xF001".
func (k Kind) String() string { return upperHex(uint16(k), 4) }

// AppendText appends the form of [Kind.String]. It never fails.
func (k Kind) AppendText(dst []byte) ([]byte, error) { return appendHex(dst, uint16(k), 4), nil }

// MarshalText returns the form of [Kind.String]. It never fails.
func (k Kind) MarshalText() ([]byte, error) { return k.AppendText(nil) }

// UnmarshalText reads what [ParseKind] reads and leaves the kind as it was on an error.
func (k *Kind) UnmarshalText(text []byte) error {
	kind, err := ParseKind(string(text))
	if err != nil {
		return err
	}
	*k = kind
	return nil
}

func (k Kind) reservedError() error {
	return &FieldError{
		Field:   "kind",
		Problem: k.String() + " is of a reserved category, want 0x1 to 0xC, 0xE or 0xF",
		Err:     ErrReservedKind,
	}
}

const upperHexDigits = "0123456789ABCDEF"

// upperHex returns "0x" and at least the given number of upper-case digits.
func upperHex(value uint16, digits int) string { return string(appendHex(nil, value, digits)) }

func appendHex(dst []byte, value uint16, digits int) []byte {
	dst = append(dst, '0', 'x')
	for shift := 12; shift >= 0; shift -= 4 {
		if digit := value >> shift & 0xF; digit != 0 || shift < digits*4 {
			dst = append(dst, upperHexDigits[digit])
			digits = 4
		}
	}
	return dst
}
