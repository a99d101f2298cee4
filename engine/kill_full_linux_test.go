// Killing a process on a disk that is full, while it is refused, closes, opens: nothing
// that it told is missing, also where there is too little room to open for writing.

package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/internal/rig"
)

func TestAProcessThatIsKilledOnAFullDiskLosesNothing(t *testing.T) {
	if !alone(t, rig.Mounts) {
		return
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d := newDisk(t)
	d.ballast(t, "ballast", 8<<20)
	d.ballast(t, "room", 400<<10)
	d.fill(t)
	d.drop(t, "room")
	v := newVictim(d.store("store"), seed)
	v.most = 300 // a refusal takes longer than an event
	read, refused := engine.Options{ReadOnly: true}, 0
	for round := range 25 {
		v.round(t, round, killPolicies[v.random.IntN(len(killPolicies))])
		write := engine.Options{SegmentSize: engine.MinSegmentSize, Sync: killPolicies[v.random.IntN(len(killPolicies))]}
		s, err := engine.Open(v.path, write)
		if errors.Is(err, engine.ErrNoSpace) {
			refused++
			s, err = engine.Open(v.path, read)
		}
		if errors.Is(err, engine.ErrNoStore) && len(v.told) == 0 {
			continue
		}
		if err != nil {
			t.Fatalf("round %d: open: %v", round, err)
		}
		v.compare(t, round, s, true)
		mustClose(t, s)
	}
	t.Logf("told: %v; %d lost ranges; %d openings were refused", v.words, v.lost, refused)
	if v.words["refused"] == 0 || v.words["staged"] == 0 {
		t.Errorf("told: %v: the disk was not full, or always", v.words)
	}
	d.drop(t, "ballast")
	s := mustOpen(t, v.path, small(engine.SyncEveryAppend()))
	v.compare(t, 0, s, false)
	mustClose(t, s)
	d.unmount(t)
	d.mount(t)
	s = mustOpen(t, v.path, read)
	v.compare(t, 0, s, true)
	mustClose(t, s)
}
