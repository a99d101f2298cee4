package host

// What Linux must be able to say.

import (
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
