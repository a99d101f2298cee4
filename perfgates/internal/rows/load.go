// What the rows W1 to W4 are asked to do.

package rows

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/batpak/batpak/engine"
)

// Bounds of a Load.
const (
	mostPerSecond   = 1e9
	mostOperations  = 1 << 40
	longestPayload  = 1 << 20 // bytes
	everyPrefix     = "every:"
	policyEach      = "every-append"
	policyByHand    = "manual"
	defaultPaceOver = 3 // of the peak, where no rate is given
)

// Load is the work of the rows that take it; the zero value is each row's own.
type Load struct {
	Rate    float64 // operations a second in the open loop, up to 1e9; 0: a third of the peak
	Count   int     // operations in each of the two loops, about; 0: as many as the duration takes
	Payload int     // bytes of an event's payload, up to 1 MiB; 0: a mix of sizes from 64 bytes to 16 KiB
	Sync    string  // policy: "every-append", "every:N" with N events, "manual"; "": manual
}

// Check returns an error that names what is wrong: the field, its value and what it may be.
func (l Load) Check() error {
	switch {
	case math.IsNaN(l.Rate) || l.Rate < 0 || l.Rate > mostPerSecond:
		return fmt.Errorf("the rate is %v operations a second, must be from 0 to %.0e", l.Rate, float64(mostPerSecond))
	case l.Count < 0 || l.Count > mostOperations:
		return fmt.Errorf("the count is %d operations, must be from 0 to %d", l.Count, mostOperations)
	case l.Payload < 0 || l.Payload > longestPayload:
		return fmt.Errorf("the payload is %d bytes, must be from 0 to %d", l.Payload, longestPayload)
	}
	_, err := l.policy()
	return err
}

// policy returns the policy that Sync names.
func (l Load) policy() (engine.SyncPolicy, error) {
	switch l.Sync {
	case "", policyByHand:
		return engine.SyncManual(), nil
	case policyEach:
		return engine.SyncEveryAppend(), nil
	}
	if number, ok := strings.CutPrefix(l.Sync, everyPrefix); ok {
		if events, err := strconv.Atoi(number); err == nil && events >= 1 && events <= engine.MaxSyncEvents {
			return engine.SyncEvery(events, 0), nil
		}
	}
	return engine.SyncPolicy{}, fmt.Errorf("the sync policy is %q, must be %q, %qN with N from 1 to %d events, or %q",
		l.Sync, policyEach, everyPrefix, engine.MaxSyncEvents, policyByHand)
}

// pace returns the rate, which is asked for or a part of the peak.
func (l Load) pace(peak float64) float64 {
	if l.Rate > 0 {
		return l.Rate
	}
	return peak / defaultPaceOver
}
