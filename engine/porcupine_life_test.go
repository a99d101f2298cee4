// Clients that call a store at the same time, over its lives: what each asked and was told, and when.

package engine_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/simdisk"
)

// lives are those of one store, on a simulated disk.
type lives struct {
	t      *testing.T
	seed   uint64
	policy engine.SyncPolicy
	ticks  atomic.Int64
	number atomic.Int64 // of events without a key

	mu      sync.Mutex
	history operations
	open    []porcupine.Operation // whose outcome is unknown, of this life

	store   *engine.Store
	calls   atomic.Int64 // of this life
	dead    atomic.Bool  // the process is
	failing atomic.Bool  // syncs are
}

// client makes calls one after the other.
type client struct {
	*lives
	id     int
	random *rand.Rand
	clocks [specEntities]int // as it knows them, which may be outdated
}

const (
	clients      = 5
	callsPerLife = 14 // of each client
)

// numbers of events with a key: even keys are of single events, odd ones of batches of two.
func keyedEvents(key int, other bool) []specEvent {
	base := 1_000_000 + key*8
	if other {
		base += 4
	}
	events := []specEvent{{number: base, entity: key % specEntities}}
	if key%2 == 1 {
		events = append(events, specEvent{number: base + 1, entity: (key + 1) % specEntities})
	}
	return events
}

func specRegion(region int) event.Region {
	switch region {
	case regionHot:
		return event.Tagged("hot")
	case regionEverything:
		return event.Everything()
	case regionUnion:
		return event.Union(event.Entity("spec-0"), event.Tagged("hot"))
	}
	return event.Entity(fmt.Sprint("spec-", region))
}

func specEntity(ev *event.Event) int { return int(ev.Entity()[len("spec-")] - '0') }

func numberOf(ev *event.Event) int { return int(binary.LittleEndian.Uint32(ev.Payload)) }

// intents returns what a call appends. after are the sequences up to which its regions were read.
func (c specCall) intents(after []uint64) (intents []intent, conditions []engine.Condition) {
	for _, e := range c.events {
		o := bytesNote(binary.LittleEndian.AppendUint32(make([]byte, 0, 300), uint32(e.number)))
		o.Payload = append(o.Payload, make([]byte, e.number%5*60)...)
		if o.Coordinate = event.MustAt(fmt.Sprint("spec-", e.entity), "scope"); e.expects {
			o.expect = engine.ExpectClock(uint64(e.clock))
		}
		if e.hot() {
			o.Tags = []string{"hot"}
		}
		intents = append(intents, o)
	}
	for i, condition := range c.conditions {
		conditions = append(conditions, engine.NoneAfter(specRegion(condition.region), after[i]))
	}
	return intents, conditions
}

// call makes a call and records what it came to. A process that died meanwhile told nobody anything.
func (c *client) call(input specCall, make func() (specAnswer, error)) (answer specAnswer, err error) {
	if c.dead.Load() {
		return answer, engine.ErrClosed
	}
	began := c.ticks.Add(1)
	answer, err = make()
	ended := c.ticks.Add(1)
	c.calls.Add(1)
	o := porcupine.Operation{ClientId: c.id, Input: input, Call: began, Output: answer, Return: ended}
	dead := c.dead.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case dead || errors.Is(err, engine.ErrIndeterminate):
		if input.kind == callAppend {
			o.Output = specAnswer{}
			c.open = append(c.open, o)
		}
		return answer, engine.ErrClosed
	case errors.Is(err, engine.ErrPoisoned): // nothing was stored
	case err != nil:
		c.t.Errorf("seed %d: %+v: %v", c.seed, input, err)
	default:
		c.history = append(c.history, o)
	}
	return answer, err
}

// append appends what a call says.
func (c *client) append(input specCall, after []uint64) {
	intents, conditions := input.intents(after)
	answer, err := c.call(input, func() (specAnswer, error) {
		var receipts []engine.Receipt
		var err error
		if len(intents) == 1 {
			o := intents[0].given(conditions...)
			if input.key != 0 {
				o.Key = fmt.Sprint("key-", input.key)
			}
			var r engine.Receipt
			r, err = o.append(c.store)
			receipts = []engine.Receipt{r}
		} else {
			batch := batchIf(intents, conditions...)
			if input.key != 0 {
				batch.Key = fmt.Sprint("key-", input.key)
			}
			receipts, err = c.store.AppendBatch(batch)
		}
		return c.answered(input, receipts, err)
	})
	for entity, clock := range answer.clocks {
		if err == nil && clock > 0 {
			c.clocks[entity] = clock
		}
	}
	if answer.outcome == outcomeConflict && answer.entity >= 0 {
		c.clocks[answer.entity] = answer.got
	}
}

// answered makes an answer of what an append returned.
func (c *client) answered(input specCall, receipts []engine.Receipt, err error) (a specAnswer, _ error) {
	var conflict *engine.ConflictError
	switch {
	case errors.As(err, &conflict):
		a.outcome, a.entity = outcomeConflict, -1
		if conflict.Entity != "" {
			a.entity, a.got = int(conflict.Entity[len("spec-")]-'0'), int(conflict.GotClock)
		}
		return a, nil
	case errors.Is(err, engine.ErrIdempotencyConflict):
		a.outcome = outcomeKeyTaken
		return a, nil
	case err != nil:
		return a, err
	case receipts[0].Duplicate:
		ev, err := c.store.At(receipts[0].Sequence)
		if err != nil {
			return a, err
		}
		a.outcome, a.first = outcomeDuplicate, numberOf(&ev)
		return a, nil
	}
	a.outcome = outcomeStored
	for i, r := range receipts {
		a.clocks[input.events[i].entity] = int(r.Position.Clock)
	}
	return a, nil
}

