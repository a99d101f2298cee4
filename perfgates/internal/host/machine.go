// What the machine says of itself.

package host

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Processor returns the processor's name, "" where the kernel does not tell.
func Processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	name, _ := cpuField(string(text), "model name")
	return name
}

// cpuField returns the first processor's field of a name.
func cpuField(text, wanted string) (value string, found bool) {
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == wanted {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

// relevantFeatures are the names, as Linux has them, of what checksums, hashes and copies use, and of being a guest.
var relevantFeatures = []string{
	"sse4_1", "sse4_2", "pclmulqdq", "vpclmulqdq", "avx2", "avx512f", "avx512vl", "erms", "fsrm", "hypervisor", // amd64
	"asimd", "crc32", "pmull", "sve", // arm64
}

// Features returns which of the features that matter here the processor has, none where the kernel does not tell.
func Features() []string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	return parseFeatures(string(text))
}

func parseFeatures(text string) (has []string) {
	flags, found := cpuField(text, "flags")
	if !found {
		flags, _ = cpuField(text, "Features")
	}
	all := strings.Fields(flags)
	for _, feature := range relevantFeatures {
		if slices.Contains(all, feature) {
			has = append(has, feature)
		}
	}
	return has
}

// Kernel returns the kernel's release, "" where there is none to be read.
func Kernel() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(text))
}

// TotalMemory returns the bytes of memory that the kernel has, 0 where it does not tell.
func TotalMemory() int64 {
	text, _ := os.ReadFile("/proc/meminfo")
	kib, err := field(string(text), "MemTotal")
	if err != nil {
		return 0
	}
	return kib * 1024
}

// HugePages returns when the kernel gives transparent huge pages to memory without a file: "always", "madvise" or "never"; ""
// where it does not tell.
func HugePages() string {
	text, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	return chosen(string(text))
}

// chosen returns the word in brackets of a setting's words.
func chosen(text string) string {
	_, after, _ := strings.Cut(text, "[")
	word, _, found := strings.Cut(after, "]")
	if !found {
		return ""
	}
	return word
}

// Load returns the load average of the last minute: how many threads ran, could have run or waited for a disk. It fails where
// there is no /proc/loadavg.
func Load() (float64, error) {
	const from = "/proc/loadavg"
	text, err := os.ReadFile(from)
	if err != nil {
		return 0, fmt.Errorf("reading the load: %w", err)
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", from, err)
	}
	return load, nil
}

// WriteCacheOf returns what the kernel takes the write cache of the block device below path to be: "write back", which a flush
// empties, or "write through". It fails where there is no such device (tmpfs, network), or /sys does not show it.
func WriteCacheOf(path string) (string, error) {
	mount, err := MountOf(path)
	if err != nil {
		return "", err
	}
	name, err := wholeDevice(mount)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(name, "queue", "write_cache"))
	if err != nil {
		return "", fmt.Errorf("the write cache is not told: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
