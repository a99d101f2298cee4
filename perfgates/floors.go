// The floors: what the pieces of an append cost without a store.

package perfgates

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/floor"
	"github.com/batpak/batpak/perfgates/internal/host"
	"github.com/batpak/batpak/perfgates/internal/stats"
)

// Floor is what one piece of work costs on this machine, without a store.
type Floor struct {
	Name    string
	Value   float64 // None: could not be measured here
	Unit    string
	Details []figure.Detail
}

// storedFloor is a floor's JSON: an object with the name, the value, which is null where it is None, the unit and the details.
type storedFloor struct {
	Name    string       `json:"name"`
	Value   *float64     `json:"value"`
	Unit    string       `json:"unit"`
	Details figure.Pairs `json:"details,omitempty"`
}

// MarshalJSON writes all of the floor, to be read again.
func (f Floor) MarshalJSON() ([]byte, error) {
	stored := storedFloor{Name: f.Name, Unit: f.Unit, Details: f.Details}
	if !figure.Missing(f.Value) {
		stored.Value = &f.Value
	}
	return json.Marshal(stored)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *Floor) UnmarshalJSON(text []byte) error {
	var stored storedFloor
	if err := json.Unmarshal(text, &stored); err != nil {
		return err
	}
	*f = Floor{Name: stored.Name, Value: figure.None(), Unit: stored.Unit, Details: stored.Details}
	if stored.Value != nil {
		f.Value = *stored.Value
	}
	return nil
}

// floorSizes are the payload sizes, in bytes, of the floors that depend on one.
var floorSizes = [...]int{64, 256, 1024}

const (
	floorFileBytes = 64 << 20
	largePiece     = 1 << 20 // beyond what the first caches hold
)

// floorMeasurement collects the figures.
type floorMeasurement struct {
	directory string
	rounds    int
	perRound  time.Duration
	commits   int // of F0 in a round
	progress  func(text string)
	figures   []Floor
}

func (m *floorMeasurement) all(ctx context.Context) error {
	for _, part := range []func(context.Context) error{m.durable, m.populate, m.pieces, m.appends} {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("interrupted: %w", err)
		}
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (m *floorMeasurement) add(name string, value float64, unit string, more ...figure.Detail) {
	m.figures = append(m.figures, Floor{name, value, unit, more})
	m.progress(name)
}

// durable measures F0 with a frame of 256 payload bytes.
func (m *floorMeasurement) durable(ctx context.Context) (err error) {
	frame := floor.NewAppend(floor.Anonymous(nil), oneCoordinate(), make([]byte, 256), true).FrameBytes()
	f0, err := floor.NewDurable(m.directory, floorFileBytes/4, frame)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f0.Close()) }()
	device, _ := host.DeviceOf(m.directory) // without counters two figures are missing
	latency := stats.NewLatency()
	var flushes, written []float64
	for range m.rounds {
		before, counted := device.Snapshot()
		for range m.commits {
			start := time.Now()
			if err := f0.Once(); err != nil {
				return err
			}
			latency.Record(int64(time.Since(start)))
		}
		if after, again := device.Snapshot(); counted && again {
			done := after.Minus(before)
			flushes = append(flushes, float64(done.Flushes)/float64(m.commits))
			written = append(written, float64(done.BytesWritten)/1024/float64(m.commits))
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("interrupted: %w", err)
		}
	}
	n := figure.Detail{Key: "n", Value: latency.Count()}
	for _, percentile := range []float64{50, 99, 99.9} {
		m.add(fmt.Sprintf("F0 p%v", percentile), latency.At(percentile), "ns", n)
	}
	m.add("F0 longest", latency.Longest(), "ns", n)
	m.add("F0 flushes per commit", stats.Median(flushes), "flushes", n, spreadOf(flushes))
	m.add("F0 written per commit", stats.Median(written), "KiB", n, spreadOf(written))
	return nil
}

// populate measures bringing in the pages of a reserved file: ahead, and by touching them.
func (m *floorMeasurement) populate(context.Context) error {
	var perPage, windows, touched []float64
	for range min(m.rounds, 5) {
		page, window, err := floor.PopulateCost(m.directory, floorFileBytes)
		if err != nil {
			return err
		}
		perPage, windows = append(perPage, page), append(windows, window)
		touch, err := floor.TouchCost(m.directory, floorFileBytes/4)
		if err != nil {
			return err
		}
		touched = append(touched, touch)
	}
	m.add("populate, a page of 4 KiB", stats.Median(perPage), "ns", spreadOf(perPage))
	m.add("populate, longest window of 1 MiB", stats.Median(windows), "ns", spreadOf(windows))
	m.add("first touch, a page of 4 KiB", stats.Median(touched), "ns", spreadOf(touched))
	return nil
}

// pieces measures the parts of an append one by one.
func (m *floorMeasurement) pieces(context.Context) (err error) {
	memory, err := floor.Prepare(m.directory, floorFileBytes, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, memory.Close()) }()
	m.piece("", floor.ClockRead())
	for _, n := range floorSizes {
		for _, p := range []floor.Piece{floor.Copy(memory, n), floor.CRC32C(n), floor.BLAKE3(n)} {
			m.bulk(fmt.Sprintf(", %d B", n), p)
		}
	}
	for _, p := range []floor.Piece{floor.Copy(memory, largePiece), floor.CRC32C(largePiece), floor.BLAKE3(largePiece)} {
		m.bulk(", 1 MiB", p)
	}
	m.piece(", two 20-byte names", floor.Digest(oneCoordinate()[0]))
	m.piece("", floor.Link())
	return nil
}

// appends measures floor(n).
func (m *floorMeasurement) appends(context.Context) (err error) {
	memory, err := floor.Prepare(m.directory, floorFileBytes, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, memory.Close()) }()
	for _, chain := range []bool{true, false} {
		for _, n := range floorSizes {
			if err := memory.Populate(); err != nil {
				return err
			}
			a := floor.NewAppend(memory, oneCoordinate(), make([]byte, n), chain)
			samples := floor.Time(m.rounds, m.perRound, floor.Whole(a).Loop)
			name := fmt.Sprintf("floor(%d), chain %s", n, map[bool]string{true: "on", false: "off"}[chain])
			m.add(name, stats.Median(samples), "ns", spreadOf(samples), figure.Detail{Key: "frame_bytes", Value: a.FrameBytes()})
		}
	}
	return nil
}

func (m *floorMeasurement) piece(suffix string, p floor.Piece) {
	samples := floor.Time(m.rounds, m.perRound, p.Loop)
	m.add(p.Name+suffix, stats.Median(samples), "ns", spreadOf(samples))
}

// bulk measures a piece that works on bytes, and adds its rate.
func (m *floorMeasurement) bulk(suffix string, p floor.Piece) {
	samples := floor.Time(m.rounds, m.perRound, p.Loop)
	took := stats.Median(samples)
	m.add(p.Name+suffix, took, "ns", spreadOf(samples))
	m.add(p.Name+" rate"+suffix, float64(p.Bytes)/took, "GB/s", spreadOf(samples)) // a byte a nanosecond is a GB a second
}

func spreadOf(samples []float64) figure.Detail {
	return figure.Detail{Key: "spread", Value: stats.Spread(samples)}
}

// oneCoordinate has two names of 20 bytes.
func oneCoordinate() []event.Coordinate {
	return []event.Coordinate{event.MustAt("entity:0000000000001", "scope:00000000000001")}
}
