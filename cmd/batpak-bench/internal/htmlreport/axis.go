// Axes: where a value stands, and which values are named.

package htmlreport

import (
	"math"
	"strconv"
	"strings"

	"github.com/batpak/batpak/perfgates/figure"
)

// axis spans the values from low to high, low below high.
type axis struct {
	low, high float64
	log       bool // both ends above 0
	ticks     []tick
}

type tick struct {
	at    float64
	label string
}

// place returns where v stands between the ends, from 0 to 1; outside of them less and more.
func (a axis) place(v float64) float64 {
	if a.log {
		return math.Log(v/a.low) / math.Log(a.high/a.low)
	}
	return (v - a.low) / (a.high - a.low)
}

// percentileAxis holds every depth up to deepest.
func percentileAxis(deepest float64) axis {
	a := axis{low: 0, high: max(deepest, 1)}
	for nines, label := range [...]string{"0", "90", "99", "99.9", "99.99", "99.999", "99.9999", "99.99999"} {
		if float64(nines) <= a.high {
			a.ticks = append(a.ticks, tick{float64(nines), label})
		}
		if nines == 0 {
			a.ticks = append(a.ticks, tick{depth(50), "50"})
		}
	}
	return a
}

// latencyAxis is logarithmic and holds all nanoseconds from low to high, both above 0.
func latencyAxis(low, high float64) axis {
	steps := []float64{1, 2, 5}
	if math.Log10(high/low) > 2 {
		steps = []float64{1}
	}
	a := axis{log: true}
	for decade := math.Floor(math.Log10(low)); ; decade++ {
		for _, step := range steps {
			at := step * math.Pow(10, decade)
			if at <= low*(1+1e-9) {
				a.low, a.ticks = at, nil
			}
			a.ticks = append(a.ticks, tick{at, duration(at)})
			if at >= high && at > a.low {
				a.high = at
				return a
			}
		}
	}
}

// linearAxis begins at 0 and holds high, in some four to seven steps.
func linearAxis(high float64, label func(float64) string) axis {
	if high <= 0 {
		high = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(high/4)))
	for _, times := range []float64{5, 2} {
		if high/(step*times) >= 3.5 {
			step *= times
			break
		}
	}
	steps := math.Ceil(high/step - 1e-9)
	a := axis{high: steps * step}
	for i := 0.0; i <= steps; i++ {
		a.ticks = append(a.ticks, tick{i * step, label(i * step)})
	}
	return a
}

// duration names nanoseconds as briefly as an axis needs it.
func duration(ns float64) string {
	unit := " ns"
	for _, larger := range []string{" us", " ms", " s"} {
		if ns < 1000 {
			break
		}
		ns, unit = ns/1000, larger
	}
	return strings.TrimSuffix(figure.Number(ns), ".0") + unit
}

// short names a count: 250, 1.5k, 2M.
func short(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= unit.size {
			return strings.TrimSuffix(strconv.FormatFloat(v/unit.size, 'f', 1, 64), ".0") + unit.name
		}
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
