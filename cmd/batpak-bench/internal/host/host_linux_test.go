package host

// What Linux must be able to say.

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLinuxNamesTheMountAndTheThreads(t *testing.T) {
	directory := t.TempDir()
	mount, err := MountOf(directory)
	if err != nil || mount.Type == "" {
		t.Errorf("mount %+v, %v", mount, err)
	}
	if _, err := Idle(time.Millisecond); err != nil {
		t.Error(err)
	}
	if line := Machine(directory); !strings.Contains(line, mount.Type) {
		t.Errorf("%q does not name the file system %s", line, mount.Type)
	}
	// Whether there is a device depends on the machine; both answers are sound.
	if device, err := DeviceOf(directory); err == nil {
		if _, err := device.Counters(); err != nil {
			t.Error(err)
		}
	}
}

func TestLinuxTellsTheBlocksOfAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	// Blocks that are written later count later on some file systems.
	if got := allocatedBytes(info); got < 0 || got > 1<<20 || got%sectorBytes != 0 {
		t.Errorf("100,000 bytes take blocks of %d bytes", got)
	}
}
