// This file holds coordinates: where an event belongs.

package event

import (
	"strconv"
	"unicode/utf8"
)

// MaxName is the largest length of an entity and of a scope, in bytes.
const MaxName = 1024

// Coordinate says where an event belongs: the entity whose stream it extends, and the scope it
// happened in. Both are 1 to [MaxName] bytes of valid UTF-8. Coordinates are made by [At], so every
// one but the zero value is valid; stores refuse the zero value.
//
// Coordinates are comparable and can be map keys. They keep no encoding of their own: store
// [Coordinate.Entity] and [Coordinate.Scope] in a payload that needs to name one.
type Coordinate struct {
	entity, scope string
}

// At returns the coordinate of an entity in a scope. The error is a [FieldError] for "entity" or
// "scope" where a name is empty, longer than [MaxName] bytes, or not valid UTF-8.
func At(entity, scope string) (Coordinate, error) {
	if err := checkName("entity", entity); err != nil {
		return Coordinate{}, err
	}
	if err := checkName("scope", scope); err != nil {
		return Coordinate{}, err
	}
	return Coordinate{entity, scope}, nil
}

// MustAt is [At] for package variables and tests: it panics where that returns an error.
func MustAt(entity, scope string) Coordinate {
	at, err := At(entity, scope)
	if err != nil {
		panic(err)
	}
	return at
}

// TrustedAt returns a coordinate without checking the names. It is for names that were checked before,
// as those of a stored event are; everyone else uses [At]. Names that At would refuse make a
// coordinate that nothing later refuses, unless one is empty.
func TrustedAt(entity, scope string) Coordinate { return Coordinate{entity, scope} }

func checkName(field, name string) error {
	if name == "" || len(name) > MaxName || !utf8.ValidString(name) {
		return badText(field, name, MaxName)
	}
	return nil
}

func tooLong(field string, length, limit int) error {
	return &FieldError{
		Field:   field,
		Problem: strconv.Itoa(length) + " bytes, at most " + strconv.Itoa(limit),
	}
}

// Entity returns the stream key.
func (c Coordinate) Entity() string { return c.entity }

// Scope returns the isolation boundary.
func (c Coordinate) Scope() string { return c.scope }

// IsZero reports whether the coordinate names nothing.
func (c Coordinate) IsZero() bool { return c == Coordinate{} }

// String returns "entity@scope". It is for people: a name may hold an '@' itself.
func (c Coordinate) String() string { return c.entity + "@" + c.scope }
