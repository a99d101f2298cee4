// What a sync costs here, and how many events a second that allows.

package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/batpak/batpak/perfgates"
)

// The floors that are looked at, by the names that the probe gives them.
const (
	floorSync    = "F0 p50"
	floorSlow    = "F0 p99"
	floorFlushes = "F0 flushes per commit"
	floorAppend  = "floor(256), chain on"
)

// callers share a sync in what is said of a group.
const callers = 64

// slowSync and unevenSync, in nanoseconds, are what disks that turn need, and ten times what one that is fit for a database does.
const (
	slowSync   = 5e6
	unevenSync = 20e6
)

// syncs judges the probe's figures. A floor that is missing makes a finding unknown, not fine.
func syncs(m perfgates.Machine) []finding {
	typical, slow := floorOf(m, floorSync), floorOf(m, floorSlow)
	if math.IsNaN(typical) || math.IsNaN(slow) || typical <= 0 {
		return []finding{{"sync", unknown, "the probe does not say how long a sync takes", ""}}
	}
	f := finding{"sync", fine, fmt.Sprintf("p50 %.3g us, p99 %.3g us", typical/1e3, slow/1e3), ""}
	if slow > unevenSync {
		f.Level, f.Advice = warning, "look for what else writes to this disk; appends that wait for a sync wait as long now and then"
	}
	if typical > slowSync {
		f.Level, f.Advice = warning, "use a device with a cache that outlives a power cut, let callers share syncs (append from many goroutines, batches), or choose a policy that waits less"
	}
	return []finding{f, flushes(m), durableRate(m, typical)}
}

// flushes judges whether syncs reach past the device's cache.
func flushes(m perfgates.Machine) finding {
	count := floorOf(m, floorFlushes)
	if math.IsNaN(count) {
		return finding{"flushes", unknown, "the device's flushes can't be counted here", ""}
	}
	f := finding{"flushes", fine, fmt.Sprintf("%.3g of the device's cache a sync", count), ""}
	if m.WriteCache == "write back" && count < 0.5 {
		f.Level = warning
		f.Found += ", though it has one that is written later"
		f.Advice = "find out why syncs don't flush it (mount options, the host of a virtual machine): a power cut takes what syncs had promised, unless the cache outlives it"
	}
	return f
}

// durableRate says how many events a second of 256 bytes are durable, from one caller and from a group, at best.
func durableRate(m perfgates.Machine, sync float64) finding {
	if slices.Contains(volatileKinds, m.FileSystem) {
		return finding{"durable rate", unknown, "nothing is durable on " + m.FileSystem, ""}
	}
	alone := 1e9 / sync
	text := fmt.Sprintf("at most %.3g events a second from 1 caller", alone)
	if one := floorOf(m, floorAppend); one > 0 { // false for none, too
		text += fmt.Sprintf(", %.3g from %d that share syncs", math.Min(callers*alone, 1e9/one), callers)
	}
	return finding{"durable rate", fine, text, ""}
}

// floorOf returns the value of a floor, NaN where the probe has none.
func floorOf(m perfgates.Machine, name string) float64 {
	i := slices.IndexFunc(m.Floors, func(f perfgates.Floor) bool { return f.Name == name })
	if i < 0 {
		return math.NaN()
	}
	return m.Floors[i].Value
}
