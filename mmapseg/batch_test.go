package mmapseg

// The begin frame of a batch is found from its first event, and only from that.

import (
	"errors"
	"strings"
	"testing"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/vfs"
)

// beganBy finds the begin frame of the batch whose first event has this sequence.
func beganBy(tb tester, set *Set, sequence uint64) (BatchBegin, bool, error) {
	tb.Helper()
	f, s, _, err := set.Find(sequence, nil, true)
	must(tb, err)
	return s.BatchBegin(&f)
}

func TestTheBeginFrameOfABatchIsFoundFromItsFirstEvent(t *testing.T) {
	keys := []string{"", "k", strings.Repeat("k", event.MaxKey)}
	for n := range 17 {
		keys = append(keys, strings.Repeat("x", n+1)) // every rest of 8
	}
	for _, sealed := range []bool{false, true} {
		m := newModel(vfs.NewMemory())
		p := m.segment(t, 1<<20, 0)
		want := map[uint64]string{}
		for i, key := range keys {
			want[p.next] = key
			p.keyedBatch(key, 10, 0, 300) // the first one is the first thing in its segment
			switch i % 3 {
			case 0:
				p.event(20)
			case 1:
				p.control(AppendClose(nil, &CloseFrame{Incarnation: 1, LastSequence: p.next - 1}, p.here()))
				p.control(AppendOpen(nil, &OpenFrame{Incarnation: 2, LastSequence: p.next - 1}, p.here()))
			}
		}
		m.filled(p)
		if sealed {
			p.seal()
			m.reopen(t, 0)
		}
		for sequence := uint64(1); sequence < p.next; sequence++ {
			key, first := want[sequence]
			b, ok, err := beganBy(t, &m.set, sequence)
			switch {
			case err != nil || ok != first:
				t.Fatalf("sequence %d: %v %v, want %v", sequence, ok, err, first)
			case first && (b.Key != key || b.Events != 3 || b.FirstSequence != sequence || (b.Request != testHash(sequence)) != (key == "")):
				t.Fatalf("sequence %d: %+v, want key %q", sequence, b, key)
			}
		}
	}
}

// TestADamagedBeginFrameIsNeverTakenForAnother flips each of its bits: it is not found, or damaged, but never different.
func TestADamagedBeginFrameIsNeverTakenForAnother(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, 1<<20, 0)
	p.batch(10, 10)
	from := p.tail
	p.keyedBatch("key", 10, 10)
	m.filled(p)
	unseen, damaged := 0, 0
	for offset := from; offset < p.offsets[3]; offset++ {
		for bit := range 8 {
			damage(t, p.s, offset, bit)
			switch b, ok, err := beganBy(t, &m.set, 3); {
			case errors.Is(err, ErrCorrupt):
				damaged++
			case err == nil && !ok:
				unseen++
			default:
				t.Fatalf("bit %d at %d: %+v %v %v", bit, offset-from, b, ok, err)
			}
			damage(t, p.s, offset, bit)
		}
	}
	if want := 8 * framePrefix; unseen != want || damaged == 0 {
		t.Errorf("not found %d times, want %d; damaged %d times", unseen, want, damaged)
	}
	if b, ok, err := beganBy(t, &m.set, 3); err != nil || !ok || b.Key != "key" {
		t.Errorf("mended: %+v %v %v", b, ok, err)
	}
}

func TestDamageAroundABatchDoesNotHideItsBeginFrame(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, 1<<20, 0)
	p.event(50)
	p.keyedBatch("key", 10, 10, 10)
	p.event(50)
	m.filled(p)
	for _, sequence := range []uint64{1, 3, 5} {
		damage(t, p.s, p.offsets[sequence]+40, 1)
	}
	if b, ok, err := beganBy(t, &m.set, 2); err != nil || !ok || b.Key != "key" {
		t.Errorf("%+v %v %v", b, ok, err)
	}
}

func TestABeginFrameOfAnotherBatchIsDamage(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, 1<<20, 0)
	at := p.here()
	p.keyedBatch("key", 10)
	m.filled(p)
	forged, err := AppendBatchBegin(nil, &BatchBegin{Events: 1, Bytes: 8, FirstSequence: 7, Key: "key"}, at)
	must(t, err)
	overwrite(t, p.s, at.Offset, forged)
	if b, ok, err := beganBy(t, &m.set, 1); !errors.Is(err, ErrCorrupt) || ok {
		t.Errorf("%+v %v %v", b, ok, err)
	}
}

// TestBytesOfAKeyThatLookLikeABeginFrameAreNone: a header in the key says that a begin frame goes on up to the event. Only who
// knows the segment's salt can make one.
func TestBytesOfAKeyThatLookLikeABeginFrameAreNone(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, 1<<20, 0)
	key := make([]byte, 100)
	size := align(framePrefix + 17 + len(key) + 32)
	const at = 7 // in the key: 48 in the frame
	putPrefix(key[at:], FrameBatchBegin, 0, size-48, 0, 1, p.s.Salt, p.tail+48)
	p.keyedBatch(string(key), 10)
	m.filled(p)
	if b, ok, err := beganBy(t, &m.set, 1); err != nil || !ok || b.Key != string(key) {
		t.Errorf("%+v %v %v", b, ok, err)
	}
}

func TestTheBeginFrameOfAClosedSegmentCanNotBeRead(t *testing.T) {
	m := newModel(vfs.NewMemory())
	p := m.segment(t, 1<<20, 0)
	p.keyedBatch("key", 10)
	m.filled(p)
	f, s, _, err := m.set.Find(1, nil, true)
	must(t, err)
	must(t, s.Close())
	if _, _, err := s.BatchBegin(&f); !errors.Is(err, ErrSegmentClosed) {
		t.Errorf("%v", err)
	}
}
