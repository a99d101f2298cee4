//go:build dangerous_test_hooks

// When rules act, and on what.

package hooks_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batpak/batpak/hooks"
)

var errInjected = errors.New("injected")

// with returns a Set that has these rules.
func with(t *testing.T, seed uint64, rules ...hooks.Rule) *hooks.Set {
	t.Helper()
	set := hooks.New(seed)
	for _, r := range rules {
		if err := set.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return set
}

// failures reaches a point so many times and returns which arrivals failed, counted from 1.
func failures(set *hooks.Set, p hooks.Point, file string, times int) []int {
	var failed []int
	for i := range times {
		if set.Reach(p, file) != nil {
			failed = append(failed, i+1)
		}
	}
	return failed
}

func TestASetThatIsNilDoesNothing(t *testing.T) {
	var set *hooks.Set
	for _, p := range hooks.Points() {
		if err := set.Reach(p, "file"); err != nil || set.Count(p) != 0 {
			t.Errorf("%v: %v, counted %d", p, err, set.Count(p))
		}
	}
}

func TestASetCountsWhatIsReached(t *testing.T) {
	set := hooks.New(1)
	failures(set, hooks.FileRead, "", 3)
	failures(set, hooks.FileWrite, "", 2)
	if r, w, none := set.Count(hooks.FileRead), set.Count(hooks.FileWrite), set.Count(hooks.FileMap); r != 3 || w != 2 || none != 0 {
		t.Errorf("counted %d, %d and %d; want 3, 2 and 0", r, w, none)
	}
	if n := set.Count(0) + set.Count(255); n != 0 {
		t.Errorf("what is no point was counted %d times", n)
	}
}

func TestAFailingRuleReturnsExactlyItsError(t *testing.T) {
	set := with(t, 1, hooks.Rule{Point: hooks.SyncStaged, Action: hooks.Fail(errInjected)})
	if err := set.Reach(hooks.SyncStaged, "file"); err != errInjected {
		t.Errorf("got %v", err)
	}
	if err := set.Reach(hooks.FileSyncData, "file"); err != nil {
		t.Errorf("another point failed: %v", err)
	}
}

func TestARuleActsAfterSoManyArrivalsAndSoManyTimes(t *testing.T) {
	for _, c := range []struct {
		after, times int
		want         []int
	}{
		{0, 0, []int{1, 2, 3, 4, 5, 6}},
		{0, 1, []int{1}},
		{2, 1, []int{3}},
		{3, 2, []int{4, 5}},
		{4, 0, []int{5, 6}},
		{6, 0, nil},
	} {
		set := with(t, 1, hooks.Rule{Point: hooks.FileSyncData, After: c.after, Times: c.times, Action: hooks.Fail(errInjected)})
		if got := failures(set, hooks.FileSyncData, "file", 6); !slices.Equal(got, c.want) {
			t.Errorf("after %d, %d times: failed at %v, want %v", c.after, c.times, got, c.want)
		}
	}
}

func TestOnlyArrivalsThatMatchCountForARule(t *testing.T) {
	second := func(at hooks.Reached) bool { return at.Count%2 == 0 }
	set := with(t, 1,
		hooks.Rule{Point: hooks.FileWrite, After: 1, Times: 1, File: "*.seg", Action: hooks.Fail(errInjected)},
		hooks.Rule{Point: hooks.FileRead, After: 1, Times: 1, Match: second, Action: hooks.Fail(errInjected)},
	)
	var failed []string
	for i, file := range []string{"a.seg", "lock", "", "b.seg", "c.seg"} {
		if set.Reach(hooks.FileWrite, file) != nil {
			failed = append(failed, fmt.Sprint(i, file))
		}
	}
	if !slices.Equal(failed, []string{"3b.seg"}) {
		t.Errorf("by the file's name: failed at %v", failed)
	}
	if got := failures(set, hooks.FileRead, "a", 8); !slices.Equal(got, []int{4}) {
		t.Errorf("by a function: failed at %v", got)
	}
}

func TestAnActionAndAFilterAreToldWhatWasReached(t *testing.T) {
	var told []hooks.Reached
	note := func(at hooks.Reached) bool {
		told = append(told, at)
		return true
	}
	set := with(t, 1, hooks.Rule{Point: hooks.OpenRemove, Match: note, Action: hooks.Do(func(at hooks.Reached) error {
		note(at)
		return nil
	})})
	failures(set, hooks.OpenRemove, "file", 2)
	one, two := hooks.Reached{Point: hooks.OpenRemove, File: "file", Count: 1}, hooks.Reached{Point: hooks.OpenRemove, File: "file", Count: 2}
	if want := []hooks.Reached{one, one, two, two}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestProbabilityFollowsTheSeed(t *testing.T) {
	run := func(seed uint64, probability float64) []int {
		set := with(t, seed, hooks.Rule{Point: hooks.FileRead, Probability: probability, Action: hooks.Fail(errInjected)})
		return failures(set, hooks.FileRead, "", 1000)
	}
	first := run(1, 0.25)
	if n := len(first); n < 150 || n > 350 {
		t.Errorf("failed %d times of 1000, at a probability of a quarter", n)
	}
	if !slices.Equal(first, run(1, 0.25)) {
		t.Error("the same seed gave two outcomes")
	}
	if slices.Equal(first, run(2, 0.25)) {
		t.Error("two seeds gave the same outcome")
	}
	if n := len(run(1, 1)); n != 1000 {
		t.Errorf("failed %d times of 1000, at a probability of 1", n)
	}
}

func TestTheZeroSetIsOneOfSeedZero(t *testing.T) {
	rule := hooks.Rule{Point: hooks.FileRead, Probability: 0.5, Action: hooks.Fail(errInjected)}
	var zero hooks.Set
	if err := zero.Add(rule); err != nil {
		t.Fatal(err)
	}
	got := failures(&zero, hooks.FileRead, "", 100)
	if want := failures(with(t, 0, rule), hooks.FileRead, "", 100); len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("failed at %v, want %v", got, want)
	}
}

func TestTheFirstRuleThatFailsEndsTheArrival(t *testing.T) {
	var order []string
	say := func(what string, err error) hooks.Rule {
		return hooks.Rule{Point: hooks.FileRead, Action: hooks.Do(func(hooks.Reached) error {
			order = append(order, what)
			return err
		})}
	}
	set := with(t, 1, say("first", nil), say("second", errInjected), say("third", nil))
	if err := set.Reach(hooks.FileRead, ""); err != errInjected || !slices.Equal(order, []string{"first", "second"}) {
		t.Errorf("got %v after %v", err, order)
	}
}

func TestADelayHoldsTheStepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := with(t, 1, hooks.Rule{Point: hooks.GroupWake, Action: hooks.Delay(time.Minute)})
		begin := time.Now()
		if err := set.Reach(hooks.GroupWake, ""); err != nil || time.Since(begin) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}

