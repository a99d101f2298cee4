// When a difference counts: with synthetic passes, so that no test looks at a time.

package baseline

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batpak/batpak/perfgates"
	"github.com/batpak/batpak/perfgates/figure"
)

// around makes so many passes of one result that takes about ratio times its reference, give or take noise.
func around(random *rand.Rand, passes int, ratio, noise float64, change func(*figure.Result)) (taken []Pass) {
	for range passes {
		r := figure.Result{Row: "P1", Name: "append", Unit: "ns", Reference: "floor(256)", ReferenceValue: 100, Better: figure.Smaller}
		r.Value = 100 * ratio * (1 + noise*(2*random.Float64()-1))
		if change != nil {
			change(&r)
		}
		taken = append(taken, Pass{Results: []figure.Stored{figure.Stored(r)}})
	}
	return taken
}

func verdictOf(t *testing.T, j Judgement, old, new []Pass) Line {
	t.Helper()
	lines := j.Compare(old, new)
	if len(lines) != 1 {
		t.Fatalf("%d lines, want 1", len(lines))
	}
	return lines[0]
}

func TestASlowdownOfAFifthIsFoundAndUnchangedCodeIsNot(t *testing.T) {
	j := Judgement{Threshold: 0.1}
	larger := func(r *figure.Result) { r.Value, r.Better = 1e4/r.Value, figure.Larger }
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		for _, direction := range []func(*figure.Result){nil, larger} {
			old := around(random, 5, 1.3, 0.03, direction)
			if l := verdictOf(t, j, old, around(random, FreshPasses, 1.3*1.2, 0.03, direction)); l.Verdict != Regression {
				t.Errorf("seed %d: 20 %% slower is %q: %+v", seed, l.Verdict, l)
			}
			if l := verdictOf(t, j, old, around(random, FreshPasses, 1.3, 0.03, direction)); l.Verdict != Same {
				t.Errorf("seed %d: unchanged is %q: %+v", seed, l.Verdict, l)
			}
			if l := verdictOf(t, j, old, around(random, FreshPasses, 1.3/1.2, 0.03, direction)); l.Verdict != Improved {
				t.Errorf("seed %d: 20 %% faster is %q: %+v", seed, l.Verdict, l)
			}
			if l := verdictOf(t, j, old, around(random, FreshPasses, 1.3*1.05, 0.001, direction)); l.Verdict != Same {
				t.Errorf("seed %d: less than the threshold is %q: %+v", seed, l.Verdict, l)
			}
		}
	}
}

func TestNoiseIsNoRegressionHoweverFarItsMedianIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	j := Judgement{Threshold: 0.1}
	for range 200 {
		old, new := around(random, 5, 1, 0.8, nil), around(random, FreshPasses, 1.2, 0.8, nil)
		if l := verdictOf(t, j, old, new); l.Verdict == Regression && (l.Old.High >= l.New.Low || l.P >= AlphaRegression) {
			t.Errorf("overlapping passes are a regression: %+v", l)
		}
	}
	// All are apart, and yet each side differs as much in itself as from the other.
	wide := func(values ...float64) (taken []Pass) {
		for _, v := range values {
			taken = append(taken, around(random, 1, v, 0, nil)...)
		}
		return taken
	}
	l := verdictOf(t, j, wide(1, 1.1, 1.7, 1.9, 2), wide(2.1, 2.1, 2.2, 2.2, 2.3, 4, 4.1, 4.2))
	if l.P >= AlphaRegression || l.Worse <= j.Threshold || l.Verdict != Same {
		t.Errorf("a difference within the quartiles: %+v", l)
	}
}

func TestTooFewPassesDecideNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 3))
	for passes := 1; passes <= 6; passes++ {
		l := verdictOf(t, Judgement{Threshold: 0.1}, around(random, passes, 1, 0.01, nil), around(random, FreshPasses, 2, 0.01, nil))
		if found := l.Verdict == Regression; found != (passes >= 4) || found != CanDecide(passes) {
			t.Errorf("%d passes: %+v, can decide: %v", passes, l, CanDecide(passes))
		}
	}
	if CanDecide(0) {
		t.Error("no passes can decide")
	}
}

func TestFiguresOfAnotherMachineAreJudgedOnlyRelativeToTheSameRound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 4))
	goal := func(r *figure.Result) { r.Goal, r.Calibration = true, 100 }
	beside := func(r *figure.Result) {
		r.Goal, r.Rounds = true, []figure.Round{{Value: r.Value, Reference: 100, Floor: 50}}
	}
	count := func(r *figure.Result) { r.Counted = true }
	for _, c := range []struct {
		name          string
		change        func(*figure.Result)
		here, foreign Verdict
		basis         string
	}{
		{"ratio", nil, Regression, Regression, "floor(256)"},
		{"calibrated", goal, Regression, NotJudged, figure.BesideCalibration},
		{"beside similar work", beside, Regression, Regression, figure.BesideFloor},
		{"count", count, Regression, Regression, ""},
	} {
		old, new := around(random, 5, 1, 0.01, c.change), around(random, FreshPasses, 2, 0.01, c.change)
		here, foreign := verdictOf(t, Judgement{Threshold: 0.1}, old, new), verdictOf(t, Judgement{Threshold: 0.1, Foreign: true}, old, new)
		if here.Verdict != c.here || foreign.Verdict != c.foreign || here.Basis != c.basis {
			t.Errorf("%s: %q here, %q elsewhere, relative to %q", c.name, here.Verdict, foreign.Verdict, here.Basis)
		}
	}
}

