// P5: who takes part, who fails, what is judged.

package rows

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batpak/batpak/perfgates/figure"
	"github.com/batpak/batpak/perfgates/internal/peer"
)

// steady is a side that always does the same in a second.
func steady(name string, rate int64, turns *[]string) *groupSide {
	return &groupSide{
		name: name, settle: atOnce, close: func() error { return nil },
		turn: func(_ context.Context, callers int, _ time.Duration) (crowdRound, error) {
			*turns = append(*turns, fmt.Sprintf("%s %d", name, callers))
			return crowdRound{done: rate, first: int64(callers), syncs: 1, took: time.Second}, nil
		},
	}
}

// fourSides are the two barriers, the store and pebble.
func fourSides(turns, warnings *[]string) *groupRun {
	r := &groupRun{
		barrier: steady("barrier", 1000, turns), ours: steady("store", 900, turns),
		working: steady("worker", 450, turns),
		peers:   []*groupSide{steady("pebble", 600, turns)},
		warn: func(format string, arguments ...any) {
			*warnings = append(*warnings, fmt.Sprintf(format, arguments...))
		},
	}
	r.peers[0].peer = true
	return r
}

func TestSidesTakeTurnsInAlternatingOrder(t *testing.T) {
	var turns, warnings []string
	r := fourSides(&turns, &warnings)
	for _, backwards := range []bool{false, true} {
		if err := r.round(t.Context(), time.Second, backwards); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"barrier 8", "store 8", "worker 8", "pebble 8",
		"barrier 64", "store 64", "worker 64", "pebble 64",
		"barrier 1024", "store 1024", "worker 1024", "pebble 1024",
		"pebble 8", "worker 8", "store 8", "barrier 8",
		"pebble 64", "worker 64", "store 64", "barrier 64",
		"pebble 1024", "worker 1024", "store 1024", "barrier 1024",
	}
	if !slices.Equal(turns, want) || len(warnings) != 0 {
		t.Errorf("turns %q, warnings %q", turns, warnings)
	}
}

func TestRatesAreComparedWithTheBarrierAndWithPeers(t *testing.T) {
	var turns, warnings []string
	r := fourSides(&turns, &warnings)
	if err := r.round(t.Context(), time.Second, false); err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		ratio       float64
		met, judged bool
	}{
		"8 callers": {0.9, true, true}, "64 callers": {0.9, true, true}, "1,024 callers": {0.9, true, true},
		"8 callers, beside worker": {2, false, false}, "64 callers, beside worker": {2, false, false},
		"1,024 callers, beside worker": {2, false, false},
		"8 callers, beside pebble":     {1.5, false, false}, "64 callers, beside pebble": {1.5, true, true},
		"1,024 callers, beside pebble": {1.5, false, true},
	}
	results := r.results()
	if len(results) != len(want) {
		t.Errorf("%d results", len(results))
	}
	for _, result := range results {
		checkResult(t, "P5", result)
		met, judged := result.Met()
		if w, expected := want[result.Name]; !expected || result.Ratio() != w.ratio || met != w.met || judged != w.judged {
			t.Errorf("%s: ratio %v, met %v, judged %v", result.Name, result.Ratio(), met, judged)
		}
	}
}

func TestAPeerThatFailsIsLeftOutLoudly(t *testing.T) {
	var turns, warnings []string
	r := fourSides(&turns, &warnings)
	peer := r.peers[0]
	sound := peer.turn
	peer.turn = func(ctx context.Context, callers int, during time.Duration) (crowdRound, error) {
		if callers == 64 {
			return crowdRound{}, errBroken
		}
		return sound(ctx, callers, during)
	}
	for range 2 {
		if err := r.round(t.Context(), time.Second, false); err != nil {
			t.Fatal(err)
		}
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "pebble") || !strings.Contains(warnings[0], "broken") {
		t.Errorf("warnings %q", warnings)
	}
	for _, result := range r.results() {
		ofPeer := strings.Contains(result.Name, "pebble")
		if missing := math.IsNaN(result.ReferenceValue); missing != ofPeer || (result.Unjudged != "") != ofPeer {
			t.Errorf("%s: reference %v, not judged because %q", result.Name, result.ReferenceValue, result.Unjudged)
		}
	}
}

func TestAPeerThatCanNotCloseIsNotJudged(t *testing.T) {
	var turns, warnings []string
	r := fourSides(&turns, &warnings)
	r.peers[0].close = func() error { return errBroken }
	if r.closePeers(); len(warnings) != 1 || !errors.Is(r.peers[0].missing, errBroken) {
		t.Errorf("warnings %q, missing %v", warnings, r.peers[0].missing)
	}
}

func TestTheStoreAndTheBarrierMayNotFail(t *testing.T) {
	for _, of := range []func(*groupRun) *groupSide{
		func(r *groupRun) *groupSide { return r.barrier }, func(r *groupRun) *groupSide { return r.ours },
		func(r *groupRun) *groupSide { return r.working },
	} {
		var turns, warnings []string
		r := fourSides(&turns, &warnings)
		of(r).turn = func(context.Context, int, time.Duration) (crowdRound, error) { return crowdRound{}, errBroken }
		if err := r.round(t.Context(), time.Second, false); !errors.Is(err, errBroken) {
			t.Error(err)
		}
	}
}

func TestTimeIsDividedAmongThoseWhoAreThere(t *testing.T) {
	var turns, warnings []string
	r := fourSides(&turns, &warnings)
	if got := r.turnOf(fewestRounds * 12 * 100 * time.Millisecond); got != 100*time.Millisecond {
		t.Errorf("four take turns of %v", got)
	}
	r.peers[0].missing = errBroken
	if got := r.turnOf(fewestRounds * 9 * 100 * time.Millisecond); got != 100*time.Millisecond {
		t.Errorf("three take turns of %v", got)
	}
	if r.turnOf(time.Hour) != longestTurn || r.turnOf(1) != shortestTurn {
		t.Error("turns are not bounded")
	}
}

func TestAnAcknowledgedAppendThatIsNotThereFailsTheRow(t *testing.T) {
	r := &groupRun{}
	if err := r.open(t.TempDir(), Tiny().SegmentSize); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := r.ours.turn(t.Context(), 3, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	r.acknowledged++ // as if one more had been
	if _, err := r.ours.turn(t.Context(), 3, time.Millisecond); err == nil || !strings.Contains(err.Error(), "acknowledged") {
		t.Error(err)
	}
}

func TestPeersThatCanNotBeBuiltAreListedWithTheReason(t *testing.T) {
	var warnings []string
	env := tinyEnv(t)
	env.Warn = func(text string) { warnings = append(warnings, text) }
	env.Peers = func(context.Context) (*peer.Program, error) { return nil, errBroken }
	results, err := groupCommit(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "broken") {
		t.Errorf("warnings %q", warnings)
	}
	var without []figure.Result
	for _, result := range results {
		checkResult(t, "P5", result)
		if result.Unjudged == "broken" {
			without = append(without, result)
		}
	}
	if want := len(peer.Names()) * len(groupSizes); len(without) != want || len(results) != want+2*len(groupSizes) {
		t.Errorf("%d results, %d of them without a reference", len(results), len(without))
	}
}
