// Parsing of the kernel's texts, and disk usage of real files.

package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const mountTable = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
22 27 0:21 / /proc rw,relatime - proc proc rw
40 27 0:30 / /data\040disk rw shared:1 master:2 - tmpfs tmpfs rw
41 27 8:1 /sub /data rw - xfs /dev/sda1 rw
42 27 8:2 / /data rw - btrfs /dev/sda2 rw
`

func TestTheDeepestAndLatestMountHoldsAPath(t *testing.T) {
	for path, want := range map[string]string{
		"/": "ext4", "/proc/self": "proc", "/process": "ext4", "/data/x": "btrfs", "/data": "btrfs", "/data disk/x": "tmpfs",
	} {
		mount, err := findMount(mountTable, path)
		if err != nil || mount.Type != want {
			t.Errorf("%s is on %+v (%v), want %s", path, mount, err, want)
		}
	}
	if mount, _ := findMount(mountTable, "/data disk"); !mount.Volatile() {
		t.Error("tmpfs counts as lasting")
	}
	if _, err := findMount("nonsense\n", "/"); !errors.Is(err, errNoMount) {
		t.Errorf("a table without mounts gives %v", err)
	}
}

func TestCountersComeFromTheirFields(t *testing.T) {
	const stat = " 45173 10310 2546250 9468 10613 61204 5229696 13386 0 8496 23346 5762 19 926064 480 238 12\n"
	got, err := parseCounters(stat, "stat")
	if want := (Counters{10613, 5229696 * 512, 238}); err != nil || got != want {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
	if diff := got.Minus(Counters{10612, 5229695 * 512, 237}); diff != (Counters{1, 512, 1}) {
		t.Errorf("difference %+v", diff)
	}
	if sum := (Counters{1, 2, 3}).Plus(Counters{1, 1, 1}); sum != (Counters{2, 3, 4}) {
		t.Errorf("sum %+v", sum)
	}
}

func TestAKernelThatDoesNotCountFlushesIsRefused(t *testing.T) {
	for _, stat := range []string{"", "1 2 3 4 5 6 7 8 9 10 11", "1 2 3 4 x 6 7 8 9 10 11 12 13 14 15 16 17"} {
		if _, err := parseCounters(stat, "stat"); !errors.Is(err, errNoCounters) {
			t.Errorf("%q gives %v", stat, err)
		}
	}
}

func TestVoluntarySwitchesAreNotTheOtherOnes(t *testing.T) {
	got, err := voluntarySwitches("Name:\tx\nvoluntary_ctxt_switches:\t17\nnonvoluntary_ctxt_switches:\t4\n")
	if err != nil || got != 17 {
		t.Errorf("got %d, %v", got, err)
	}
	if _, err := voluntarySwitches("nonvoluntary_ctxt_switches:\t4\n"); err == nil {
		t.Error("a status without the line is accepted")
	}
}

func TestActivityNeverRunsBackwards(t *testing.T) {
	if got := (Activity{1, 2}).Minus(Activity{5, 1}); got != (Activity{0, 1}) {
		t.Errorf("got %+v", got)
	}
}

func TestAHoleCountsWithItsLength(t *testing.T) {
	name := filepath.Join(t.TempDir(), "sparse")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 1<<20); err != nil {
		t.Fatal(err)
	}
	if got, err := DiskUsage(filepath.Dir(name)); err != nil || got < 1<<20 {
		t.Errorf("a file of 1 MiB takes %d bytes (%v)", got, err)
	}
}

func TestDiskUsageCountsEveryFileBelow(t *testing.T) {
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "below/b"} {
		if err := os.WriteFile(filepath.Join(directory, name), make([]byte, 10_000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := DiskUsage(directory)
	if err != nil || got < 20_000 || got > 100_000 {
		t.Errorf("two files of 10,000 bytes take %d (%v)", got, err)
	}
	if _, err := DiskUsage(filepath.Join(directory, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing directory gives %v", err)
	}
}

func TestOnlyFeaturesThatMatterAreTold(t *testing.T) {
	for text, want := range map[string]string{
		"processor\t: 0\nflags\t\t: fpu avx2 sse4_1 xavx512f\nflags\t: avx512f\n": "[sse4_1 avx2]",
		"Features\t: fp asimd crc32\n":                                            "[asimd crc32]",
		"":                                                                        "[]",
	} {
		if got := fmt.Sprint(parseFeatures(text)); got != want {
			t.Errorf("%q has %s, want %s", text, got, want)
		}
	}
}

func TestASettingIsItsWordInBrackets(t *testing.T) {
	for text, want := range map[string]string{"always [madvise] never\n": "madvise", "[always] madvise": "always", "": "", "never": "", "[x": ""} {
		if got := chosen(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}
