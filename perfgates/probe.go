// What this machine is, and what it can do.

package perfgates

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/batpak/batpak/perfgates/internal/host"
)

// Machine is what a reader of figures must know about the machine. What could not be found out is empty or 0.
type Machine struct {
	Processor  string `json:"processor"`
	CPUs       int    `json:"cpus"`
	OS         string `json:"os"`
	Kernel     string `json:"kernel"`
	Arch       string `json:"arch"`
	Go         string `json:"go"`
	Memory     int64  `json:"memory"`      // bytes
	FileSystem string `json:"file_system"` // of the directory: "ext4"
	Device     string `json:"device"`      // below it: "/dev/vda"
	WriteCache string `json:"write_cache"` // of the device, as the kernel says: "write back", "write through"
	HugePages  string `json:"huge_pages"`  // transparent ones: "always", "madvise", "never"

	Features []string `json:"features,omitempty"` // of the processor that matter here, as Linux names them: "avx2", "hypervisor"
	Load     float64  `json:"load"`               // average of the minute before: threads that ran, could have, or waited for a disk

	Floors []Floor `json:"floors,omitempty"` // as measured by Probe
}

// ProbeOptions say where and how thoroughly the machine is probed.
type ProbeOptions struct {
	Directory string // must exist; "" is the working directory
	Quick     bool   // a tenth of the time
	Progress  func(text string)
	Warn      func(text string)
}

// Describe returns what can be said of the machine without measuring. The directory must exist, else nothing is said of disks; "" is the
// working directory.
func Describe(directory string) Machine {
	m := Machine{
		Processor: host.Processor(), CPUs: runtime.NumCPU(), OS: runtime.GOOS, Kernel: host.Kernel(), Arch: runtime.GOARCH, Go: runtime.Version(),
		Memory: host.TotalMemory(), HugePages: host.HugePages(), Features: host.Features(),
	}
	m.Load, _ = host.Load()                        // 0: not known
	m.WriteCache, _ = host.WriteCacheOf(directory) // "": not known, or no device
	if mount, err := host.MountOf(directory); err == nil {
		m.FileSystem, m.Device = mount.Type, mount.Source
	}
	return m
}

// String describes the machine in one line, without its floors.
func (m Machine) String() string {
	processor := m.Processor
	if processor == "" {
		processor = "unknown processor"
	}
	parts := []string{processor, fmt.Sprintf("%d CPUs", m.CPUs), strings.TrimSpace(m.OS + " " + m.Kernel), m.Go + " " + m.Arch}
	if m.Memory > 0 {
		parts = append(parts, fmt.Sprintf("%.1f GiB", float64(m.Memory)/(1<<30)))
	}
	if m.FileSystem != "" {
		parts = append(parts, m.FileSystem+" on "+m.Device)
	}
	if m.WriteCache != "" {
		parts = append(parts, m.WriteCache)
	}
	return strings.Join(parts, ", ")
}

// Probe describes the machine and measures its floors, in a directory that it makes and removes. When ctx ends it returns what was
// measured with an error that wraps ctx's.
func Probe(ctx context.Context, options ProbeOptions) (machine Machine, err error) {
	place, err := newWorkplace(options.Directory, options.Warn)
	if err != nil {
		return Machine{}, err
	}
	defer func() { err = errors.Join(err, place.remove()) }()
	machine = Describe(place.path)
	m := &floorMeasurement{directory: place.path, rounds: 15, perRound: 20 * time.Millisecond, commits: 250, progress: options.Progress}
	if options.Quick {
		m.rounds, m.perRound, m.commits = 5, 6*time.Millisecond, 100
	}
	if m.progress == nil {
		m.progress = func(string) {}
	}
	err = m.all(ctx)
	machine.Floors = m.figures
	return machine, err
}
