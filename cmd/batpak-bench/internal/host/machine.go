// What a reader of figures must know about the machine.

package host

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine describes this machine and the file system of directory in one line.
func Machine(directory string) string {
	parts := []string{
		processor(), fmt.Sprintf("%d CPUs", runtime.NumCPU()),
		strings.TrimSpace(runtime.GOOS + " " + kernel()), runtime.Version() + " " + runtime.GOARCH,
	}
	if mount, err := MountOf(directory); err == nil {
		parts = append(parts, mount.Type+" on "+mount.Source)
	}
	return strings.Join(parts, ", ")
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

func kernel() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(text))
}