func TestAnActionMayUseItsSetAndHoldUpOneArrivalOnly(t *testing.T) {
	set := hooks.New(1)
	entered, leave := make(chan struct{}), make(chan struct{})
	hold := hooks.Rule{Point: hooks.SyncStaged, Times: 1, Action: hooks.Do(func(hooks.Reached) error {
		close(entered)
		<-leave
		return set.Add(hooks.Rule{Point: hooks.SyncStaged, Action: hooks.Fail(errInjected)})
	})}
	if err := set.Add(hold); err != nil {
		t.Fatal(err)
	}
	held := make(chan error)
	go func() { held <- set.Reach(hooks.SyncStaged, "") }()
	<-entered
	if err := set.Reach(hooks.SyncStaged, ""); err != nil || set.Count(hooks.SyncStaged) != 2 {
		t.Errorf("beside the one that is held up: %v, counted %d", err, set.Count(hooks.SyncStaged))
	}
	close(leave)
	if err := <-held; err != nil {
		t.Errorf("the rule that was added held for an arrival before it: %v", err)
	}
	if err := set.Reach(hooks.SyncStaged, ""); err != errInjected {
		t.Errorf("the rule that was added does not hold: %v", err)
	}
}

func TestASetCanBeUsedConcurrently(t *testing.T) {
	const each, goroutines = 500, 8
	set := with(t, 1,
		hooks.Rule{Point: hooks.FileRead, After: 100, Times: 700, Action: hooks.Fail(errInjected)},
		hooks.Rule{Point: hooks.FileRead, Probability: 0.5, Action: hooks.Do(func(hooks.Reached) error { return nil })},
	)
	var all sync.WaitGroup
	failed := make([]int, goroutines)
	for i := range failed {
		all.Go(func() {
			failed[i] = len(failures(set, hooks.FileRead, "", each))
			if err := set.Add(hooks.Rule{Point: hooks.FileWrite, Action: hooks.Fail(errInjected)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	sum := 0
	for _, n := range failed {
		sum += n
	}
	if sum != 700 || set.Count(hooks.FileRead) != each*goroutines {
		t.Errorf("failed %d times of %d", sum, set.Count(hooks.FileRead))
	}
}
