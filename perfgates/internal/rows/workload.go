// The events that rows append: 256 bytes of raw payload, two names of 20 bytes, in a
// fixed shuffled order of the entities, of which there are a thousand or as many as wanted.

package rows

import (
	"context"
	"errors"
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
	at      []event.Coordinate // in the order in which they get events, over and over
	crowd   int                // instead of at: so many entities, whose names are made when they are due
	stride  int                // of a crowd: from one entity's number to the next one's
	payload []byte
	next    int // place in at, or number in the crowd
}

// newWorkload returns the same events every time, of entityCount entities.
func newWorkload() *workload { return newWorkloadOf(payloadBytes) }

// newWorkloadOf is newWorkload with so many bytes of payload.
func newWorkloadOf(payloadBytes int) *workload {
	random := rand.New(rand.NewPCG(1, 2))
	w := &workload{payload: make([]byte, payloadBytes)}
	for i := range w.payload {
		w.payload[i] = byte(random.Uint32())
	}
	for _, number := range random.Perm(entityCount) {
		w.at = append(w.at, coordinateOf(number))
	}
	return w
}

// newCrowd returns the same events of so many entities every time. It keeps no names, so
// that millions of them cost no memory, but some time for each event.
func newCrowd(entities int) *workload {
	w := newWorkload()
	w.at, w.crowd = nil, entities
	// About the golden ratio, so that neighbours in number are far apart in time; without
	// a common divisor, so that every entity has its turn.
	for w.stride = entities*618/1000 + 1; divisor(w.stride, entities) != 1; w.stride++ {
	}
	return w
}

// workloadOf returns the events of so many entities.
func workloadOf(entities int) *workload {
	if entities == entityCount {
		return newWorkload()
	}
	return newCrowd(entities)
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// coordinateOf returns the coordinate of the entity with a number.
func coordinateOf(number int) event.Coordinate {
	return event.MustAt(entityName(number), "scope:00000000000001")
}

// entityName returns "entity:" and 13 digits.
func entityName(number int) string {
	name := [20]byte{'e', 'n', 't', 'i', 't', 'y', ':'}
	for place := len(name) - 1; place >= len("entity:"); place-- {
		name[place] = '0' + byte(number%10)
		number /= 10
	}
	return string(name[:])
}

// coordinate returns the next event's coordinate.
func (w *workload) coordinate() event.Coordinate {
	if w.crowd > 0 {
		at := coordinateOf(w.next)
		w.next = (w.next + w.stride) % w.crowd
		return at
	}
	at := w.at[w.next]
	if w.next++; w.next == len(w.at) {
		w.next = 0
	}
	return at
}

// part returns a workload that has the next count coordinates of this one at hand, so
// that making names is not measured.
func (w *workload) part(count int) *workload {
	part := &workload{payload: w.payload, at: make([]event.Coordinate, count)}
	for i := range part.at {
		part.at[i] = w.coordinate()
	}
	return part
}

// split returns workloads for callers that append at once: each has the same events, and begins
// elsewhere among the entities.
func (w *workload) split(callers int) []*workload {
	shares := make([]*workload, callers)
	for i := range shares {
		shares[i] = &workload{payload: w.payload, at: w.at, next: i * len(w.at) / callers}
	}
	return shares
}

// append appends the next event through the public call.
func (w *workload) append(store *engine.Store) (engine.Receipt, error) {
	return store.AppendBytes(w.coordinate(), event.Data, event.CodecRaw, w.payload)
}

// appendOnce appends the next event.
func (w *workload) appendOnce(store *engine.Store) error {
	_, err := w.append(store)
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