func TestACountThatWasNothingIsWorseByWhatItIs(t *testing.T) {
	counts := func(value float64) func(*figure.Result) {
		return func(r *figure.Result) { r.Counted, r.Value = true, value }
	}
	for value, want := range map[float64]Verdict{0: Same, 0.001: Same, 1: Regression} {
		l := verdictOf(t, Judgement{Threshold: 0.1}, around(rand.New(rand.NewPCG(1, 1)), 5, 1, 0, counts(0)), around(rand.New(rand.NewPCG(1, 1)), 8, 1, 0, counts(value)))
		if l.Verdict != want {
			t.Errorf("0 and %v: %+v", value, l)
		}
	}
}

func TestOnlyWhatIsSuspectIsDecidedAnew(t *testing.T) {
	j := Judgement{Threshold: 0.1}
	line := func(row, name string, worse float64, verdict Verdict) Line {
		return Line{Key: Key{row, name}, Worse: worse, Verdict: verdict}
	}
	first := []Line{
		line("P1", "a", 0.5, Regression), line("P1", "b", 0.02, Same), line("P2", "c", 0.3, Same), line("P3", "d", 0.3, NotJudged), line("P4", "e", 0.4, Regression),
		line("P2", "f", 0.3, Regression),
	}
	if rows := j.SuspectRows(first); !slices.Equal(rows, []string{"P1", "P2", "P4"}) {
		t.Errorf("suspect: %q", rows)
	}
	second := []Line{line("P1", "a", 0.01, Same), line("P1", "b", 0.5, Regression), line("P2", "c", 0.3, Regression), line("P2", "f", 0.2, Same)}
	var verdicts []Verdict
	for _, l := range j.Decide(first, second) {
		verdicts = append(verdicts, l.Verdict)
	}
	if want := []Verdict{Same, Same, Regression, NotJudged, Undecided, Undecided}; !slices.Equal(verdicts, want) {
		t.Errorf("decided: %q, want %q", verdicts, want)
	}
}

func TestOnlyCommonResultsAreCompared(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 5))
	other := func(r *figure.Result) { r.Row = "P2" }
	old, new := around(random, 5, 1, 0, nil), around(random, 5, 1, 0, other)
	if lines := (Judgement{}).Compare(old, new); len(lines) != 0 {
		t.Errorf("compared: %+v", lines)
	}
	if rows := RowsOnlyIn(new, old); !slices.Equal(rows, []string{"P2"}) {
		t.Errorf("only in the new one: %q", rows)
	}
}

func TestAResultThatARowNoLongerGivesIsNamed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	renamed := func(r *figure.Result) { r.Name = "renamed" }
	old, new := around(random, 2, 1, 0, nil), around(random, 2, 1, 0, renamed)
	if gone := ResultsGone(old, new); !slices.Equal(gone, []Key{{"P1", "append"}}) {
		t.Errorf("gone: %v", gone)
	}
	if gone := ResultsGone(old, old); len(gone) != 0 {
		t.Errorf("nothing is gone, but %v", gone)
	}
}

func TestDifferencesAreNamedAndTellMachinesApart(t *testing.T) {
	old := &Baseline{Machine: perfgates.Machine{Processor: "a", CPUs: 2, Kernel: "6.1", Go: "go1.26"}, Options: Options{Quick: true}}
	same := *old
	if warnings, foreign := Differences(old, &same); len(warnings) != 0 || foreign {
		t.Errorf("nothing differs: %q, %v", warnings, foreign)
	}
	for name, c := range map[string]struct {
		change  func(*Baseline)
		foreign bool
	}{
		"the processor was a, is b":             {func(b *Baseline) { b.Machine.Processor = "b" }, true},
		"the kernel was 6.1, is 6.2":            {func(b *Baseline) { b.Machine.Kernel = "6.2" }, false},
		"the file system was unknown, is tmpfs": {func(b *Baseline) { b.Machine.FileSystem = "tmpfs" }, true},
		"the scale was quick, is full":          {func(b *Baseline) { b.Options.Quick = false }, false},
		"Go was go1.26, is unknown":             {func(b *Baseline) { b.Machine.Go = "" }, false},
		"the commit was unknown, is abc":        {func(b *Baseline) { b.Commit = "abc" }, false},
	} {
		new := *old
		c.change(&new)
		if warnings, foreign := Differences(old, &new); !slices.Contains(warnings, name) || foreign != c.foreign {
			t.Errorf("%q: %q, another machine: %v", name, warnings, foreign)
		}
	}
}

func TestWhatNoFreshPassesConfirmIsWorseOrUndecided(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 10))
	j := Judgement{Threshold: 0.1}
	for _, c := range []struct {
		old, new []Pass
		want     Verdict
	}{
		{around(random, 5, 1, 0.01, nil), around(random, 5, 1.2, 0.01, nil), Worse},
		{around(random, 5, 1, 0.01, nil), around(random, 1, 1.2, 0.01, nil), Undecided},
		{around(random, 5, 1, 0.01, nil), around(random, 5, 1.01, 0.01, nil), Same},
		{around(random, 5, 1.2, 0.01, nil), around(random, 5, 1, 0.01, nil), Improved},
	} {
		if lines := j.Unconfirmed(j.Compare(c.old, c.new)); len(lines) != 1 || lines[0].Verdict != c.want {
			t.Errorf("%+v, want %s", lines, c.want)
		}
	}
}
