// What Linux must be able to say.

package host

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
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
	if Kernel() == "" || Processor() == "" && runtime.GOARCH == "amd64" {
		t.Errorf("kernel %q, processor %q", Kernel(), Processor())
	}
	if load, err := Load(); err != nil || load < 0 {
		t.Errorf("load %v, %v", load, err)
	}
	if memory := TotalMemory(); memory < 1<<20 {
		t.Errorf("%d bytes of memory", memory)
	}
	// Whether there is a device depends on the machine; both answers are sound.
	if device, err := DeviceOf(directory); err == nil {
		if _, err := device.Counters(); err != nil {
			t.Error(err)
		}
	}
	if cache, err := WriteCacheOf(directory); err == nil && !strings.HasPrefix(cache, "write ") {
		t.Errorf("write cache %q", cache)
	}
	if _, err := WriteCacheOf(directory + "/missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing directory gives %v", err)
	}
}

func TestLinuxTellsMemoryAndWhatCameFromDisks(t *testing.T) {
	memory, err := ReadMemory()
	if err != nil || memory.Resident < memory.Anonymous || memory.Anonymous == 0 {
		t.Errorf("%+v, %v", memory, err)
	}
	// A sandbox can keep the other file from the process.
	if fetched, err := Fetched(); err == nil && fetched < 0 {
		t.Errorf("%d bytes came from disks", fetched)
	}
}

func TestLinuxCountsWhatIsMadeDirtyOnADisk(t *testing.T) {
	const size = 1 << 20
	directory := t.TempDir()
	before, err := Dirtied()
	if _, noDevice := DeviceOf(directory); err != nil || noDevice != nil {
		return // a sandbox, or a file system in memory
	}
	if err := os.WriteFile(filepath.Join(directory, "file"), make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	if after, err := Dirtied(); err != nil || after-before < size {
		t.Errorf("%d bytes were written, %d made dirty (%v)", size, after-before, err)
	}
}

func TestDroppingCachesLeavesTheFilesAlone(t *testing.T) {
	directory := t.TempDir()
	name := filepath.Join(directory, "file")
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(directory, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	// Which dd there is depends on the machine; a refusal is told as one.
	if err := DropCaches(t.Context(), directory); err != nil && !strings.Contains(err.Error(), "dd") {
		t.Error(err)
	}
	if content, err := os.ReadFile(name); err != nil || string(content) != "content" {
		t.Errorf("%q, %v", content, err)
	}
	if err := DropCaches(t.Context(), directory+"/missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing directory gives %v", err)
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
