// What is said of systems that are like this and of systems that are not.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/batpak/batpak/internal/volume"
	"github.com/batpak/batpak/perfgates"
)

// patientWith is a system whose kernel tells what these files hold.
func patientWith(files map[string]string) patient {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return patient{directory: "/data/store", root: root}
}

func limitsTable(name, soft string) string { return name + "     " + soft + "     unlimited   files" }

func TestWhatWouldHurtIsNamedWithItsLevel(t *testing.T) {
	const files = "Max open files 20000 20000 files\n"
	mount := func(line string) []finding {
		return []finding{patientWith(map[string]string{"proc/self/mountinfo": "1 0 1:1 / / rw - ext4 /dev/sda rw\n" + line}).fileSystem()}
	}
	kernel := func(name, text string) patient { return patientWith(map[string]string{name: text}) }
	tests := map[string]struct {
		found []finding
		name  string
		level level
		says  string
	}{
		"few files":      {kernel("proc/self/limits", limitsTable("Max open files", "150")).limits(), "open files", broken, "RLIMIT_NOFILE: 150"},
		"some files":     {kernel("proc/self/limits", limitsTable("Max open files", "1024")).limits(), "open files", warning, "56.0 GiB"},
		"many files":     {kernel("proc/self/limits", files).limits(), "open files", fine, "20000"},
		"small files":    {kernel("proc/self/limits", files+limitsTable("Max file size", "1024")).limits(), "file size", broken, "1.0 KiB"},
		"medium files":   {kernel("proc/self/limits", files+limitsTable("Max file size", "1048576")).limits(), "file size", warning, "1.0 MiB"},
		"little space":   {kernel("proc/self/limits", files+limitsTable("Max address space", "1000000")).limits(), "address space", broken, "RLIMIT_AS"},
		"bounded space":  {kernel("proc/self/limits", files+limitsTable("Max address space", "9000000000")).limits(), "address space", warning, "8.4 GiB"},
		"no limits":      {kernel("nothing", "").limits(), "limits", unknown, "does not tell"},
		"few mappings":   {[]finding{kernel("proc/sys/vm/max_map_count", "130").mappings()}, "mappings", broken, "vm.max_map_count"},
		"slow clock":     {[]finding{kernel("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet").clock()}, "clock", warning, "hpet"},
		"old kernel":     {[]finding{patient{}.release(perfgates.Machine{OS: "linux", Kernel: "5.13.19-generic"})}, "kernel", warning, "5.13"},
		"new kernel":     {[]finding{patient{}.release(perfgates.Machine{OS: "linux", Kernel: "5.14.0"})}, "kernel", fine, "5.14.0"},
		"strict memory":  {[]finding{kernel("proc/sys/vm/overcommit_memory", "2").overcommit()}, "overcommit", warning, "is 2"},
		"old processor":  {[]finding{kernel("proc/cpuinfo", "flags : sse4_1 sse4_2").features("amd64")}, "features", warning, "lacks pclmulqdq, avx2"},
		"one processor":  {patientWith(nil).processor(perfgates.Machine{CPUs: 1}), "processors", warning, "1: unknown"},
		"in memory":      {mount("2 1 0:5 / /data rw - tmpfs none rw"), "file system", warning, "tmpfs on none"},
		"network":        {mount("2 1 0:5 / /data rw - nfs4 host:/x rw"), "file system", warning, "nfs4"},
		"user space":     {mount("2 1 0:5 / /data rw - fuse.sshfs host:/x rw"), "file system", warning, "fuse.sshfs"},
		"a layer":        {mount("2 1 0:5 / /data rw - overlay overlay rw"), "file system", warning, "overlay"},
		"copy on write":  {mount("2 1 0:5 / /data rw - btrfs /dev/sdb rw"), "file system", warning, "btrfs"},
		"no barriers":    {mount("2 1 8:2 / /data rw - ext4 /dev/sdb rw,nobarrier"), "file system", warning, "/dev/sdb"},
		"a disk":         {mount("2 1 8:2 / /data/st rw - tmpfs none rw"), "file system", fine, "ext4 on /dev/sda"},
		"little room":    {[]finding{roomFinding(volume.Room{Free: 1 << 20, Total: 1 << 40})}, "room", warning, "1.0 MiB free of 1.0 TiB"},
		"uneven syncs":   {syncs(probed(1e5, 3e7, 1, "write back")), "sync", warning, "p99 3e+04 us"},
		"slow syncs":     {syncs(probed(8e6, 9e6, 1, "write back")), "sync", warning, "p50 8e+03 us"},
		"no flushes":     {syncs(probed(1e5, 2e5, 0, "write back")), "flushes", warning, "0 of the device's cache"},
		"none needed":    {syncs(probed(1e5, 2e5, 0, "write through")), "flushes", fine, "0 of"},
		"the rate":       {syncs(probed(1e5, 2e5, 1, "write back")), "durable rate", fine, "1e+04 events a second from 1 caller, 6.4e+05 from 64"},
		"no rate":        {syncs(inMemory(probed(1e3, 2e3, 0, ""))), "durable rate", unknown, "nothing is durable on tmpfs"},
		"no probe":       {syncs(perfgates.Machine{}), "sync", unknown, "does not say"},
		"filling":        {[]finding{patientWith(map[string]string{"sys/kernel/mm/transparent_hugepage/enabled": "[always] never", "sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none": "511"}).hugePages()}, "huge pages", warning, "511"},
		"no write cache": {[]finding{writeCache(perfgates.Machine{})}, "write cache", unknown, "does not tell"},
	}
	for what, test := range tests {
		found := false
		for _, f := range test.found {
			if f.Name != test.name {
				continue
			}
			found = true
			if f.Level != test.level || !strings.Contains(f.Found, test.says) {
				t.Errorf("%s: %+v, want %s with %q", what, f, test.level, test.says)
			}
			if needsAdvice := f.Level == warning || f.Level == broken; needsAdvice != (f.Advice != "") {
				t.Errorf("%s: %s with the advice %q", what, f.Level, f.Advice)
			}
		}
		if !found {
			t.Errorf("%s: nothing about %s in %+v", what, test.name, test.found)
		}
	}
}

