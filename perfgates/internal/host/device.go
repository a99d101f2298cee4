// Counters of the block device below a directory, from /sys.

package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// sectorBytes is the unit of the sectors in /sys, whatever the device's own.
const sectorBytes = 512

// Places in a block device's stat file, see Documentation/block/stat.rst.
const (
	statWrites  = 4
	statSectors = 6
	statFlushes = 15
)

// Counters are a block device's totals since boot, of all processes together.
type Counters struct {
	Writes       uint64 // finished write requests
	BytesWritten uint64
	Flushes      uint64 // finished cache flushes
}

// Minus returns what was counted since earlier.
func (c Counters) Minus(earlier Counters) Counters {
	return Counters{c.Writes - earlier.Writes, c.BytesWritten - earlier.BytesWritten, c.Flushes - earlier.Flushes}
}

// Plus returns the sum of two differences.
func (c Counters) Plus(other Counters) Counters {
	return Counters{c.Writes + other.Writes, c.BytesWritten + other.BytesWritten, c.Flushes + other.Flushes}
}

// Device is a block device whose counters can be read.
type Device struct{ statFile string }

var errNoCounters = errors.New("no block device counters")

// DeviceOf finds the block device below path's file system. It fails where there
// is none (tmpfs, network), where /sys does not show it, and where the kernel is
// too old to count flushes.
func DeviceOf(path string) (*Device, error) {
	mount, err := MountOf(path)
	if err != nil {
		return nil, err
	}
	name, err := wholeDevice(mount) // flushes are counted for it only, not for a partition
	if err != nil {
		return nil, err
	}
	device := &Device{filepath.Join(name, "stat")}
	if _, err := device.Counters(); err != nil {
		return nil, err
	}
	return device, nil
}

// wholeDevice returns the directory in /sys of the device, of a partition that of its disk.
func wholeDevice(mount Mount) (string, error) {
	name, err := deviceDirectory(mount)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(name, "partition")); err == nil {
		name = filepath.Dir(name)
	}
	return name, nil
}

// deviceDirectory returns the device's own directory in /sys, symbolic links resolved.
func deviceDirectory(mount Mount) (string, error) {
	candidates := []string{"/sys/dev/block/" + mount.Device}
	// btrfs and its like show an anonymous number; their source names the device.
	if source, err := filepath.EvalSymlinks(mount.Source); err == nil && strings.HasPrefix(source, "/dev/") {
		candidates = append(candidates, "/sys/class/block/"+filepath.Base(source))
	}
	for _, candidate := range candidates {
		if name, err := filepath.EvalSymlinks(candidate); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("%w: file system %s on %s (%s)", errNoCounters, mount.Type, mount.Source, mount.Device)
}

// Counters reads the device's totals.
func (d *Device) Counters() (Counters, error) {
	text, err := os.ReadFile(d.statFile)
	if err != nil {
		return Counters{}, fmt.Errorf("%w: %w", errNoCounters, err)
	}
	return parseCounters(string(text), d.statFile)
}

// Snapshot reads the totals for a measurement that can do without them: false for
// a nil device, and when they can't be read.
func (d *Device) Snapshot() (Counters, bool) {
	if d == nil {
		return Counters{}, false
	}
	counters, err := d.Counters()
	return counters, err == nil
}

func parseCounters(text, from string) (c Counters, err error) {
	fields := strings.Fields(text)
	if len(fields) <= statFlushes {
		return Counters{}, fmt.Errorf("%w: %s has %d fields, flushes are in field %d", errNoCounters, from, len(fields), statFlushes+1)
	}
	for place, into := range map[int]*uint64{statWrites: &c.Writes, statSectors: &c.BytesWritten, statFlushes: &c.Flushes} {
		if *into, err = strconv.ParseUint(fields[place], 10, 64); err != nil {
			return Counters{}, fmt.Errorf("%w: %s, field %d: %w", errNoCounters, from, place+1, err)
		}
	}
	c.BytesWritten *= sectorBytes
	return c, nil
}
