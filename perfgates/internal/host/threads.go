// How often this process's threads ran, from /proc/self/task.

package host

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Activity is what the threads of this process have done so far.
type Activity struct {
	WakeUps  int64 // voluntary context switches: a thread that waited went on
	CPUNanos int64 // time on a processor
}

// Minus returns what happened since earlier. Threads that ended in between take
// their counts with them, so it can be too small; it is never below 0.
func (a Activity) Minus(earlier Activity) Activity {
	return Activity{max(a.WakeUps-earlier.WakeUps, 0), max(a.CPUNanos-earlier.CPUNanos, 0)}
}

// Idle waits for the window and returns what the threads other than the caller's
// did meanwhile. The end of the wait wakes one or two of them. It fails where there
// is no /proc/self/task.
func Idle(window time.Duration) (Activity, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	self, err := os.Readlink("/proc/thread-self") // "123/task/124"
	if err != nil {
		return Activity{}, fmt.Errorf("reading the threads: %w", err)
	}
	self = filepath.Base(self)
	before, err := readActivity(self)
	if err != nil {
		return Activity{}, err
	}
	time.Sleep(window)
	after, err := readActivity(self)
	return after.Minus(before), err
}

// readActivity sums up the threads that exist now, but for one.
func readActivity(except string) (sum Activity, err error) {
	const tasks = "/proc/self/task"
	entries, err := os.ReadDir(tasks)
	if err != nil {
		return Activity{}, fmt.Errorf("reading the threads: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() == except {
			continue
		}
		directory := tasks + "/" + entry.Name()
		status, err := os.ReadFile(directory + "/status")
		if err != nil {
			continue // the thread has just ended
		}
		wakeUps, err := voluntarySwitches(string(status))
		if err != nil {
			return Activity{}, fmt.Errorf("%s/status: %w", directory, err)
		}
		sum.WakeUps += wakeUps
		// The scheduler's statistics can be compiled out; the CPU time is then 0.
		if times, err := os.ReadFile(directory + "/schedstat"); err == nil {
			if fields := strings.Fields(string(times)); len(fields) > 0 {
				nanos, _ := strconv.ParseInt(fields[0], 10, 64)
				sum.CPUNanos += nanos
			}
		}
	}
	return sum, nil
}

func voluntarySwitches(status string) (int64, error) {
	for line := range strings.Lines(status) {
		if value, found := strings.CutPrefix(line, "voluntary_ctxt_switches:"); found {
			return strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("no voluntary_ctxt_switches in %d bytes", len(status))
}
