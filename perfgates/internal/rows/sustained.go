// P22: minutes of appends without a pause, under two policies: the longest time that an append took in a
// part of them, the median of the parts, and what the block device wrote for each byte of events. The two loads are in sustained_loads.go.

package rows

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

const (
	deviceTarget = 2.3 // bytes written for a byte of events
	// foreignShare is how much of what the device wrote others may have written, going by what it
	// writes while nothing of ours runs: before each store and after the last.
	foreignShare = 0.05
	looksAround  = 10          // of the time that is measured, the part of one look
	longestLook  = time.Second // at most
)

// sustainedLoad appends under one policy. A store is left when it has so many events as big stores
// have, so that ten minutes fit on a disk; the next one goes on.
type sustainedLoad interface {
	// prepare is given each new store before its appends are measured.
	prepare(ctx context.Context, store *engine.Store) error
	// run appends to the store until the time is over and a segment is full, the store holds limit events more or ctx has
	// ended, and returns how long that took.
	run(ctx context.Context, store *engine.Store, during time.Duration, limit int) (time.Duration, error)
	// stall returns the longest append of a part, the median of the parts, and what belongs to it.
	stall() figure.Result
}

// sustainedRun is one policy's.
type sustainedRun struct {
	env      *Env
	name     string
	options  engine.Options
	load     sustainedLoad
	noDevice error // why the device is not known

	appending  time.Duration // summed up
	stores     int
	events     uint64
	frameBytes int     // of one event
	open       counted // what the device did from each store's opening until it is closed
	around     counted // what it did when no store was there
	syncs      uint64
	rotations  uint64
	waits      uint64

	series *series
	slices []float64 // device bytes for a byte of events, of each part
	parts  int       // that appends were made in

	dirtied     int64 // bytes of pages, by this process while stores were open
	dirtyUntold error // why that is not known
}

// counted is what a block device wrote in some time.
type counted struct {
	bytes  uint64
	time   time.Duration
	untold error // why bytes is not known
}

// count adds what device writes while work runs.
func (c *counted) count(device *host.Device, work func() error) error {
	before, known := device.Snapshot()
	start := time.Now()
	err := work()
	c.time += time.Since(start)
	if after, again := device.Snapshot(); known && again {
		c.bytes += after.Minus(before).BytesWritten
	} else {
		c.untold = errors.New("the block device's counters can't be read")
	}
	return err
}

func sustained(ctx context.Context, env *Env) (results []figure.Result, err error) {
	load := newWorkload()
	frame := frameBytesOf(load)
	perSegment := env.Scale.GrownSegment / frame
	for _, policy := range []struct {
		name string
		sync engine.SyncPolicy
		load sustainedLoad
	}{
		{"manual, one caller", engine.SyncManual(), &pacedLoad{load: load, perRound: perSegment, latencies: newLatencies()}},
		{"every append, 64 callers", engine.SyncEveryAppend(), newWaitingLoad(load)},
	} {
		r := &sustainedRun{
			env: env, name: policy.name, load: policy.load, frameBytes: frame, series: newSeries(env.Scale.Sustained),
			options: engine.Options{
				Sync: policy.sync, SegmentSize: int64(env.Scale.GrownSegment), Hashing: engine.HashingOn,
			},
		}
		if err := r.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", policy.name, err)
		}
		results = append(results, r.results()...)
	}
	return results, nil
}

// run fills store after store until appends have taken the time that is due.
func (r *sustainedRun) run(ctx context.Context) error {
	directory, remove, err := r.env.scratch("P22")
	if err != nil {
		return err
	}
	defer remove()
	device, noDevice := host.DeviceOf(directory) // without one there are no counters
	r.noDevice = noDevice
	look := min(r.env.Scale.Sustained/looksAround, longestLook)
	lookAround := func() error { return wait(ctx, look) }
	path := directory + "/store"
	for !r.over() {
		r.env.progress("%s: %.0f of %.0f s, %d stores", r.name, r.appending.Seconds(), r.env.Scale.Sustained.Seconds(), r.stores)
		if err := r.around.count(device, lookAround); err != nil {
			return err
		}
		before, untold := host.Dirtied()
		eventsBefore := r.events
		marks := &deviceMarks{device: device}
		marks.mark(0)
		if err := r.open.count(device, func() error { return r.fill(ctx, path, marks) }); err != nil {
			return err
		}
		after, untoldAgain := host.Dirtied()
		marks.mark(r.events - eventsBefore)
		r.slices = append(r.slices, marks.perByte(r.frameBytes)...)
		r.dirtied += after - before
		r.dirtyUntold = errors.Join(r.dirtyUntold, untold, untoldAgain)
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return r.around.count(device, lookAround)
}

// over says that appends have taken the time that is due, and that there were as many parts as an interval needs.
func (r *sustainedRun) over() bool {
	return r.appending >= r.env.Scale.Sustained && r.parts >= fewestRounds
}

// wait returns after some time, or when ctx ends.
func wait(ctx context.Context, during time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(during):
		return nil
	}
}

