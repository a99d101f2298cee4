// Comparing two measurements: when a difference is more than noise.

package baseline

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"github.com/batpak/batpak/perfgates/figure"
)

const (
	// AlphaRegression is the significance below which a result counts as worse: with some hundred results a run, one in a
	// hundred runs would be wrong by chance about each at 0.01, were not the other conditions.
	AlphaRegression = 0.01
	// AlphaShown is that of good news and of what is shown as more than chance, which deny nothing.
	AlphaShown = 0.05

	// FreshPasses are measured of what looks worse, and they alone decide.
	FreshPasses = 8
)

// Key names a result.
type Key struct{ Row, Name string }

// String returns "P1 append".
func (k Key) String() string { return k.Row + " " + k.Name }

// Verdict says in a word what became of a result.
type Verdict string

// The verdicts.
const (
	Same       Verdict = "~"          // no difference beyond noise and threshold
	Regression Verdict = "regression" // worse, beyond doubt and threshold
	Improved   Verdict = "improved"   // better, beyond doubt and threshold
	Worse      Verdict = "worse"      // beyond doubt and threshold, in passes of which none was measured to confirm it
	Undecided  Verdict = "undecided"  // worse by more than the threshold, but not beyond noise
	NotJudged  Verdict = "not judged" // nothing to compare by, or another machine's or disk's
)

// Side is what one of the measurements says of a result.
type Side struct {
	Median    float64
	Low, High float64 // interval of the median at 95 %, of fewer than six passes their range
	N         int     // passes
	spread    float64 // distance of the quartiles
}

// Line is the comparison of one result.
type Line struct {
	Key
	Basis    string  // what the figures are relative to; "" where they are what was counted
	Unit     string  // of what was counted; "" where the figures are relative
	Old, New Side    // of what figure.Result.Comparable says
	Delta    float64 // New over Old less 1; None where Old is 0 and New is not
	Worse    float64 // by which fraction New is worse in time or count, negative where it is better; infinite where Old is 0 and no count
	P        float64 // that passes of one and the same program differ as much: Mann-Whitney; 1 where that can't be said
	Verdict  Verdict
}

// Judgement says how two measurements are compared. Threshold is the fraction by which a median must be worse before it counts, 0.1 for ten percent;
// Foreign says that the old one is of another machine or disk.
type Judgement struct {
	Threshold float64
	Foreign   bool
}

// Compare compares the results that both have, in the order of the new ones. A result is a regression when its median is worse by
// more than the threshold, the test of Mann and Whitney says so at AlphaRegression, the intervals do not touch, and the medians are
// further apart than the quartiles of either side: passes that differ as much among themselves say nothing.
func (j Judgement) Compare(old, new []Pass) []Line {
	before, now := samplesOf(old), samplesOf(new)
	var lines []Line
	for _, key := range now.order {
		if _, both := before.of[key]; both {
			lines = append(lines, j.line(key, before.of[key], now.of[key]))
		}
	}
	return lines
}

// CanDecide says whether so many old passes beside FreshPasses new ones can differ enough to be believed.
func CanDecide(oldPasses int) bool {
	low, high := make([]float64, oldPasses), make([]float64, FreshPasses)
	for n := range low {
		low[n] = float64(n)
	}
	for n := range high {
		high[n] = float64(oldPasses + n)
	}
	return oldPasses > 0 && probability(low, high, AlphaRegression) < AlphaRegression
}

// Suspect says whether a result is worse by more than the threshold, whatever the other conditions say.
func (j Judgement) Suspect(l Line) bool { return l.Verdict != NotJudged && l.Worse > j.Threshold }

// SuspectRows returns the rows that have a suspect result, each once.
func (j Judgement) SuspectRows(lines []Line) (rows []string) {
	for _, l := range lines {
		if j.Suspect(l) && !slices.Contains(rows, l.Row) {
			rows = append(rows, l.Row)
		}
	}
	return rows
}

