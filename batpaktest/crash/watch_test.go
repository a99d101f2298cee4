// What does not end is told.

package crash

import (
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// patience of tests: no life and no trial takes so long, unless it is made to.
const patience = time.Minute

// stuckRun runs a simulation in which the first thing that hangs says yes to began long ago, and does not end before the
// test does.
func stuckRun(t *testing.T, c Config, hangs func(*doing) bool) Report {
	t.Helper()
	release, left := make(chan struct{}), make(chan struct{})
	var one atomic.Bool
	s := &simulation{Config: c}
	s.hook = func(now *doing) func() {
		if !hangs(now) || !one.CompareAndSwap(false, true) {
			return func() {}
		}
		now.began = now.began.Add(-2 * patience)
		return func() {
			<-release
			close(left)
		}
	}
	defer func() {
		close(release)
		select {
		case <-left:
		case <-time.After(time.Minute):
			t.Error("nothing hung")
		}
	}()
	return s.run(t.Context())
}

func aTrial(now *doing) bool { return now.finding.trial != nil }

func aLife(now *doing) bool { return now.finding.trial == nil }

func TestATrialThatDoesNotEndIsTold(t *testing.T) {
	t.Parallel()
	report := stuckRun(t, Config{Seed: 7, Workers: 2, Patience: patience}, aTrial)
	if len(report.Findings) != 1 {
		t.Fatal(report)
	}
	text := report.Findings[0].String()
	for _, what := range []string{"a trial does not end", "seed 7, store ", "life 1", "moment ", "goroutine ", "crash.(*worker)."} {
		if !strings.Contains(text, what) {
			t.Errorf("%q is missing in:\n%s", what, text)
		}
	}
	if n := strings.Count(report.Findings[0].Description, "\n"); n > stacksLines {
		t.Errorf("the description has %d lines:\n%s", n, text)
	}
}

func TestTheStacksOfWhatDoesNotEndAreSaved(t *testing.T) {
	t.Parallel()
	for name, hangs := range map[string]func(*doing) bool{"a life": aLife, "a trial": aTrial} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := stuckRun(t, Config{Seed: 8, Workers: 1, Patience: patience, Save: t.TempDir()}, hangs)
			if len(report.Findings) != 1 {
				t.Fatal(report)
			}
			f := &report.Findings[0]
			if text := f.String(); f.Unsaved != nil || !strings.Contains(text, name+" does not end") || !strings.Contains(text, f.Stacks) {
				t.Errorf("got:\n%s", text)
			}
			stacks, err := os.ReadFile(f.Stacks)
			if err != nil || len(stacks) > stacksSize || !strings.Contains(string(stacks), "(*worker).begins") {
				t.Errorf("%v, stacks:\n%s", err, stacks)
			}
			if (f.File != "") != (name == "a trial") {
				t.Errorf("saved as %q", f.File)
			}
			if f.File != "" {
				if again, err := Replay(f.File); err == nil || again == nil || again.trial == nil {
					t.Errorf("replayed: %v, %v", again, err)
				}
			}
		})
	}
}

func TestALongStackDoesNotHideWhereItCameFromNorTheNextOne(t *testing.T) {
	deep := "goroutine 2 [runnable]:\n" + strings.Repeat("engine.deeper()\n\t/engine.go:1\n", 100)
	stacks := "goroutine 1 [running]:\ncrash.stacksOfAll()\n\n" + deep + "crash.(*worker).one()\n\t/run.go:1\n\n" +
		"goroutine 3 [select]:\nsync.wait()\n\n" + deep + "crash.(*worker).two()\n\t/run.go:1\n"
	got := firstStacks([]byte(stacks))
	for _, what := range []string{"crash.(*worker).one", "crash.(*worker).two", "engine.deeper"} {
		if !strings.Contains(got, what) {
			t.Errorf("%q is missing in:\n%s", what, got)
		}
	}
	if n := strings.Count(got, "\n"); n >= stacksLines {
		t.Errorf("%d lines", n+1)
	}
}

func TestStacksThatCannotBeSavedAreTold(t *testing.T) {
	t.Parallel()
	report := stuckRun(t, Config{Seed: 9, Workers: 1, Patience: patience, Save: t.TempDir() + "/missing"}, aLife)
	if len(report.Findings) != 1 || report.Findings[0].Unsaved == nil || !strings.Contains(report.Findings[0].Description, "goroutine ") {
		t.Error(report)
	}
}

func TestAReplayThatDoesNotEndIsTold(t *testing.T) {
	t.Parallel()
	scene, _ := liar(t)
	release := make(chan struct{})
	defer close(release)
	scene.begins = func(*trial) { <-release }
	if err := scene.again(&trial{Moment: 1}, 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "does not end") {
		t.Errorf("got %v", err)
	}
}

func TestMomentsBehindWhatWasAcknowledgedAreLookedAt(t *testing.T) {
	t.Parallel()
	scene, _ := liar(t)
	for n := range uint64(20) {
		moments := scene.moments(rand.New(rand.NewPCG(n, 1)), momentsPerLife)
		if len(moments) > momentsPerLife+acknowledgedPerLife+1 {
			t.Fatalf("%d moments", len(moments))
		}
		behind := 0
		for _, m := range scene.record.durable {
			for _, moment := range moments {
				if moment == m.at+1 {
					behind++
				}
			}
		}
		if behind < acknowledgedPerLife {
			t.Errorf("%d moments right behind an acknowledgement, of %d", behind, len(moments))
		}
	}
}