// fill opens one store, appends and closes it, so that all of it is on the device. A part of the time ends when nothing is left
// to be sealed, so that what the device wrote belongs to the part's events.
func (r *sustainedRun) fill(ctx context.Context, path string, marks *deviceMarks) (err error) {
	store, err := engine.Open(path, r.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := errors.Join(ctx.Err(), r.load.prepare(ctx, store)); err != nil {
		return err
	}
	begin := store.Stats()
	for left := r.env.Scale.Grown; ; {
		before := store.Stats().Events
		stop := r.series.watch(func() uint64 { return store.Stats().Staged })
		took, err := r.load.run(ctx, store, min(r.env.Scale.Sustained/fewestRounds, r.env.Scale.Sustained-r.appending), left)
		stop()
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		r.appending += took
		now := store.Stats().Events
		r.parts++
		if left -= int(now - before); left <= 0 || r.over() {
			break
		}
		if err := settle(ctx, store); err != nil {
			return err
		}
		marks.mark(now)
	}
	end := store.Stats()
	r.stores++
	r.events += end.Events
	r.syncs += end.Syncs - begin.Syncs
	r.rotations += end.Rotations - begin.Rotations
	r.waits += end.RoomWaits - begin.RoomWaits
	return nil
}

// results are the stall, which is reported, and the bytes, which are judged where the device has counted
// for us alone.
func (r *sustainedRun) results() []figure.Result {
	stall := r.load.stall()
	stall.Row, stall.Name, stall.Better, stall.Target = "P22", r.name+", longest append", figure.Smaller, figure.None()
	eventBytes := float64(r.events) * float64(r.frameBytes)
	perByte := figure.Result{
		Row: "P22", Name: r.name + ", device bytes per event byte", Value: float64(r.open.bytes) / eventBytes, Unit: "bytes",
		Reference: "a byte of an event's frame", ReferenceValue: 1, Better: figure.Smaller, Target: deviceTarget,
	}
	perByte = withGoal(perByte, r.slices, nil)
	stall.Series = r.series.points
	perByte.Unjudged = r.unjudged()
	whole := perByte.Value
	perByte.Value = stats.Median(r.slices) // none where the device can't be asked
	dirtied := float64(r.dirtied) / eventBytes
	if r.dirtyUntold != nil {
		dirtied = figure.None()
	}
	perByte = perByte.
		Add("device_bytes_per_event_byte_of_all", whole).Add("device_bytes", r.open.bytes).Add("event_bytes", eventBytes).
		Add("device_bytes_per_payload_byte", perByte.Value*float64(r.frameBytes)/payloadBytes).
		Add("dirtied_bytes_per_event_byte", dirtied).
		Add("frame_bytes", r.frameBytes).Add("foreign_bytes_per_second", r.foreign()).
		Add("reading", "dirtied is what this process made dirty, without the file system's own records; much less than the device wrote: others use it")
	results := []figure.Result{stall, perByte}
	for i := range results {
		results[i] = results[i].
			Add("seconds", r.appending.Seconds()).Add("n", r.events).Add("stores", r.stores).Add("syncs", r.syncs).
			Add("rotations", r.rotations).Add("room_waits", r.waits).
			Add("note", "a store is replaced by a new one when it has as many events as a big one; opening and closing count for the device, not for stalls")
	}
	return results
}

// foreign returns the bytes that others make the device write in a second.
func (r *sustainedRun) foreign() float64 { return float64(r.around.bytes) / r.around.time.Seconds() }

// unjudged returns why the bytes can't be judged.
func (r *sustainedRun) unjudged() string {
	switch {
	case r.noDevice != nil:
		return r.noDevice.Error()
	case r.open.untold != nil:
		return r.open.untold.Error()
	case len(r.slices) == 0:
		return "the block device's counters could not be read in any part"
	case r.open.bytes == 0:
		return "the block device has counted no byte"
	case r.foreign()*r.open.time.Seconds() > foreignShare*float64(r.open.bytes):
		return fmt.Sprintf("others use the block device: it wrote %.0f KiB/s when no store was there", r.foreign()/1024)
	}
	return ""
}