// Decide returns the first lines with the suspects among them as the second ones, of fresh passes, say. A suspect that is worse there, too, but
// not clearly, is undecided, and so is one that they do not have. What was never suspect is no regression.
func (j Judgement) Decide(first, second []Line) []Line {
	fresh := make(map[Key]Line)
	for _, l := range second {
		fresh[l.Key] = l
	}
	lines := make([]Line, 0, len(first))
	for _, l := range first {
		if j.Suspect(l) {
			again, ok := fresh[l.Key]
			if ok {
				l = again
			}
			if !ok || j.Suspect(l) && l.Verdict == Same {
				l.Verdict = Undecided
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// Unconfirmed returns the lines of passes that were all saved before anybody suspected anything. What fresh passes would have to confirm is no
// regression yet: it is worse, or undecided where it is not clear.
func (j Judgement) Unconfirmed(lines []Line) []Line {
	lines = slices.Clone(lines)
	for i := range lines {
		switch {
		case lines[i].Verdict == Regression:
			lines[i].Verdict = Worse
		case j.Suspect(lines[i]):
			lines[i].Verdict = Undecided
		}
	}
	return lines
}

func (j Judgement) line(key Key, old, new *sample) Line {
	l := Line{
		Key: key, Basis: new.basis, Old: sideOf(old.values), New: sideOf(new.values), Delta: figure.None(), P: 1, Verdict: NotJudged,
	}
	if l.Basis == "" {
		l.Unit = new.unit
	}
	if len(old.values) == 0 || len(new.values) == 0 || old.basis != new.basis || old.unit != new.unit || old.larger != new.larger {
		return l
	}
	l.Delta, l.Worse = change(l.Old.Median, l.New.Median, new)
	l.P = probability(old.values, new.values, AlphaRegression)
	if j.Foreign && new.calibrated {
		return l
	}
	l.Verdict = Same
	apart := l.Old.High < l.New.Low || l.New.High < l.Old.Low
	clear := apart && math.Abs(l.New.Median-l.Old.Median) > max(l.Old.spread, l.New.spread)
	switch {
	case clear && l.Worse > j.Threshold && l.P < AlphaRegression:
		l.Verdict = Regression
	case clear && l.Worse < 0 && better(l.Worse) > j.Threshold && l.P < AlphaShown:
		l.Verdict = Improved
	}
	return l
}

// better turns "a fraction less" into "by what the old was more": 20 % off and 25 % on are the same change.
func better(worse float64) float64 { return 1/(1+worse) - 1 }

// change returns the delta, and how much worse that is.
func change(old, new float64, s *sample) (delta, worse float64) {
	if old == new {
		return 0, 0
	}
	delta = new/old - 1
	switch {
	case s.larger:
		worse = old/new - 1
	case s.counted && math.Abs(old) < 1: // from nothing to a little is not infinitely worse
		worse = new - old
	default:
		worse = delta
	}
	if figure.Missing(delta) {
		delta = figure.None()
	}
	return delta, worse
}

// probability is that of the test of Mann and Whitney.
func probability(old, new []float64, alpha float64) float64 {
	thresholds := &benchmath.Thresholds{CompareAlpha: alpha}
	// NewSample sorts what it is given.
	compared := benchmath.AssumeNothing.Compare(benchmath.NewSample(slices.Clone(old), thresholds), benchmath.NewSample(slices.Clone(new), thresholds))
	if math.IsNaN(compared.P) {
		return 1
	}
	return compared.P
}

func sideOf(values []float64) Side {
	if len(values) == 0 {
		return Side{Median: figure.None(), Low: figure.None(), High: figure.None()}
	}
	summary := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds), figure.Confidence)
	side := Side{Median: summary.Center, Low: summary.Lo, High: summary.Hi, N: len(values), spread: quartiles(values)}
	if math.IsInf(summary.Lo, 0) || math.IsInf(summary.Hi, 0) {
		side.Low, side.High = slices.Min(values), slices.Max(values)
	}
	return side
}

// quartiles returns the distance between the quartiles, each one of the values.
func quartiles(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	quarter := len(sorted) / 4
	return sorted[len(sorted)-1-quarter] - sorted[quarter]
}
