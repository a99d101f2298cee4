package rows

// The events that rows append: 256 bytes of raw payload, two names of 20 bytes,
// a thousand entities in a fixed shuffled order.

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

const (
	payloadBytes = 256
	entityCount  = 1000
)

// workload hands out events one after another. It is for one goroutine.
type workload struct {
	at      []event.Coordinate
	payload []byte
	next    int
}

// newWorkload returns the same events every time.
func newWorkload() *workload {
	random := rand.New(rand.NewPCG(1, 2))
	w := &workload{payload: make([]byte, payloadBytes)}
	for i := range w.payload {
		w.payload[i] = byte(random.Uint32())
	}
	for _, number := range random.Perm(entityCount) {
		w.at = append(w.at, event.MustAt(fmt.Sprintf("entity:%013d", number), "scope:00000000000001"))
	}
	return w
}

// coordinate returns the next event's coordinate.
func (w *workload) coordinate() event.Coordinate {
	at := w.at[w.next]
	if w.next++; w.next == len(w.at) {
		w.next = 0
	}
	return at
}

// appendOnce appends the next event through the public call.
func (w *workload) appendOnce(store *engine.Store) error {
	_, err := store.AppendBytes(w.coordinate(), event.Data, event.CodecRaw, w.payload)
	return err
}

// appendMany appends count events.
func (w *workload) appendMany(store *engine.Store, count int) error {
	for range count {
		if err := w.appendOnce(store); err != nil {
			return err
		}
	}
	return nil
}

// fill makes a store with count events in directory, closed afterwards.
func (w *workload) fill(ctx context.Context, directory string, options engine.Options, count int) (err error) {
	store, err := engine.Open(directory, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	const between = 10_000 // looks at ctx
	for count > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		step := min(count, between)
		if err := w.appendMany(store, step); err != nil {
			return err
		}
		count -= step
	}
	return nil
}

// hashing returns the option that turns the chain on or off.
func hashing(chain bool) engine.Hashing {
	if chain {
		return engine.HashingOn
	}
	return engine.HashingOff
}
