// The typed kinds of the tests: an order of three versions, and points that encode themselves.

package engine_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

var (
	orderKind  = event.MustKind(1, 1)
	pointKind  = event.MustKind(1, 2)
	packedKind = event.MustKind(1, 3)
	otherKind  = event.MustKind(1, 4)
)

// orderV1 named one item and its price as a float.
type orderV1 struct {
	Item  string  `codec:"item"`
	Price float64 `codec:"price"`
}

// orderV2 counts cents.
type orderV2 struct {
	Item  string `codec:"item"`
	Cents int64  `codec:"cents"`
}

// order has several items.
type order struct {
	Items []string `codec:"items"`
	Cents int64    `codec:"cents"`
}

var errNegative = errors.New("negative price")

func orderFromV1(old orderV1) (orderV2, error) {
	switch {
	case old.Price < 0:
		return orderV2{}, errNegative
	case old.Item == "panic":
		panic(errNegative)
	case old.Item == "panic with a text":
		panic("on purpose")
	}
	return orderV2{Item: old.Item, Cents: int64(old.Price*100 + 0.5)}, nil
}

func orderFromV2(old orderV2) (order, error) {
	return order{Items: strings.Split(old.Item, "+"), Cents: old.Cents}, nil
}

// point is stored as its own bytes.
type point struct{ X, Y int64 }

func (p point) AppendBinary(dst []byte) ([]byte, error) {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, uint64(p.X)), uint64(p.Y)), nil
}

func (p *point) UnmarshalBinary(b []byte) error {
	if len(b) != 16 {
		return errors.New("a point has 16 bytes")
	}
	p.X, p.Y = int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))
	return nil
}

// packed is stored as its own MessagePack: an array of two 64-bit integers.
type packed struct{ X, Y uint64 }

func (p *packed) MarshalMsg(dst []byte) ([]byte, error) {
	dst = binary.BigEndian.AppendUint64(append(dst, 0x92, 0xcf), p.X)
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), p.Y), nil
}

func (p *packed) UnmarshalMsg(b []byte) ([]byte, error) {
	if len(b) < 19 || b[0] != 0x92 || b[1] != 0xcf || b[10] != 0xcf {
		return nil, errors.New("not a packed point")
	}
	p.X, p.Y = binary.BigEndian.Uint64(b[2:]), binary.BigEndian.Uint64(b[11:])
	return b[19:], nil
}

// typedKinds is a registry and what is in it.
type typedKinds struct {
	registry *engine.Registry
	order    engine.Type[order]
	point    engine.Type[point]
	packed   engine.Type[packed]
}

func newTypedKinds() typedKinds {
	r := engine.NewRegistry()
	return typedKinds{
		registry: r,
		order:    engine.MustRegister[order](r, orderKind, "order", 3, engine.Upcast(2, orderFromV2), engine.Upcast(1, orderFromV1)),
		point:    engine.MustRegister[point](r, pointKind, "point", 1),
		packed:   engine.MustRegister[packed](r, packedKind, "packed point", 1),
	}
}

// typedStore returns a new store with typed kinds.
func typedStore(t *testing.T, o engine.Options) (*engine.Store, typedKinds) {
	t.Helper()
	kinds := newTypedKinds()
	o.Registry = kinds.registry
	return quickStore(t, o), kinds
}

// mustBeAt reads an event back.
func mustBeAt(t failer, s *engine.Store, sequence uint64) event.Event {
	t.Helper()
	ev, err := s.At(sequence)
	if err != nil {
		t.Fatalf("read back: %v", err)
	}
	return ev
}
