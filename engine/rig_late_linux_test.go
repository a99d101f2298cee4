//go:build !race

// A disk that promises room and has none when it is written: an ext4 whose image lies on
// a file system in memory, from which blocks of zeros are taken back, and which is then
// filled. What was reserved fails when it is synced, and the page cache goes on to show
// what the disk does not hold. Race builds have no mappings whose pages could be.

package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/rig"
)

// thinDisk is such a disk.
type thinDisk struct {
	*disk
	memory string // where the image lies
}

// newThinDisk makes one that has room for all of its blocks, for now.
func newThinDisk(t *testing.T) *thinDisk {
	t.Helper()
	memory := t.TempDir()
	if err := rig.MountMemory(memory, 32<<20); err != nil {
		t.Skipf("SKIPPED: no file system in memory: %v", err)
	}
	t.Cleanup(func() {
		if err := rig.Unmount(memory); err != nil {
			t.Error(err)
		}
	})
	sparse, image := filepath.Join(t.TempDir(), "sparse"), filepath.Join(memory, "image")
	makeImage(t, sparse)
	copyFile(t, sparse, image) // without holes
	d := &thinDisk{mountImage(t, image), memory}
	d.writeBlockwise(t)
	return d
}

// writeBlockwise makes the loop device write every block by itself. It takes a write that
// ended early for a success, so that with larger ones the disk would lie: it would lose
// every block of a write but the first one that is still there.
func (d *thinDisk) writeBlockwise(t *testing.T) {
	t.Helper()
	device, err := exec.Command("losetup", "--noheadings", "--output", "NAME", "--associated", d.image).Output()
	if err != nil {
		t.Skipf("SKIPPED: the loop device is not known: %v", err)
	}
	queue := filepath.Join("/sys/block", filepath.Base(strings.TrimSpace(string(device))), "queue")
	if err := os.WriteFile(filepath.Join(queue, "max_sectors_kb"), []byte("4"), 0); err != nil {
		t.Skipf("SKIPPED: the loop device can't be made to write every block by itself: %v", err)
	}
}

// copyFile copies a file, zeros and all.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// exhaust takes back the room of those blocks of a file that hold zeros only, and lets
// nobody have it.
func (d *thinDisk) exhaust(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	image, err := os.OpenFile(d.image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	blocks := mappedBlocks(t, path)
	if blocks == nil {
		t.Fatal("not all of the segment was written yet")
	}
	taken := 0
	for i, block := range blocks {
		if page := content[i*rig.BlockSize:][:rig.BlockSize]; bytes.Count(page, []byte{0}) == len(page) {
			if err := rig.Punch(image, block); err != nil {
				t.Fatal(err)
			}
			taken++
		}
	}
	if err := errors.Join(image.Close(), rig.Fill(filepath.Join(d.memory, "filler"))); err != nil || taken == 0 {
		t.Fatalf("%d blocks are taken: %v", taken, err)
	}
}

// mappedBlocks returns where the blocks of a file are, nil if it has one that nothing was
// written to.
func mappedBlocks(t *testing.T, path string) []int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := rig.Blocks(path, 0, info.Size()/rig.BlockSize)
	if err != nil {
		t.Skipf("SKIPPED: where a file is on its disk can't be known: %v", err)
	}
	for _, block := range blocks {
		if block == 0 {
			return nil
		}
	}
	return blocks
}

// relieve gives the room back.
func (d *thinDisk) relieve(t *testing.T) {
	t.Helper()
	if err := os.Remove(filepath.Join(d.memory, "filler")); err != nil {
		t.Fatal(err)
	}
}

// mustSurvivePowerCut fails the test unless the disk, as it would be after a power cut now,
// holds a store that opens for writing with at least these events at the beginning.
func (d *thinDisk) mustSurvivePowerCut(t *testing.T, events history) {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	copyFile(t, d.image, image)
	after := mountImage(t, image)
	s := mustOpen(t, after.store("store"), engine.Options{})
	got := all(t, s, 0, 0, engine.ReadOptions{})
	if len(got) < len(events) {
		t.Fatalf("after a power cut there are %d events, %d were durable", len(got), len(events))
	}
	mustEqual(t, got[:len(events)], events)
	mustBeSound(t, append(got, mustAppend(t, s, 3)...), true)
	mustClose(t, s)
	after.unmount(t)
}

