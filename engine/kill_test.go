// Killing the process: a child appends and tells what was acknowledged, is killed at
// some moment, and nothing that it told may be missing, ever after.

package engine_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/mmapseg"
)

// killRounds is how often a child is killed for each victim: where the race detector
// watches, which makes every process slow, less often.
func killRounds() int {
	if raceBuild {
		return 12
	}
	return 50
}

// victim is the store whose writer is killed again and again.
type victim struct {
	path    string
	seed    uint64
	random  *rand.Rand
	told    map[uint64]acknowledgement // by sequence
	synced  uint64                     // all up to it was told to be durable
	checked uint64                     // highest sequence whose payload was checked
	lost    int                        // ranges
	words   map[string]int             // how often each was said
	most    int                        // lines that a child may say before it is killed
}

func newVictim(path string, seed uint64) *victim {
	return &victim{
		path: path, seed: seed, random: rand.New(rand.NewPCG(seed, 0)),
		told: make(map[uint64]acknowledgement), words: make(map[string]int), most: 2000,
	}
}

// acknowledgement is what a child told about an event.
type acknowledgement struct {
	id      event.ID
	hash    event.Hash
	durable bool
	lost    bool // it was seen to be missing, and may be
}

func TestAKilledProcessLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for n := range len(killPolicies) + 1 {
		name := "one policy after the other"
		if n < len(killPolicies) {
			name = killPolicies[n].String()
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(quickDir(t)+"/store", seed+uint64(n)<<56)
			for round := range killRounds() {
				policy := killPolicies[round%len(killPolicies)]
				if n < len(killPolicies) {
					policy = killPolicies[n]
				}
				v.round(t, round, policy)
				v.mustHoldAll(t, round)
			}
			t.Logf("told: %v; %d lost ranges", v.words, v.lost)
			if v.words["durable"] == 0 || v.words["staged"] == 0 || v.lost == 0 || v.words["refused"] != 0 {
				t.Errorf("told: %v; %d lost ranges: the child was never killed while it worked", v.words, v.lost)
			}
		})
	}
}

// round starts a child, kills it after some acknowledgements, some microseconds
// later, or while it opens the store.
func (v *victim) round(t *testing.T, round int, policy engine.SyncPolicy) {
	t.Helper()
	c := startChild(t, "append", v.path, childPolicy+"="+policy.String(), fmt.Sprintf("%s=%d", childSeed, v.seed+uint64(round)<<40))
	wait := v.random.IntN(60) - 6 // lines; before the first one it is still opening
	if v.random.IntN(4) == 0 {
		wait = v.random.IntN(v.most) // to be there when it closes and opens again
	}
	for range 1 + max(wait, 0) {
		line, err := c.output.ReadString('\n')
		if err != nil {
			t.Fatalf("round %d: the child ended: %v", round, err)
		}
		v.hear(t, policy, line)
	}
	<-time.After(time.Duration(v.random.IntN(500)) * time.Microsecond)
	for _, line := range c.kill(t) {
		v.hear(t, policy, line)
	}
}

// hear takes a line of the child's.
func (v *victim) hear(t *testing.T, policy engine.SyncPolicy, line string) {
	t.Helper()
	if line == "hello\n" {
		return
	}
	var word string
	var sequence uint64
	var id, hash []byte
	if n, err := fmt.Sscanf(line, "%s %d %x %x\n", &word, &sequence, &id, &hash); err != nil && n != 2 {
		t.Fatalf("the child said %q: %v", line, err)
	}
	v.words[word]++
	switch word {
	case "refused":
	case "synced":
		v.synced = max(v.synced, sequence)
	case "closed":
		for sequence := range v.told {
			v.synced = max(v.synced, sequence)
		}
	default:
		// Under this policy readers see what is durable, and nothing else.
		durable := word == "durable" || word == "visible" && policy == engine.SyncEveryAppend()
		before, known := v.told[sequence]
		now := acknowledgement{id: event.ID(id), hash: event.Hash(hash), durable: durable || before.durable}
		if known && (before.id != now.id || before.hash != now.hash) {
			t.Fatalf("sequence %d was told to be %s, and now %s", sequence, before.id, now.id)
		}
		v.told[sequence] = now
	}
}

// mustHoldAll opens the store, every third time for reading only so that the next
// child finds what the last one left, and compares all of it.
func (v *victim) mustHoldAll(t *testing.T, round int) {
	t.Helper()
	o := engine.Options{ReadOnly: round%3 == 0, Rebuild: v.random.IntN(4) == 0, SegmentSize: engine.MinSegmentSize}
	s, err := engine.Open(v.path, o)
	if errors.Is(err, engine.ErrNoStore) && len(v.told) == 0 {
		return // killed before there was a store
	}
	if err != nil {
		t.Fatalf("round %d: open: %v", round, err)
	}
	v.compare(t, round, s, o.ReadOnly)
	mustClose(t, s)
}

// compare reads all of the store and fails the test unless it holds what it must.
func (v *victim) compare(t *testing.T, round int, s *engine.Store, readOnly bool) {
	t.Helper()
	found := make(map[uint64]bool)
	for ev, err := range s.Events(0, 0, engine.ReadOptions{}) {
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		found[ev.Sequence] = true
		was, known := v.told[ev.Sequence]
		if known && (was.id != ev.ID || was.hash != ev.Hash) {
			t.Fatalf("round %d: sequence %d has id %s and hash %s, told were %s and %s", round, ev.Sequence, ev.ID, ev.Hash, was.id, was.hash)
		}
		v.told[ev.Sequence] = acknowledgement{id: ev.ID, hash: ev.Hash, durable: true} // once found it stays
		if ev.Sequence > v.checked && !bytes.Equal(ev.Payload, childPayload(binary.LittleEndian.Uint64(ev.Payload))) {
			t.Fatalf("round %d: sequence %d has a payload that nobody appended", round, ev.Sequence)
		}
		v.checked = max(v.checked, ev.Sequence)
	}
	for sequence, was := range v.told {
		if !found[sequence] {
			v.mustBeExcused(t, round, s, sequence, was.durable || sequence <= v.synced && !was.lost, readOnly)
			was.lost = true
			v.told[sequence] = was
		}
	}
	if round%10 == 0 || round == killRounds()-1 {
		mustBeSound(t, all(t, s, 0, 0, engine.ReadOptions{}), true)
	}
	v.lost = len(s.Report().Lost)
}

// mustBeExcused fails the test unless an event that was told may be missing: it was not
// told to be durable, and mappings are heap memory, which ends with the process. Then
// its sequence is given up as soon as the store was opened for writing.
func (v *victim) mustBeExcused(t *testing.T, round int, s *engine.Store, sequence uint64, durable, readOnly bool) {
	t.Helper()
	if durable || !raceBuild {
		t.Fatalf("round %d: sequence %d is missing, which was told; durable: %v; %s", round, sequence, durable, s.Report())
	}
	lost := s.Report().Lost
	if !readOnly && !slices.ContainsFunc(lost, func(r mmapseg.Range) bool { return r.Contains(sequence) }) {
		t.Fatalf("round %d: sequence %d was told, is missing, and in no lost range: %v", round, sequence, lost)
	}
}
