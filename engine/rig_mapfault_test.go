//go:build !race

// Files that are cut under readers, a thousand faults and more: each is ErrMapFault, what
// is not cut is read as before, and all of it once the bytes are back. Race builds have no
// mappings that could fault.
//
// All cuts are between pages. Of a page that is cut in the middle, memory shows zeros
// behind the cut: in frames these are ErrCorrupt; in a footer's page that was checked
// before they are not seen.

package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/internal/mmap"
)

// mapFaults is how many faults the tests of this file want to see.
const mapFaults = 1000

// cutter cuts files of a store and puts the bytes back.
type cutter struct {
	path   string
	files  image
	random *rand.Rand
}

// pageSize is what cuts are multiples of.
var pageSize = int64(os.Getpagesize())

// cut truncates a segment, and returns its name and its length now.
func (c *cutter) cut(t *testing.T) (string, int64) {
	t.Helper()
	name := c.files.segments()[c.random.IntN(len(c.files.segments()))]
	size := c.random.Int64N(int64(len(c.files[name]))) / pageSize * pageSize
	if err := os.Truncate(filepath.Join(c.path, name), size); err != nil {
		t.Fatal(err)
	}
	return name, size
}

// mend writes what was cut off a file.
func (c *cutter) mend(t *testing.T, name string, size int64) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(c.path, name), os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt(c.files[name][size:], size)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// newCutter returns a cutter for a store with a few segments, and what it holds. It is
// opened for reading.
func newCutter(t *testing.T) (*cutter, *engine.Store, history) {
	t.Helper()
	path := quickDir(t)
	s := mustOpen(t, path, small(engine.SyncManual()))
	events := mustAppend(t, s, 400)
	mustClose(t, s)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c := &cutter{path: path, files: imageOf(t, path), random: rand.New(rand.NewPCG(seed, 0))}
	return c, mustOpen(t, path, engine.Options{ReadOnly: true}), events
}

// readings are the ways to read one event.
var readings = map[string]func(s *engine.Store, want event.Event) (event.Event, error){
	"At":  func(s *engine.Store, want event.Event) (event.Event, error) { return s.At(want.Sequence) },
	"Get": func(s *engine.Store, want event.Event) (event.Event, error) { return s.Get(want.ID) },
	"GetInto": func(s *engine.Store, want event.Event) (got event.Event, err error) {
		err = s.GetInto(want.Sequence, &got)
		return got, err
	},
	"Events": func(s *engine.Store, want event.Event) (got event.Event, err error) {
		for ev, e := range s.Events(want.Sequence, want.Sequence, engine.ReadOptions{}) {
			if err = e; e == nil {
				got = ev.Clone()
			}
		}
		return got, err
	},
	"Query": func(s *engine.Store, want event.Event) (got event.Event, err error) {
		region := event.Entity(want.Entity()).Clocks(want.Position.Clock, want.Position.Clock)
		for ev, e := range s.Query(region, engine.ReadOptions{}) {
			if err = e; e == nil {
				got = ev.Clone()
			}
		}
		return got, err
	},
}

func TestACutFileIsAThousandFaultsAndNoEndOfTheProcess(t *testing.T) {
	t.Parallel()
	c, s, events := newCutter(t)
	ways := slices.Sorted(maps.Keys(readings))
	faults := make(map[string]int)
	for total := 0; total < mapFaults; {
		cut, size := c.cut(t)
		for _, want := range events {
			for _, way := range ways {
				got, err := readings[way](s, want)
				if errors.Is(err, engine.ErrMapFault) {
					faults[way]++
					total++
				} else if err != nil || difference(got, want) != "" {
					t.Fatalf("%s of %d with %s cut: %v; %s", way, want.Sequence, cut, err, difference(got, want))
				}
			}
		}
		c.mend(t, cut, size)
		mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
		for _, way := range ways {
			want := events[c.random.IntN(len(events))]
			if got, err := readings[way](s, want); err != nil || difference(got, want) != "" {
				t.Fatalf("%s of %d with %s mended: %v; %s", way, want.Sequence, cut, err, difference(got, want))
			}
		}
	}
	t.Logf("faults: %v", faults)
	if len(faults) != len(ways) {
		t.Errorf("faults: %v: not every way of reading met one", faults)
	}
	mustClose(t, s)
}

