// This file holds those who follow in lives: named cursors beside writers, which are acknowledged, closed, opened again, reset and
// removed.

package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// pursuer uses a cursor in a life.
type pursuer struct {
	*tracked
	life   *life
	random *rand.Rand
	events []event.Event // to pull into
	got    []uint64      // sequences, since from
	turns  []turn        // that are over
}

// turn is what a cursor returned between two positions that it was given.
type turn struct {
	area *area
	from uint64
	got  []uint64
}

// pursuer returns one who uses the cursor with this index.
func (l *life) pursuer(index int) *pursuer {
	p := &pursuer{life: l, random: rand.New(rand.NewPCG(l.seed, 200+uint64(index))), events: make([]event.Event, 7)}
	p.tracked = l.view.track(l.store, index, l.journal, l.count, l.excusedFollower)
	return p
}

// follow begins all that follows what writers append.
func (l *life) follow(ctx context.Context, all *sync.WaitGroup) {
	for i := range l.follows {
		p := l.pursuer(i)
		all.Go(func() { p.pursue(ctx) })
	}
	if l.reacts {
		all.Go(l.react)
	}
	if l.folds {
		all.Go(func() { l.project(rand.New(rand.NewPCG(l.seed, 101))) })
	}
}

// excusedFollower reports whether an error may be, for a call about a cursor or a state.
func (l *life) excusedFollower(err error) bool {
	return l.failed.Load() && errors.Is(err, errSync) || l.full && errors.Is(err, engine.ErrNoSpace) || l.hastily && errors.Is(err, engine.ErrClosed)
}

// pursue follows until nobody appends any more, and then to the end, or not.
func (p *pursuer) pursue(ctx context.Context) {
	err := p.open(&areas[p.random.IntN(len(areas))], p.somewhere())
	for err == nil && !p.life.done.Load() {
		err = p.one(ctx)
		runtime.Gosched()
	}
	if err == nil && p.random.IntN(2) == 0 {
		err = p.drain()
	}
	p.turn()
	if p.cursor != nil && !p.life.hastily && (err == nil || errors.Is(err, errStopped)) {
		if e := p.whole(); e != nil {
			err = e
		}
	}
	if err != nil && !errors.Is(err, errStopped) {
		p.life.violated(err)
	}
}

// somewhere is a sequence that was given.
func (p *pursuer) somewhere() uint64 {
	if p.random.IntN(3) > 0 {
		return 0
	}
	return p.random.Uint64N(p.store.Stats().Visible + 1)
}

// one does one thing.
func (p *pursuer) one(ctx context.Context) error {
	switch pick := p.random.IntN(40); {
	case pick < 8:
		return p.acknowledge()
	case pick == 8:
		p.turn()
		if err := p.close(); err != nil {
			return err
		}
		return p.open(&areas[p.random.IntN(len(areas))], p.somewhere())
	case pick == 9:
		p.turn()
		return p.reset(p.somewhere())
	case pick == 10 && p.random.IntN(4) == 0:
		p.turn()
		if err := p.remove(); err != nil {
			return err
		}
		return p.open(&areas[p.random.IntN(len(areas))], p.somewhere())
	case pick < 15:
		return p.await(ctx)
	case pick < 25:
		return p.pull(ctx)
	}
	_, err := p.poll()
	return err
}

// acknowledge acknowledges what was returned, most often all of it.
func (p *pursuer) acknowledge() error {
	acked, to := p.stand.Sure.Acked, p.behind
	if to > acked && p.random.IntN(3) == 0 {
		to = acked + p.random.Uint64N(to-acked+1)
	}
	if p.random.IntN(8) == 0 {
		if err := p.refuses(p.cursor.Position() + 1 + p.random.Uint64N(100)); err != nil {
			return err
		}
		if acked > 0 {
			if err := p.refuses(p.random.Uint64N(acked)); err != nil {
				return err
			}
		}
	}
	return p.ack(to)
}

// poll asks for one event; false: there is none.
func (p *pursuer) poll() (bool, error) {
	ev, ok, err := p.cursor.Poll()
	if err == nil && !ok {
		return false, nil
	}
	return true, p.took(&ev, err)
}

// await waits for one event, but not for longer than there is anybody who appends.
func (p *pursuer) await(ctx context.Context) error {
	ev, err := p.cursor.Next(ctx)
	return p.over(ctx, p.took(&ev, err))
}

// pull waits for one event and takes some more.
func (p *pursuer) pull(ctx context.Context) error {
	n, err := p.cursor.PullInto(ctx, p.events[:1+p.random.IntN(len(p.events))])
	for i := range n {
		if err := p.took(&p.events[i], nil); err != nil {
			return err
		}
	}
	if err == nil {
		return nil
	}
	return p.over(ctx, p.took(nil, err))
}

// over takes the end of waiting for none.
func (p *pursuer) over(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// took takes what the cursor returned.
func (p *pursuer) took(ev *event.Event, err error) error {
	if lost, err := p.returned(ev, err); lost || err != nil {
		return err
	}
	s := stampOf(ev)
	if text := s.check(ev, new(label)); text != "" {
		return p.broken("sequence %d %s", ev.Sequence, text)
	}
	p.got = append(p.got, ev.Sequence)
	p.life.knows(entryOf(ev), 0)
	if p.life.opening.Policy.waits() {
		p.life.keeps(ev.Sequence) // what is returned is durable
	}
	return nil
}

// drain reads to the end and acknowledges it.
func (p *pursuer) drain() error {
	for {
		ok, err := p.poll()
		if err != nil {
			return err
		}
		if !ok {
			return p.acknowledge()
		}
	}
}

// turn ends what the cursor returned since it was given a position.
func (p *pursuer) turn() {
	if p.area != nil {
		p.turns = append(p.turns, turn{p.area, p.from, p.got})
	}
	p.got = nil
}

// whole checks that nothing was left out in any turn.
func (p *pursuer) whole() error {
	for _, t := range p.turns {
		if len(t.got) == 0 {
			continue
		}
		n := 0
		for ev, err := range p.store.Query(t.area.region.Sequences(t.from+1, t.got[len(t.got)-1]), engine.ReadOptions{}) {
			if err != nil {
				return p.failed("read again", err)
			}
			if n == len(t.got) || ev.Sequence != t.got[n] {
				return fmt.Errorf("%w: behind %d of %s", p.broken("leaves out sequence %d", ev.Sequence), t.from, t.area.region)
			}
			n++
		}
		if n < len(t.got) {
			return p.broken("returned %d events behind %d of %s, there are %d", len(t.got), t.from, t.area.region, n)
		}
	}
	return nil
}
