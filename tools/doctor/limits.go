// What a process may have: limits of its own and those of its control group.

package main

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/perfgates"
)

// A store has a descriptor and a mapping for each segment, whose usual size this is, besides some of its own and of
// its process.
const (
	segmentBytes    = 64 << 20
	besidesSegments = 128
	fewSegments     = 64   // less than this is bad: the store could not grow to 4 GiB
	manySegments    = 4096 // less than this is worth a warning: 256 GiB
)

// unlimited stands for a limit that is none.
const unlimited = math.MaxUint64

// capacity judges a number of things of which each segment takes one.
func capacity(name, setting string, most uint64, advice string) finding {
	if most == unlimited {
		return finding{name, fine, setting + ": unlimited", ""}
	}
	segments := uint64(0)
	if most > besidesSegments {
		segments = most - besidesSegments
	}
	f := finding{name, fine, fmt.Sprintf("%s: %d; each segment takes one", setting, most), ""}
	if segments < manySegments {
		f.Level, f.Advice = warning, advice
		f.Found += fmt.Sprintf(", so that a store ends at about %s with segments of %s", bytesText(segments*segmentBytes), bytesText(segmentBytes))
	}
	if segments < fewSegments {
		f.Level = broken
	}
	return f
}

// limits looks at what the kernel grants each process that is started from here. A Go program raises the soft limit of open files
// to the hard one by itself, as this one did.
func (p patient) limits() []finding {
	text, told := p.read("/proc/self/limits")
	if !told {
		return []finding{{"limits", unknown, "this system does not tell the limits of a process", ""}}
	}
	files, found := limit(text, "Max open files")
	if !found {
		return []finding{{"limits", unknown, "/proc/self/limits does not name the open files", ""}}
	}
	all := []finding{capacity("open files", "RLIMIT_NOFILE", files, "ulimit -n 65536, LimitNOFILE= of a systemd unit, --ulimit nofile= of a container")}
	if space, found := limit(text, "Max address space"); found {
		all = append(all, addressSpace(space))
	}
	if size, found := limit(text, "Max file size"); found {
		all = append(all, fileSize(size))
	}
	if locked, found := limit(text, "Max locked memory"); found {
		all = append(all, finding{"locked memory", fine, "RLIMIT_MEMLOCK: " + limitText(locked) + "; a store locks none", ""})
	}
	return all
}

func addressSpace(most uint64) finding {
	f := finding{"address space", fine, "RLIMIT_AS: " + limitText(most), ""}
	if most == unlimited {
		return f
	}
	f.Level, f.Advice = warning, "ulimit -v unlimited: every segment stays mapped as a whole, besides what Go reserves"
	if most < 1<<30 {
		f.Level = broken
	}
	return f
}

func fileSize(most uint64) finding {
	f := finding{"file size", fine, "RLIMIT_FSIZE: " + limitText(most), ""}
	if most < segmentBytes {
		f.Level, f.Advice = warning, "ulimit -f unlimited: segments are made smaller than they should be"
	}
	if most < uint64(engine.MinSegmentSize) {
		f.Level, f.Advice = broken, "ulimit -f unlimited: the smallest segment is larger"
	}
	return f
}

// limit finds the soft limit in the kernel's table.
func limit(table, name string) (uint64, bool) {
	for line := range strings.Lines(table) {
		rest, found := strings.CutPrefix(line, name)
		if !found {
			continue
		}
		words := strings.Fields(rest)
		if len(words) == 0 {
			return 0, false
		}
		if words[0] == "unlimited" {
			return unlimited, true
		}
		n, err := strconv.ParseUint(words[0], 10, 64)
		return n, err == nil
	}
	return 0, false
}

func limitText(n uint64) string {
	if n == unlimited {
		return "unlimited"
	}
	return bytesText(n)
}

// groups looks at the control group's share of processors and memory.
func (p patient) groups(m perfgates.Machine) []finding {
	const smallMemory = 512 << 20
	cpu := finding{"cpu quota", fine, "none", ""}
	if share, bounded := p.quota(); bounded {
		cpu.Found = fmt.Sprintf("%.2f processors", share)
		if share < float64(m.CPUs) {
			cpu.Level = warning
			cpu.Advice = "raise the quota, or bind the process to whole processors (cpuset): what is over the quota stands still for the rest of its period, tens of milliseconds, an append or a sync with it"
		}
	}
	memory := finding{"memory limit", fine, "none", ""}
	if most, bounded := p.memoryLimit(); bounded {
		memory.Found = bytesText(most)
		if most < smallMemory {
			memory.Level, memory.Advice = warning, "allow more: the page cache of the segments counts too, and is written and dropped early where there is little"
		}
	}
	return []finding{cpu, memory}
}

// quota returns the smallest share of processors that a group from ours to the root has, in processors.
func (p patient) quota() (share float64, bounded bool) {
	take := func(quota, period string) {
		q, err := strconv.ParseFloat(quota, 64)
		per, err2 := strconv.ParseFloat(period, 64)
		if err != nil || err2 != nil || q <= 0 || per <= 0 { // "max" and -1 are none
			return
		}
		if !bounded || q/per < share {
			share, bounded = q/per, true
		}
	}
	for _, group := range p.groupsOf("") {
		if text, told := p.read(path.Join("/sys/fs/cgroup", group, "cpu.max")); told {
			if words := strings.Fields(text); len(words) == 2 {
				take(words[0], words[1])
			}
		}
	}
	for _, group := range p.groupsOf("cpu") {
		quota, _ := p.read(path.Join("/sys/fs/cgroup/cpu", group, "cpu.cfs_quota_us")) // "": no bound
		period, _ := p.read(path.Join("/sys/fs/cgroup/cpu", group, "cpu.cfs_period_us"))
		take(quota, period)
	}
	return share, bounded
}

// memoryLimit returns the smallest limit of a group from ours to the root, in bytes.
func (p patient) memoryLimit() (most uint64, bounded bool) {
	take := func(file string) {
		text, told := p.read(file)
		n, err := strconv.ParseUint(text, 10, 64)
		if !told || err != nil || n >= 1<<62 { // "max", and what the first version of groups says for none
			return
		}
		if !bounded || n < most {
			most, bounded = n, true
		}
	}
	for _, group := range p.groupsOf("") {
		take(path.Join("/sys/fs/cgroup", group, "memory.max"))
	}
	for _, group := range p.groupsOf("memory") {
		take(path.Join("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
	}
	return most, bounded
}

// groupsOf returns our group of a controller and those above it; "" is the one hierarchy of the second version.
func (p patient) groupsOf(controller string) []string {
	text, _ := p.read("/proc/self/cgroup") // "": no groups
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || !contains(parts[1], controller) {
			continue
		}
		groups := []string{parts[2]}
		for group := parts[2]; group != "/" && group != "." && group != ""; {
			group = path.Dir(group)
			groups = append(groups, group)
		}
		return groups
	}
	return nil
}

// contains says whether a list such as "cpu,cpuacct" names the controller; an empty list is that of the controller "".
func contains(list, controller string) bool {
	if controller == "" {
		return list == ""
	}
	return strings.Contains(","+list+",", ","+controller+",")
}
