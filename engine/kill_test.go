// Killing the process: a child appends and tells what was acknowledged, is killed at
// some moment, and nothing that it told may be missing, ever after.

package engine_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
)

// killRounds is how often the child is killed.
const killRounds = 200

// victim is the store whose writer is killed again and again.
type victim struct {
	path   string
	seed   uint64
	random *rand.Rand
	acked  map[uint64]acknowledgement // by sequence
	seen   uint64                     // highest sequence that was found and checked
	lost   int                        // ranges
}

// acknowledgement is what the child tells about an event.
type acknowledgement struct {
	id   event.ID
	hash event.Hash
}

func TestAKilledProcessLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	v := &victim{path: quickDir(t) + "/store", seed: seed, random: rand.New(rand.NewPCG(seed, 0)), acked: make(map[uint64]acknowledgement)}
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
		v.told(t, line)
	}
	<-time.After(time.Duration(v.random.IntN(500)) * time.Microsecond)
	for _, line := range c.kill(t) {
		v.told(t, line)
	}
	v.mustHoldAll(t, round)
}

// told takes a line of the child's.
func (v *victim) told(t *testing.T, line string) {
	t.Helper()
	if line == "hello\n" {
		return
	}
	var sequence uint64
	var id, hash []byte
	if _, err := fmt.Sscanf(line, "%d %x %x\n", &sequence, &id, &hash); err != nil {
		t.Fatalf("the child said %q: %v", line, err)
	}
	v.acked[sequence] = acknowledgement{event.ID(id), event.Hash(hash)}
}

// mustHoldAll opens the store, every third time for reading only so that the next
// child finds what the last one left, and compares all of it.
func (v *victim) mustHoldAll(t *testing.T, round int) {
	t.Helper()
	s, err := engine.Open(v.path, engine.Options{ReadOnly: round%3 == 0, SegmentSize: engine.MinSegmentSize})
	if errors.Is(err, engine.ErrNoStore) && len(v.acked) == 0 {
		return // killed before there was a store
	}
	if err != nil {
		t.Fatalf("round %d: open: %v", round, err)
	}
	found := 0
	for ev, err := range s.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		found++
		got := acknowledgement{ev.ID, ev.Hash}
		if told, ok := v.acked[ev.Sequence]; ok && got != told {
			t.Fatalf("round %d: sequence %d has id %s and hash %s, told were %s and %s", round, ev.Sequence, got.id, got.hash, told.id, told.hash)
		}
		v.acked[ev.Sequence] = got // once found it stays
		if ev.Sequence > v.seen && !bytes.Equal(ev.Payload, childPayload(binary.LittleEndian.Uint64(ev.Payload))) {
			t.Fatalf("round %d: sequence %d has a payload that nobody appended", round, ev.Sequence)
		}
		v.seen = max(v.seen, ev.Sequence)
	}
	if missing := len(v.acked) - found; missing != 0 {
		t.Fatalf("round %d: %d of %d acknowledged events are missing", round, missing, len(v.acked))
	}
	if round%20 == 0 || round == killRounds-1 {
		mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
	}
	v.lost = len(s.Report().Lost)
	mustClose(t, s)
}