// newest asks for the newest event of a region, and returns its number and sequence.
func (c *client) newest(region int) (number int, sequence uint64, ok bool) {
	_, err := c.call(specCall{kind: callNewest, region: region}, func() (a specAnswer, _ error) {
		for ev, err := range c.store.Query(specRegion(region), engine.ReadOptions{Direction: engine.Backward, Limit: 1}) {
			if err != nil {
				return a, err
			}
			number, sequence = numberOf(&ev), ev.Sequence
		}
		a.first = number
		return a, nil
	})
	return number, sequence, err == nil
}

// readClocks reads all entities by one query.
func (c *client) readClocks() {
	answer, err := c.call(specCall{kind: callClocks}, func() (a specAnswer, _ error) {
		region := event.Union(event.Entity("spec-0"), event.EntityPrefix("spec-1"), event.Entity("spec-2"))
		for ev, err := range c.store.Query(region, engine.ReadOptions{}) {
			if err != nil {
				return a, err
			}
			a.clocks[specEntity(&ev)] = int(ev.Position.Clock)
		}
		return a, nil
	})
	if err == nil {
		c.clocks = answer.clocks
	}
}

// readAll reads everything.
func (c *client) readAll() (present map[int]bool) {
	present = make(map[int]bool)
	_, _ = c.call(specCall{kind: callAllRead}, func() (a specAnswer, _ error) { // an error is reported
		for ev, err := range c.store.Events(0, 0, engine.ReadOptions{}) {
			if err != nil {
				return a, err
			}
			present[numberOf(&ev)] = true
			a.hash, a.events = addNumber(a.hash, numberOf(&ev)), a.events+1
		}
		return a, nil
	})
	return present
}

// event returns a new event of an entity, which may expect a clock.
func (c *client) event(entity int) specEvent {
	e := specEvent{number: int(c.number.Add(1)), entity: entity}
	if c.random.IntN(2) == 0 {
		e.expects, e.clock = true, c.clocks[entity]
	}
	return e
}

// work makes the calls of one life.
func (c *client) work() {
	for range callsPerLife {
		if c.dead.Load() {
			return
		}
		entity := c.random.IntN(specEntities)
		switch n := c.random.IntN(20); {
		case n < 6:
			c.append(specCall{events: []specEvent{c.event(entity)}}, nil)
		case n < 10:
			first := c.event(entity)
			second, third := c.event((entity+1)%specEntities), c.event(entity)
			third.clock++ // behind the first
			c.append(specCall{events: []specEvent{first, second, third}[:2+c.random.IntN(2)]}, nil)
		case n < 14:
			key := c.random.IntN(2 * specKeys)
			other := c.random.IntN(6) == 0
			events := keyedEvents(key, other)
			if c.random.IntN(3) == 0 {
				events[0].expects, events[0].clock = true, c.clocks[events[0].entity]
			}
			c.append(specCall{events: events, key: key + 1, other: other}, nil)
		case n < 17:
			region := c.random.IntN(specRegions)
			if newest, after, ok := c.newest(region); ok {
				e := c.event(entity)
				e.expects = false
				c.append(specCall{events: []specEvent{e}, conditions: []specCondition{{region, newest}}}, []uint64{after})
			}
		case n < 19:
			c.readClocks()
		default:
			c.readAll()
		}
	}
}

// life opens what is left, lets the clients work, ends it at some moment, and returns what is left then.
func (l *lives) life(random *rand.Rand, left remains, kill bool) remains {
	d := newDevice(left)
	process := d.Dir.(*simdisk.Directory)
	l.store = mustOpenDir(l.t, d, small(l.policy))
	l.dead.Store(false)
	l.calls.Store(0)
	first := &client{lives: l, random: random}
	l.resolve(first.readAll())
	pause := random.IntN(40)
	process.OnSync(func(string) error {
		for range pause { // so that others come meanwhile
			runtime.Gosched()
		}
		if l.failing.Load() {
			return errInjected
		}
		return nil
	})
	var working sync.WaitGroup
	for id := range clients {
		c := &client{lives: l, id: id, random: rand.New(rand.NewPCG(random.Uint64(), uint64(id)))}
		working.Go(c.work)
	}
	end := int64(random.IntN(clients * callsPerLife))
	if random.IntN(3) == 0 { // everything fails for a while before
		until(func() bool { return l.calls.Load() >= end/2 })
		l.failing.Store(true)
	}
	until(func() bool { return l.calls.Load() >= end || l.failing.Load() && l.store.Stats().Poisoned != nil })
	l.dead.Store(true)
	process.Kill()
	var after remains
	if kill {
		after = d.kill()
	} else {
		after = d.cut(random)
	}
	working.Wait()
	l.failing.Store(false)
	_ = l.store.Close() // of a dead process
	return after
}

// resolve ends the calls whose outcome was unknown when the process died: none of them can have an effect any more, so each
// had it before, or none at all. What the store holds now tells which; it must agree with all that was told then.
func (l *lives) resolve(present map[int]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	read := l.history[len(l.history)-1].Call
	for _, o := range l.open {
		for _, e := range o.Input.(specCall).events {
			if present[e.number] {
				o.Return = read
				l.history = append(l.history, o)
				break
			}
		}
	}
	l.open = nil
}