// inMemory is the machine with a file system that is gone when it stops.
func inMemory(m perfgates.Machine) perfgates.Machine {
	m.FileSystem = "tmpfs"
	return m
}

// probed is a machine with the floors that are looked at.
func probed(typical, slow, flushes float64, cache string) perfgates.Machine {
	return perfgates.Machine{WriteCache: cache, Floors: []perfgates.Floor{
		{Name: floorSync, Value: typical}, {Name: floorSlow, Value: slow}, {Name: floorFlushes, Value: flushes}, {Name: floorAppend, Value: 100},
	}}
}

func TestTheSmallestQuotaOfOurGroupAndThoseAboveItCounts(t *testing.T) {
	for what, files := range map[string]map[string]string{
		"second version": {"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/a/b/cpu.max": "max 100000", "sys/fs/cgroup/a/cpu.max": "150000 100000",
			"sys/fs/cgroup/a/b/memory.max": "max", "sys/fs/cgroup/a/memory.max": "1048576"},
		"first version": {"proc/self/cgroup": "4:cpu,cpuacct:/a\n5:memory:/a", "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "150000", "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1048576", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"},
	} {
		found := patientWith(files).groups(perfgates.Machine{CPUs: 2})
		if found[0].Level != warning || found[0].Found != "1.50 processors" || found[1].Level != warning || found[1].Found != "1.0 MiB" {
			t.Errorf("%s: %+v", what, found)
		}
	}
	for _, f := range patientWith(nil).groups(perfgates.Machine{CPUs: 2}) {
		if f.Level != fine || f.Found != "none" {
			t.Errorf("without groups: %+v", f)
		}
	}
}

func TestToolsThatAreMissingAreWarnings(t *testing.T) {
	p := patient{command: func(context.Context, string, ...string) (string, error) { return "", errors.New("not found") }}
	found := p.tools(t.Context())
	if len(found) != 3 {
		t.Fatalf("got %+v", found)
	}
	for _, f := range found {
		if f.Level != warning || f.Advice == "" || !strings.Contains(f.Found, "not found") {
			t.Errorf("got %+v", f)
		}
	}
}

func TestThisMachineIsExaminedAndNothingIsLeftBehind(t *testing.T) {
	directory := t.TempDir()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--json", "--dir", directory}, &stdout, &stderr); code != exitFine && code != exitBad {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	var told struct {
		Findings []finding
		Counts   map[level]int
	}
	if err := json.Unmarshal(stdout.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, l := range levels {
		counted += told.Counts[l]
	}
	levelOf := map[string]level{}
	for _, f := range told.Findings {
		levelOf[f.Name] = f.Level
	}
	if counted != len(told.Findings) || counted == 0 {
		t.Errorf("counts %v of %d findings", told.Counts, len(told.Findings))
	}
	// The probe's names for its floors are known here, too.
	rate := fine
	if slices.Contains(volatileKinds, perfgates.Describe(directory).FileSystem) {
		rate = unknown
	}
	for name, want := range map[string]level{"store": fine, "durable rate": rate} {
		if levelOf[name] != want {
			t.Errorf("%s is %q, want %q:\n%s", name, levelOf[name], want, &stdout)
		}
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAPlaceWhereNoStoreCanBeIsBad(t *testing.T) {
	p := patient{directory: filepath.Join(t.TempDir(), "missing")}
	f := p.store()
	if f.Level != broken || f.Advice == "" || !strings.Contains(f.Found, "missing") {
		t.Errorf("got %+v", f)
	}
	r := report{Findings: []finding{{"a", fine, "b", ""}, f}}
	if r.count() {
		t.Error("a report with a bad finding is healthy")
	}
	var text bytes.Buffer
	if err := r.writeText(&text); err != nil || !strings.Contains(text.String(), "-> "+f.Advice) || !strings.Contains(text.String(), "1 ok, 0 warn, 1 bad") {
		t.Errorf("%v, printed:\n%s", err, &text)
	}
}

func TestWhatCanNotBeLookedAtExitsWithTwoAndSaysWhy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for what, test := range map[string]struct {
		ctx       context.Context
		arguments []string
		says      string
	}{
		"a directory that is missing": {t.Context(), []string{"--dir", file + "x"}, "no such file"},
		"no directory":                {t.Context(), []string{"--dir", ""}, "--dir is empty"},
		"a file":                      {t.Context(), []string{"--dir", file}, "no directory"},
		"a word too many":             {t.Context(), []string{"more"}, `"more"`},
		"a flag that is none":         {t.Context(), []string{"--more"}, "more"},
		"an interrupt":                {ended, []string{"--dir", t.TempDir()}, "interrupted"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(test.ctx, test.arguments, &stdout, &stderr); code != exitNotRun || !strings.Contains(stderr.String(), test.says) || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, %q", what, code, &stderr, &stdout)
		}
	}
}
