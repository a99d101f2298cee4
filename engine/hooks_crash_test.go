//go:build dangerous_test_hooks

// The process dies at every point, one after the other, of one store: nothing that it told is missing, ever after.

package engine_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/hooks"
)

// childCrash is the environment variable that says where a child dies: a point's number, and how many arrivals pass.
const childCrash = "BATPAK_ENGINE_TEST_CRASH"

func init() { children["crash"] = crashingChild }

// crashingChild lives as [appendingChild] does, a few times, and dies at a point if it comes there.
func crashingChild(dir string) int {
	if err := crashing(dir); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

func crashing(dir string) error {
	var point, after int
	var seed uint64
	if _, err := fmt.Sscan(os.Getenv(childCrash)+" "+os.Getenv(childSeed), &point, &after, &seed); err != nil {
		return err
	}
	policy, err := policyNamed(os.Getenv(childPolicy))
	if err != nil {
		return err
	}
	set := hooks.New(seed)
	if err := set.Add(hooks.Rule{Point: hooks.Point(point), After: after, Action: hooks.Crash()}); err != nil {
		return err
	}
	for n := range uint64(2) {
		o := small(policy)
		o.Hooks = set
		s, err := engine.Open(dir, o)
		if err != nil {
			return err
		}
		k := &talker{store: s, policy: policy, seed: seed + n<<24, output: new(sync.Mutex)}
		if err := k.ask(); err != nil {
			return err
		}
		if err := k.live(60); err != nil {
			return err
		}
		fmt.Println("closed 0")
	}
	return nil
}

// ask appends a batch with a key, once more the same, and something that a condition refuses.
func (k *talker) ask() error {
	batch := &engine.Batch{Key: fmt.Sprint("batch ", k.seed), Conditions: []engine.Condition{engine.EntityIs("nobody", engine.ExpectClock(0))}}
	at := event.MustAt("batches", "kill")
	for i := range uint64(3) {
		batch.AddBytes(at, event.Data, event.CodecRaw, childPayload(k.seed+i))
	}
	for range 2 {
		receipts, err := k.store.AppendBatch(batch)
		if err != nil {
			return fmt.Errorf("append batch: %w", err)
		}
		for _, r := range receipts {
			k.say("durable", r.Sequence, r.ID, r.Hash)
		}
	}
	o := engine.AppendOptions{Conditions: []engine.Condition{engine.NoneAfter(event.Entity("batches"), 0)}}
	if _, err := k.store.AppendBytesWith(at, event.Data, event.CodecRaw, nil, o); !errors.Is(err, engine.ErrConflict) {
		return fmt.Errorf("append on a condition that does not hold: %v", err)
	}
	return nil
}

func TestAProcessThatDiesAtAnyPointLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	v := newVictim(quickDir(t)+"/store", seed)
	later := []int{0, 5}
	if raceBuild {
		later = later[:1]
	}
	var survived []string
	round := 0
	for _, p := range hooks.Points() {
		died := false
		for _, after := range later {
			policy := killPolicies[round%len(killPolicies)]
			if p >= hooks.OpenLoad && p <= hooks.OpenReady { // after a death there is more to do
				v.dies(t, round, policy, hooks.PrepareReady, 0)
				round++
			}
			if v.dies(t, round, policy, p, after) {
				died = true
			}
			v.mustHoldAll(t, round)
			round++
		}
		if !died {
			survived = append(survived, p.String())
		}
	}
	// Which points a short life comes to is partly chance.
	t.Logf("%d children; nobody died at %s", round, strings.Join(survived, ", "))
	if len(survived) > len(hooks.Points())/3 {
		t.Errorf("nobody died at %d points", len(survived))
	}
}

// dies runs a child to its end, listens to it, and reports whether it died at the point.
func (v *victim) dies(t *testing.T, round int, policy engine.SyncPolicy, p hooks.Point, after int) bool {
	t.Helper()
	c := startChild(t, "crash", v.path, childPolicy+"="+policy.String(), fmt.Sprintf("%s=%d", childSeed, v.seed+uint64(round)<<40),
		fmt.Sprintf("%s=%d %d", childCrash, uint8(p), after))
	words, err := io.ReadAll(c.output)
	if err != nil {
		t.Fatalf("%v after %d arrivals: %v", p, after, err)
	}
	for line := range strings.Lines(string(words)) {
		if strings.HasSuffix(line, "\n") {
			v.hear(t, policy, line)
		}
	}
	err = c.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.String() != "signal: killed") {
		t.Fatalf("%v after %d arrivals: the child ended with %v", p, after, err)
	}
	return err != nil
}
