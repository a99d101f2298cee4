// The floors do their work: they are run small here, so that they can't rot. No test looks at a time.

package floor

import (
	"bytes"
	"os"
	"testing"

	"github.com/batpak/batpak/event"
)

func coordinates() []event.Coordinate {
	return []event.Coordinate{
		event.MustAt("entity:0000000000001", "scope:00000000000001"),
		event.MustAt("entity:0000000000002", "scope:00000000000001"),
	}
}

func TestAFloorAppendsFramesOneBehindTheOtherAndWraps(t *testing.T) {
	payload := bytes.Repeat([]byte{0xA5}, 256)
	memory := NewAnonymous(1000)
	a := NewAppend(memory, coordinates(), payload, true)
	if a.FrameBytes() < 256+20+20+32 || a.FrameBytes() > 256+160 {
		t.Fatalf("a frame takes %d bytes", a.FrameBytes())
	}
	for range 3 {
		if err := a.Once(); err != nil {
			t.Fatal(err)
		}
	}
	if a.offset != a.FrameBytes() {
		t.Errorf("the third frame of %d bytes ends at %d of %d", a.FrameBytes(), a.offset, memory.Size())
	}
	if !bytes.Contains(memory[a.FrameBytes():], payload) {
		t.Error("the second frame does not hold the payload")
	}
}

func TestAFloorWithoutTheChainHasASmallerFrame(t *testing.T) {
	with := NewAppend(NewAnonymous(1000), coordinates(), make([]byte, 64), true)
	without := NewAppend(NewAnonymous(1000), coordinates(), make([]byte, 64), false)
	if got := with.FrameBytes() - without.FrameBytes(); got != 32 {
		t.Errorf("the chain takes %d bytes of a frame, want 32", got)
	}
}

func TestPreparedFilesAreRemovedAgain(t *testing.T) {
	directory := t.TempDir()
	p, err := Prepare(directory, 3<<20, true)
	if err != nil {
		t.Fatal(err)
	}
	p.Store(8, ascending(64))
	if !bytes.Equal(p.Mapping().Bytes()[8:72], ascending(64)) {
		t.Error("the store is not in the mapping")
	}
	d, err := NewDurable(directory, 1<<20, 400)
	if err != nil {
		t.Fatal(err)
	}
	for range 3000 { // more than the file holds
		if d.offset == 0 || d.offset+800 > 1<<20 {
			if err := d.Once(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		d.offset += 400
	}
	if _, _, err := PopulateCost(directory, 2<<20); err != nil {
		t.Error(err)
	}
	if cost, err := TouchCost(directory, 1<<20); err != nil || cost <= 0 {
		t.Errorf("a first touch takes %v ns, %v", cost, err)
	}
	for _, close := range []func() error{p.Close, d.Close} {
		if err := close(); err != nil {
			t.Error(err)
		}
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestAMissingDirectoryIsAnError(t *testing.T) {
	if _, err := Prepare(t.TempDir()+"/missing", 1<<20, false); err == nil {
		t.Error("prepared a file in a missing directory")
	}
	if _, err := TouchCost(t.TempDir()+"/missing", 1<<20); err == nil {
		t.Error("touched a file in a missing directory")
	}
}

func TestTimingCountsEveryIteration(t *testing.T) {
	done := 0
	samples := Time(3, 1000, func(n int) { done += n })
	if len(samples) != 3 || done < 4 {
		t.Errorf("%d samples, %d iterations", len(samples), done)
	}
}

func TestEveryPieceRunsWithoutAllocating(t *testing.T) {
	memory := NewAnonymous(1 << 16)
	pieces := []Piece{
		ClockRead(), Copy(memory, 100), CRC32C(100), BLAKE3(100), Digest(coordinates()[0]), Link(),
		Whole(NewAppend(memory, coordinates(), make([]byte, 256), true)),
	}
	for _, p := range pieces {
		if allocations := testing.AllocsPerRun(100, func() { p.Loop(3) }); allocations != 0 {
			t.Errorf("%s allocates %v times", p.Name, allocations)
		}
	}
}
