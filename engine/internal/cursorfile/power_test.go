// Power cuts, kills and failing syncs at every step: what was said to be durable is, and what was not is one of what was
// tried since.

package cursorfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/batpak/batpak/internal/simdisk"
)

// life is a cursor's file on a disk, and what its user knows of it.
type life struct {
	random *rand.Rand
	disk   *simdisk.Disk
	acked  uint64 // what the last call that succeeded said; 0: the file may not be there yet
	tried  uint64 // the highest that a call was made with since
}

var errSync = errors.New("injected failure of a sync")

func TestWhatWasSaidToBeDurableSurvivesPowerCutsKillsAndFailedSyncs(t *testing.T) {
	lives := 3000
	if raceBuild {
		lives = 300
	}
	for seed := range uint64(lives) {
		l := &life{random: rand.New(rand.NewPCG(seed, 6)), disk: simdisk.New()}
		for n := range 8 {
			if err := l.opening(); err != nil {
				t.Fatalf("seed %d, opening %d: %v", seed, n, err)
			}
		}
	}
}

// opening opens the file, writes to it, and ends in one of the ways in which processes and machines end.
func (l *life) opening() error {
	dir := l.disk.Mount()
	dir.KillAfter(l.random.Int64N(24))
	failing := l.random.IntN(4) == 0
	dir.OnSync(func(string) error {
		if failing && l.random.IntN(3) == 0 {
			return errSync
		}
		return nil
	})
	err := l.work(dir)
	if err != nil && !errors.Is(err, simdisk.ErrKilled) && !errors.Is(err, errSync) {
		return err
	}
	dir.Kill()
	if l.random.IntN(2) == 0 {
		l.disk = l.disk.PowerCut(simdisk.Random(l.random, simdisk.Style(l.random.IntN(simdisk.Styles))))
	} else {
		l.disk = l.disk.Clone()
	}
	return nil
}

// work opens or makes the file, checks it, and writes to it.
func (l *life) work(dir *simdisk.Directory) error {
	f, err := Open(dir, testName)
	if errors.Is(err, fs.ErrNotExist) {
		if l.acked != 0 {
			return fmt.Errorf("the file is gone, it was at %d", l.acked)
		}
		if err := Sweep(dir); err != nil {
			return err
		}
		l.tried++
		f, err = Create(dir, testName, at(l.tried))
	}
	if err != nil {
		return err
	}
	got := f.Content().Position
	if got != at(got.Acked) || got.Acked < l.acked || got.Acked > l.tried {
		return fmt.Errorf("it is at %+v, want from %+v to %+v", got, at(l.acked), at(l.tried))
	}
	l.acked, l.tried = got.Acked, got.Acked
	for range l.random.IntN(6) {
		l.tried++
		switch err := f.Write(at(l.tried)); {
		case err == nil:
			l.acked = l.tried
		case errors.Is(err, errSync): // it goes on
			if f.Content().Position != at(l.acked) {
				return fmt.Errorf("after a failed sync it is at %+v, want %+v", f.Content().Position, at(l.acked))
			}
		default:
			return err
		}
	}
	return f.Close()
}
