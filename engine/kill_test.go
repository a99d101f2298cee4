// Killing the process: a child appends and tells what was acknowledged, is killed at
// some moment, and nothing that it told may be missing, ever after.

package engine_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
)

// killRounds is how often the child is killed.
const killRounds = 200

// victim is the store whose writer is killed again and again.
type victim struct {
	path   string
	seed   uint64
	random *rand.Rand
	acked  map[uint64]string // by sequence: the line that told of it
	lost   uint64            // ranges
}

func TestAKilledProcessLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	v := &victim{path: quickDir(t) + "/store", seed: seed, random: rand.New(rand.NewPCG(seed, 0)), acked: make(map[uint64]string)}
	for round := range killRounds {
		policy := "every"
		if round%2 == 1 {
			policy = "manual"
		}
		if policy == "manual" && raceBuild {
			continue // mappings are heap memory there: what is staged ends with the process
		}
		v.round(t, round, policy)
	}
	t.Logf("%d events acknowledged, %d lost ranges", len(v.acked), v.lost)
	if len(v.acked) == 0 || v.lost == 0 {
		t.Errorf("%d events acknowledged, %d lost ranges: the child was never killed while it worked", len(v.acked), v.lost)
	}
}

// round starts a child, kills it after some acknowledgements, some microseconds
// later, or while it opens the store, and compares.
func (v *victim) round(t *testing.T, round int, policy string) {
	t.Helper()
	c := startChild(t, "append", v.path, childPolicy+"="+policy, fmt.Sprintf("%s=%d", childSeed, v.seed+uint64(round)<<32))
	wait := v.random.IntN(60) - 6 // lines; before the first one it is still opening
	for range 1 + max(wait, 0) {
		line, err := c.output.ReadString('\n')
		if err != nil {
			t.Fatalf("round %d: the child ended: %v", round, err)
		}
		v.told(line)
	}
	<-time.After(time.Duration(v.random.IntN(500)) * time.Microsecond)
	for _, line := range c.kill(t) {
		v.told(line)
	}
	v.mustHoldAll(t, round)
}

// told takes a line of the child's.
func (v *victim) told(line string) {
	var sequence uint64
	if _, err := fmt.Sscan(line, &sequence); err == nil {
		v.acked[sequence] = line
	}
}

// mustHoldAll opens the store, every other time for reading only so that the next
// child finds what the last one left, and compares all of it.
func (v *victim) mustHoldAll(t *testing.T, round int) {
	t.Helper()
	s, err := engine.Open(v.path, engine.Options{ReadOnly: round%3 == 0, SegmentSize: engine.MinSegmentSize})
	if err != nil {
		if len(v.acked) == 0 && round%3 == 0 {
			return // killed before there was a store
		}
		t.Fatalf("round %d: open: %v", round, err)
	}
	events := all(t, s, 0, 0, engine.ReadOptions{})
	mustBeSound(t, events, true)
	found := 0
	for _, ev := range events {
		line, told := v.acked[ev.Sequence]
		if got := fmt.Sprintf("%d %s %s\n", ev.Sequence, ev.ID, ev.Hash); told && got != line {
			t.Fatalf("round %d: the store has %q, told was %q", round, got, line)
		}
		if told {
			found++
		}
		if len(ev.Payload) < 8 || !bytes.Equal(ev.Payload, childPayload(binary.LittleEndian.Uint64(ev.Payload))) {
			t.Fatalf("round %d: sequence %d has a payload that nobody appended", round, ev.Sequence)
		}
		v.acked[ev.Sequence] = fmt.Sprintf("%d %s %s\n", ev.Sequence, ev.ID, ev.Hash) // seen: it stays
	}
	if missing := len(v.acked) - len(events); missing != 0 {
		t.Fatalf("round %d: %d of %d acknowledged events are missing", round, missing, len(v.acked))
	}
	v.lost = uint64(len(s.Report().Lost))
	if err := s.Close(); err != nil {
		t.Fatalf("round %d: close: %v", round, err)
	}
}
