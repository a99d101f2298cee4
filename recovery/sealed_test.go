// This file holds the tests of loading sealed segments without walking them: what it costs, that it says what walking
// says, and that nothing is taken from a footer which the frames contradict.

package recovery_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/batpak/batpak/internal/vfs"
	"github.com/batpak/batpak/mmapseg"
	"github.com/batpak/batpak/recovery"
)

// reopenedStore writes a store that was closed, left unclosed and opened again several times, and is closed. Its control
// frames stand at the beginning, in the middle and at the end of sealed segments, and alone in one.
func reopenedStore(t testing.TB) *writer {
	w := write(t, vfs.NewMemory())
	again := func() {
		before := w
		before.release()
		if w = write(t, before.dir); len(w.out.Unsealed) > 0 {
			for _, u := range w.out.Unsealed {
				w.seal(u.Segment, u.FramesEnd)
			}
		}
		w.written = append(before.written, w.written...)
	}
	w.events(4)
	w.close()
	again() // in the middle
	w.events(2)
	w.batch(3)
	w.rotate(true)
	w.rotate(true) // a segment without anything
	w.events(2)
	w.close()
	again() // two open frames without an event between, and a close frame in front of the end frame
	w.close()
	again()
	w.events(1)
	w.release()
	again() // a lost range
	w.events(300)
	w.rotate(true)
	w.batch(2)
	w.rotate(true)
	w.release()
	again() // nothing was written
	w.events(5)
	w.close()
	return w
}

func TestASealedSegmentIsOpenedOnceAndNotWalked(t *testing.T) {
	w := write(t, vfs.NewMemory())
	w.rotate(true) // holds an open frame
	w.rotateTo(1 << 20)
	w.events(4000)
	end := w.tail + mmapseg.EndSize
	w.rotateTo(mmapseg.MinSize)
	w.seal(w.out.Segments[2], end)
	w.close()
	calls, bytes := map[string][]string{}, map[string]int64{}
	watched := vfs.Faulty(w.dir, func(op vfs.Op) error {
		calls[op.Name] = append(calls[op.Name], op.Kind.String())
		if op.Kind == vfs.OpReadAt {
			bytes[op.Name] += op.Length
		}
		return nil
	})
	state, out, err := collect(watched, recovery.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 2} {
		segment := state.Segments[i]
		// Read are the header, the end of the footer, and a control frame together with the end frame or that one alone.
		if got, want := strings.Join(calls[name(i)], " "), "open size read read read close"; got != want {
			t.Errorf("segment %d: %s; want %s", i+1, got, want)
		}
		if got := bytes[name(i)]; got > 4096+8192+4096 {
			t.Errorf("segment %d: %d bytes are read of %d", i+1, got, segment.Size)
		}
		if !segment.Sealed || segment.Damaged || len(out.events[name(i)]) > 0 {
			t.Errorf("segment %d: sealed %t, damaged %t, given out %q", i+1, segment.Sealed, segment.Damaged, out.events[name(i)])
		}
	}
	if r := state.Report; r.Events != 4000 || r.Sealed != 2 || !r.Clean {
		t.Errorf("report %v", r)
	}
}

func TestFootersChangeNothingWhateverHappenedToTheStore(t *testing.T) {
	same := func(what string, w *writer) {
		t.Helper()
		with, without := load(t, w.dir, recovery.Options{}), load(t, w.dir, recovery.Options{IgnoreFooters: true})
		sameEvents(t, without.events, w.written)
		if a, b := essence(with), essence(without); a != b {
			t.Fatalf("%s: with footers:\n%s\nwithout:\n%s", what, a, b)
		}
		if r := with.state.Report; len(r.Footers) > 0 || r.Events != uint64(len(w.written)) || without.state.Report.Events != r.Events {
			t.Fatalf("%s: report %v", what, r)
		}
	}
	same("reopened", reopenedStore(t))
	seeds := uint64(60)
	if raceEnabled {
		seeds = 12
	}
	for seed := range seeds {
		random := rand.New(rand.NewPCG(3, seed))
		r := resumption()
		r.Hashing = seed%4 != 0
		w := begin(t, vfs.NewMemory(), r)
		for range 25 {
			switch random.IntN(8) {
			case 0, 1:
				w.events(1 + random.IntN(40))
			case 2:
				w.batch(1 + random.IntN(9))
			case 3, 4:
				w.rotate(random.IntN(3) > 0)
			case 5:
				w.sync()
			case 6, 7:
				if random.IntN(2) == 0 {
					w.close()
				} else {
					w.release()
				}
				same(fmt.Sprint("seed ", seed), w)
				before := w
				w = write(t, w.dir)
				w.written = append(before.written, w.written...)
				for _, u := range w.out.Unsealed {
					if random.IntN(2) == 0 {
						w.seal(u.Segment, u.FramesEnd)
					}
				}
			}
		}
		w.release()
		same(fmt.Sprint("seed ", seed), w)
	}
}

func TestAGapInASealedSegmentIsTakenFromItsFrame(t *testing.T) {
	w := threeSegments(t, true)
	l := load(t, w.dir, recovery.Options{})
	third := l.state.Segments[2].Header
	h := mmapseg.Header{Number: 1, Generation: 1, Hashing: true, Salt: 5, Size: mmapseg.MinSize, Origin: l.state.Origin, ReplacesFirst: 1, ReplacesLast: 2}
	out, err := mmapseg.Create(w.dir, h)
	if err != nil {
		t.Fatal(err)
	}
	out.Activate(1, 0)
	c := &writer{t: t, dir: w.dir, at: out, tail: mmapseg.HeaderSize, next: 1, hashing: true, wall: w.wall, out: &recovery.Resumed{Segments: []*mmapseg.Segment{out}}}
	c.put(mmapseg.AppendOpen(nil, &mmapseg.OpenFrame{Identity: l.state.Identity, Incarnation: 1, Ahead: ahead}, c.place(c.tail)))
	c.events(3)
	c.put(mmapseg.AppendGap(nil, &mmapseg.GapFrame{Range: mmapseg.Range{First: 4, Last: 11}, Leaves: 8, Reason: 1}, c.place(c.tail)))
	c.put(mmapseg.AppendEnd(nil, &mmapseg.EndFrame{
		LastSequence: 11, TreeSize: 11, NextNumber: third.Number, NextSalt: third.Salt, Reason: mmapseg.EndRotated,
	}, c.place(c.tail)))
	c.seal(out, c.tail)
	c.release()

	gaps := 0
	state, err := recovery.Load(w.dir, recovery.Options{Gap: func(*recovery.Segment, *mmapseg.GapFrame) error { gaps++; return nil }})
	if err != nil || gaps != 0 || len(state.Segments) != 2 || !state.Segments[0].Sealed || state.Segments[0].Last != 11 || state.LastSequence != 18 {
		t.Fatalf("%d gaps, %v, loaded %+v", gaps, err, state)
	}
	with, without := load(t, w.dir, recovery.Options{}), load(t, w.dir, recovery.Options{IgnoreFooters: true})
	if essence(with) != essence(without) || len(with.state.Damage) > 0 {
		t.Errorf("with footers:\n%s\nwithout:\n%s", essence(with), essence(without))
	}
}