func TestFilesThatAreCutAndMendedWhileTheyAreReadNeverGiveAWrongEvent(t *testing.T) {
	t.Parallel()
	c, s, events := newCutter(t)
	ways := slices.Sorted(maps.Keys(readings))
	var faults atomic.Int64
	stop := make(chan struct{})
	var reading sync.WaitGroup
	for reader := range 3 {
		random := rand.New(rand.NewPCG(c.random.Uint64(), uint64(reader)))
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				want, way := events[random.IntN(len(events))], ways[random.IntN(len(ways))]
				got, err := readings[way](s, want)
				if errors.Is(err, engine.ErrMapFault) {
					faults.Add(1)
				} else if err != nil || difference(got, want) != "" {
					t.Errorf("%s of %d: %v; %s", way, want.Sequence, err, difference(got, want))
					return
				}
			}
		})
	}
	for faults.Load() < mapFaults && !t.Failed() {
		for range 20 {
			name, size := c.cut(t)
			c.mend(t, name, size)
		}
	}
	close(stop)
	reading.Wait()
	mustEqual(t, all(t, s, 0, 0, engine.ReadOptions{}), events)
	mustClose(t, s)
}

func TestFilesThatAreCutUnderAWriterAreErrorsAndNoEndOfTheProcess(t *testing.T) {
	t.Parallel()
	c, s, events := newCutter(t)
	mustClose(t, s)
	poisoned := 0
	for round := range 60 {
		c.path = filepath.Join(quickDir(t), "store")
		c.files.write(t, c.path)
		s := mustOpen(t, c.path, small(killPolicies[round%len(killPolicies)]))
		errs := make(chan error, 4)
		var working sync.WaitGroup
		for worker := range cap(errs) {
			working.Go(func() { errs <- c.work(s, events, worker) })
		}
		names := imageOf(t, c.path).segments() // with the one that is being written
		for range 1 + c.random.IntN(3) {
			shorten(t, filepath.Join(c.path, names[c.random.IntN(len(names))]), pageSize*c.random.Int64N(60<<10/pageSize+1))
		}
		working.Wait()
		close(errs)
		for err := range errs {
			if err != nil && !isOfACut(err) {
				t.Errorf("round %d: %v", round, err)
			}
		}
		if s.Stats().Poisoned != nil {
			poisoned++
		}
		if err := s.Close(); (s.Stats().Poisoned != nil) != errors.Is(err, engine.ErrPoisoned) {
			t.Errorf("round %d: poisoned: %v; close: %v", round, s.Stats().Poisoned, err)
		}
	}
	t.Logf("%d stores of 60 were poisoned", poisoned)
	if poisoned == 0 || poisoned == 60 {
		t.Errorf("%d stores of 60 were poisoned, some should be", poisoned)
	}
}

// shorten cuts a file to a size, if it is longer: it is never made longer, since readers would find zeros there.
func shorten(t *testing.T, name string, size int64) {
	t.Helper()
	info, err := os.Stat(name)
	if err == nil && size < info.Size() {
		err = os.Truncate(name, size)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// work appends, or reads, until there is an error, or for a while.
func (c *cutter) work(s *engine.Store, events history, worker int) error {
	random := rand.New(rand.NewPCG(uint64(worker), 1))
	for range 150 {
		want := events[random.IntN(len(events))]
		if worker%2 == 0 {
			if _, err := s.AppendBytes(want.Coordinate, event.Data, event.CodecRaw, want.Payload); err != nil {
				return err
			}
			continue
		}
		for way, read := range readings {
			if got, err := read(s, want); err != nil {
				return err
			} else if d := difference(got, want); d != "" {
				return fmt.Errorf("%s of %d: %s", way, want.Sequence, d)
			}
		}
	}
	return nil
}

// isOfACut reports whether an error is one that a file which became shorter may cause; a new one may do so
// before it is mapped.
func isOfACut(err error) bool {
	for _, kind := range []error{engine.ErrMapFault, engine.ErrCorrupt, engine.ErrIndeterminate, engine.ErrPoisoned, mmap.ErrRange} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
