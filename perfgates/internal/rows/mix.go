// Events as real stores have them: many small streams and few hot ones, payloads from 64 bytes to 16 KiB.

package rows

import (
	"math/rand/v2"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// payloadMix are the sizes of payloads in bytes, and how many in a hundred have each: small records mostly, now and then a
// document. The mean is 595 bytes.
var payloadMix = []struct {
	bytes  int
	weight float64
}{{64, 20}, {128, 25}, {256, 25}, {512, 15}, {1 << 10, 8}, {2 << 10, 4}, {4 << 10, 2}, {16 << 10, 1}}

// mix hands out events in an order that is the same every time. It is for one goroutine.
type mix struct {
	at       []event.Coordinate // the most popular entity first
	entities *alias
	sizes    *alias
	bytes    []int // that sizes numbers
	payload  []byte
	random   *rand.Rand

	payloadBytes uint64 // of what was appended and read
}

// newMix returns events of so many entities; fixed gives all payloads one size, 0 the mix.
func newMix(entities, fixed int) *mix {
	m := &mix{
		at: make([]event.Coordinate, entities), entities: newAlias(zipfWeights(entities, zipfExponent)),
		random: rand.New(rand.NewPCG(13, 14)),
	}
	for number := range entities {
		m.at[number] = coordinateOf(number)
	}
	weights := []float64{1}
	m.bytes = []int{fixed}
	if fixed == 0 {
		weights, m.bytes = nil, nil
		for _, size := range payloadMix {
			weights, m.bytes = append(weights, size.weight), append(m.bytes, size.bytes)
		}
	}
	m.sizes = newAlias(weights)
	m.payload = make([]byte, m.bytes[len(m.bytes)-1])
	for i := range m.payload {
		m.payload[i] = byte(m.random.Uint32())
	}
	return m
}

// entity draws an entity's number.
func (m *mix) entity() int { return m.entities.draw(m.random) }

// size draws the number of a payload's size.
func (m *mix) size() int { return m.sizes.draw(m.random) }

// append appends the next event through the public call.
func (m *mix) append(store *engine.Store) error {
	payload := m.payload[:m.bytes[m.size()]]
	m.payloadBytes += uint64(len(payload))
	_, err := store.AppendBytes(m.at[m.entity()], event.Data, event.CodecRaw, payload)
	return err
}
