// The processor, the kernel and its settings.

package main

import (
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/batpak/batpak/perfgates"
)

// Kernels from 5.14 on bring in the pages of a mapping by request (MADV_POPULATE_WRITE).
const populateMajor, populateMinor = 5, 14

// quickClocks are the clock sources that are read without a system call.
var quickClocks = []string{"tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"}

// read returns what a file of the kernel says, without its line end; false where there is none.
func (p patient) read(path string) (string, bool) {
	text, err := fs.ReadFile(p.root, strings.TrimPrefix(path, "/"))
	return strings.TrimSpace(string(text)), err == nil
}

// processor looks for instructions that checksums and hashes use.
func (p patient) processor(m perfgates.Machine) []finding {
	name := m.Processor
	if name == "" {
		name = "unknown processor"
	}
	cpus := finding{"processors", fine, fmt.Sprintf("%d: %s", m.CPUs, name), ""}
	if m.CPUs < 2 {
		cpus.Level, cpus.Advice = warning, "give it two: with one, callers and the sync that they wait for take turns"
	}
	return []finding{cpus, p.features(runtime.GOARCH)}
}

// features are those that the architecture's code for CRC32C and BLAKE3 asks for.
func (p patient) features(architecture string) finding {
	wanted := map[string][]string{"amd64": {"sse4_1", "sse4_2", "pclmulqdq", "avx2"}, "arm64": {"crc32"}}[architecture]
	text, told := p.read("/proc/cpuinfo")
	if !told || wanted == nil {
		return finding{"features", unknown, "this system does not tell what the processor can do", ""}
	}
	var has []string
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		if key = strings.TrimSpace(key); key == "flags" || key == "Features" {
			has = strings.Fields(value)
			break
		}
	}
	var lacking []string
	for _, feature := range wanted {
		if !slices.Contains(has, feature) {
			lacking = append(lacking, feature)
		}
	}
	if lacking != nil {
		return finding{"features", warning, "the processor, or what a virtual machine shows of it, lacks " + strings.Join(lacking, ", "),
			"choose a processor model with them (of a virtual machine: host-passthrough); checksums or hashes take several times as long"}
	}
	return finding{"features", fine, strings.Join(wanted, ", "), ""}
}

// kernel looks at the kernel and what is set in it.
func (p patient) kernel(m perfgates.Machine) []finding {
	return []finding{p.release(m), p.clock(), p.hugePages(), p.mappings(), p.overcommit()}
}

func (p patient) release(m perfgates.Machine) finding {
	found := strings.TrimSpace(m.OS + " " + m.Kernel)
	if m.OS != "linux" {
		return finding{"kernel", warning, found, "measure before relying on it: what is said here of costs is known of Linux"}
	}
	var major, minor int
	if n, _ := fmt.Sscanf(m.Kernel, "%d.%d", &major, &minor); n < 2 {
		return finding{"kernel", unknown, found + ", which is no version that is understood", ""}
	}
	if major < populateMajor || major == populateMajor && minor < populateMinor {
		return finding{"kernel", warning, found, fmt.Sprintf("use Linux %d.%d or later: before, the first store into each page of a segment is a page fault, of which some hold an append up", populateMajor, populateMinor)}
	}
	return finding{"kernel", fine, found, ""}
}

func (p patient) clock() finding {
	source, told := p.read("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	switch {
	case !told:
		return finding{"clock", unknown, "this system does not tell what its clock is", ""}
	case slices.Contains(quickClocks, source):
		return finding{"clock", fine, source, ""}
	}
	available, _ := p.read("/sys/devices/system/clocksource/clocksource0/available_clocksource") // "": not told
	return finding{"clock", warning, fmt.Sprintf("%s, of those there are: %s; each append reads the clock, and this one may take a system call", source, available),
		"boot with clocksource=tsc where the processor's counter is sound, or ask who runs the machine"}
}

func (p patient) hugePages() finding {
	setting, told := p.read("/sys/kernel/mm/transparent_hugepage/enabled")
	if !told {
		return finding{"huge pages", unknown, "this system does not tell whether it uses huge pages", ""}
	}
	if strings.Contains(setting, "[always]") {
		if fill, _ := p.read("/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none"); fill != "" && fill != "0" {
			return finding{"huge pages", warning, fmt.Sprintf("%s, and up to %s empty pages are filled in to make one", setting, fill),
				"echo 0 > /sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none, or madvise in place of always: a heap that is sparse takes more memory than it needs"}
		}
	}
	return finding{"huge pages", fine, setting, ""}
}

// mappings looks at how many a process may have, of which each segment takes one.
func (p patient) mappings() finding {
	text, told := p.read("/proc/sys/vm/max_map_count")
	most, err := strconv.ParseUint(text, 10, 64)
	if !told || err != nil {
		return finding{"mappings", unknown, "this system does not tell how many mappings a process may have", ""}
	}
	return capacity("mappings", "vm.max_map_count", most, "sysctl -w vm.max_map_count=262144, and in /etc/sysctl.d")
}

func (p patient) overcommit() finding {
	mode, told := p.read("/proc/sys/vm/overcommit_memory")
	switch {
	case !told:
		return finding{"overcommit", unknown, "this system does not tell how it hands out memory", ""}
	case mode == "2":
		return finding{"overcommit", warning, "vm.overcommit_memory is 2: memory that was reserved counts, not only what is used, and a Go program reserves much",
			"leave room in vm.overcommit_ratio; what is refused shows as ErrLimit, or ends the process. Segments don't count, as shared mappings of files"}
	}
	return finding{"overcommit", fine, "vm.overcommit_memory is " + mode, ""}
}
