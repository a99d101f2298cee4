// An open loop: operations start at fixed times, whether or not the one before
// has finished, as far as one thread can; latency counts from the intended start.

package rows

import (
	"runtime"
	"time"

	"github.com/batpak/batpak/perfgates/internal/stats"
)

// openLoop runs op count times, one every interval nanoseconds, and records how
// long after its intended start each one ended. One that starts late because its
// predecessor took long is charged with the delay, so nothing is omitted. It
// spins between operations, on a thread of its own.
func openLoop(count int, interval float64, op func() error, into *stats.Latency) error {
	_, err := openLoopWhile(func(done int) bool { return done < count }, interval, op, into)
	return err
}

// openLoopWhile runs op as openLoop does for as long as more says, which is told how
// many operations are done and costs little. It returns how long that took.
func openLoopWhile(more func(done int) bool, interval float64, op func() error, into *stats.Latency) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin := time.Now()
	for i := 0; more(i); i++ {
		intended := time.Duration(float64(i) * interval)
		for time.Since(begin) < intended {
		}
		if err := op(); err != nil {
			return time.Since(begin), err
		}
		into.Record(int64(time.Since(begin) - intended))
	}
	return time.Since(begin), nil
}