func TestAReservedBlockThatTheDiskCanNotKeepIsNeverServedAsDurable(t *testing.T) {
	if !alone(t, rig.Mounts) {
		return
	}
	for _, policy := range killPolicies {
		t.Run(policy.String(), func(t *testing.T) {
			d := newThinDisk(t)
			o := engine.Options{SegmentSize: 4 << 20, Sync: policy}
			s := mustOpen(t, d.store("store"), o)
			durable := mustAppend(t, s, 30)
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			segment := filepath.Join(d.store("store"), firstSegment)
			until(func() bool { return mappedBlocks(t, segment) != nil }) // prepared to its end
			d.exhaust(t, segment)
			durable = append(durable, appendUntilPoisoned(t, s)...)
			d.mustSurvivePowerCut(t, durable)
			if err := s.Close(); !errors.Is(err, engine.ErrPoisoned) {
				t.Errorf("close: got %v, want ErrPoisoned", err)
			}
			// While there is no room, nothing that is in memory only may be served: it can't be written again.
			if s, err := engine.Open(d.store("store"), o); err == nil {
				durable = d.mustServeWhatIsDurable(t, s, durable)
				mustClose(t, s)
			} else if errors.Is(err, engine.ErrCorrupt) {
				t.Errorf("open: %v", err)
			} else {
				t.Logf("opening without room: %v", err)
			}
			d.mustSurvivePowerCut(t, durable)
			d.relieve(t)
			s = mustOpen(t, d.store("store"), o)
			durable = d.mustServeWhatIsDurable(t, s, durable)
			durable = append(durable, mustAppend(t, s, 20)...)
			mustClose(t, s)
			d.mustSurvivePowerCut(t, durable)
		})
	}
}

// mustServeWhatIsDurable fails the test unless the store that was just opened holds what was
// durable, and the disk all that the store holds. It returns that.
func (d *thinDisk) mustServeWhatIsDurable(t *testing.T, s *engine.Store, durable history) history {
	t.Helper()
	served := all(t, s, 0, 0, engine.ReadOptions{})
	if len(served) < len(durable) {
		t.Fatalf("%d events are served, %d were durable; %s", len(served), len(durable), s.Report())
	}
	mustEqual(t, served[:len(durable)], durable)
	mustBeSound(t, served, true)
	d.mustSurvivePowerCut(t, served)
	return served
}

// appendUntilPoisoned appends until the disk could not keep it, asks everybody who knows,
// and returns the events that were acknowledged as durable.
func appendUntilPoisoned(t *testing.T, s *engine.Store) (durable history) {
	t.Helper()
	var err error
	var staged []uint64
	for n := uint64(0); err == nil && n < 300; n++ {
		var r engine.Receipt
		if r, err = s.AppendBytes(here, event.Data, event.CodecRaw, randomBytes(n, 1000)); err == nil {
			staged = append(staged, r.Sequence)
		}
	}
	if err == nil {
		err = s.Sync()
	}
	t.Logf("appending ended with: %v", err)
	if !errors.Is(err, engine.ErrIndeterminate) && !errors.Is(err, engine.ErrPoisoned) || errors.Is(err, io.EOF) {
		t.Fatalf("got %v, want ErrIndeterminate or ErrPoisoned", err)
	}
	if errors.Is(err, engine.ErrNoSpace) {
		t.Errorf("%v is ErrNoSpace, which promises that nothing was stored", err)
	}
	watermark := s.Stats().Durable
	for _, sequence := range staged {
		err := s.WaitDurable(context.Background(), sequence)
		if kept := sequence <= watermark; kept != (err == nil) || !kept && !errors.Is(err, engine.ErrIndeterminate) {
			t.Errorf("sequence %d, %d are durable: %v", sequence, watermark, err)
		}
		ev, err := s.At(sequence)
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if sequence <= watermark {
			durable = append(durable, ev)
		}
	}
	if _, err := s.Append(here, event.Data, "x"); !errors.Is(err, engine.ErrPoisoned) {
		t.Errorf("append: got %v, want ErrPoisoned", err)
	}
	if err := s.Sync(); !errors.Is(err, engine.ErrPoisoned) {
		t.Errorf("sync: got %v, want ErrPoisoned", err)
	}
	return durable
}
