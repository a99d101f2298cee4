// Appending with gate receipts: what is stored of them, and that each is good once.

package engine_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/batpak/batpak/engine"
	"github.com/batpak/batpak/event"
	"github.com/batpak/batpak/gate"
)

// amount is what the tests propose, and the context of their gates.
type amount struct {
	Value int `codec:"value"`
}

// limits returns a set of gates that let amounts from 0 to 100 pass.
func limits(t failer) *gate.Set[amount] {
	t.Helper()
	set, err := gate.NewSet(
		gate.New("sign", func(a amount) error {
			if a.Value < 0 {
				return gate.Deny("NEGATIVE", "less than nothing")
			}
			return nil
		}),
		gate.New("limit", func(a amount) error {
			if a.Value > 100 {
				return gate.Deny("TOO_MUCH", "more than 100")
			}
			return nil
		}),
	)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return set
}

func mustPass(t failer, value int) *gate.Receipt[amount] {
	t.Helper()
	receipt, err := gate.Evaluate(limits(t), amount{value}, gate.Propose(amount{value}))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return receipt
}

func mustBypass(t failer, value int, reason, justification string) *gate.Receipt[amount] {
	t.Helper()
	receipt, err := gate.Bypass(limits(t), gate.Propose(amount{value}), reason, justification)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return receipt
}

// mustHoldAmount checks an amount that is stored with what the gates said.
func mustHoldAmount(t *testing.T, ev event.Event, value int, want *event.GateRecord) {
	t.Helper()
	var got amount
	if err := ev.Decode(&got); err != nil || got.Value != value || ev.Codec != event.CodecMessagePack || !reflect.DeepEqual(ev.Gate, want) {
		t.Errorf("event %d is %+v, %v with %+v, want %d with %+v", ev.Sequence, got, err, ev.Gate, value, want)
	}
}

func TestWhatGatesSaidStandsBesideTheEvent(t *testing.T) {
	path := quickDir(t)
	s := mustOpen(t, path, engine.Options{})
	passed := event.GateRecord{Outcome: event.GatePassed, Gates: []string{"sign", "limit"}}
	bypassed := event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"sign", "limit"}, Reason: "correction", Justification: "ticket 7"}
	for _, receipt := range []*gate.Receipt[amount]{mustPass(t, 7), mustBypass(t, -700, "correction", "ticket 7")} {
		if _, err := engine.AppendProposal(s, here, event.Data, receipt, engine.AppendOptions{Tags: []string{"tag"}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Append(here, event.Data, amount{1}); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		all := query(t, s, event.Everything(), engine.ReadOptions{})
		if len(all) != 3 {
			t.Fatalf("%d events", len(all))
		}
		mustHoldAmount(t, all[0], 7, &passed)
		mustHoldAmount(t, all[1], -700, &bypassed)
		mustHoldAmount(t, all[2], 1, nil)
		for outcome, sequence := range map[event.GateOutcome]uint64{event.GatePassed: 1, event.GateBypassed: 2} {
			if found := query(t, s, event.Tagged("tag").FromGate(outcome), engine.ReadOptions{}); len(found) != 1 || found[0].Sequence != sequence {
				t.Errorf("%v: got %v", outcome, found)
			}
		}
		if _, err := s.VerifyChain(t.Context(), event.Everything(), engine.VerifyOptions{}); err != nil {
			t.Error(err)
		}
	}
	check()
	mustClose(t, s)
	s = mustOpen(t, path, engine.Options{ReadOnly: true})
	check()
	mustClose(t, s)
}

func TestTheEventHashCoversWhatGatesSaid(t *testing.T) {
	s := quickStore(t, engine.Options{Hashing: engine.HashingOn})
	receipt, err := engine.AppendProposal(s, here, event.Data, mustBypass(t, 7, "outage", ""), engine.AppendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ev, err := s.At(receipt.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	draft := ev.Draft()
	digest, _ := event.Digest(nil, &draft, event.PayloadHash(ev.Payload))
	link := event.Link{Digest: digest, Gate: ev.Gate.Digest(), ID: ev.ID, Timestamp: ev.Timestamp, Sequence: ev.Sequence,
		Clock: ev.Position.Clock, Depth: ev.Position.Depth, Wall: ev.Position.Wall, Counter: ev.Position.Counter}
	if link.Hash() != ev.Hash || receipt.Hash != ev.Hash {
		t.Errorf("got %v, receipt %v, want %v", ev.Hash, receipt.Hash, link.Hash())
	}
	link.Gate = event.Hash{}
	if link.Hash() == ev.Hash {
		t.Error("the hash does not depend on what the gates said")
	}
}

func TestAGateReceiptStoresOneEvent(t *testing.T) {
	s := quickStore(t, engine.Options{})
	receipt := mustPass(t, 7)
	copied := *receipt
	if _, err := engine.AppendProposal(s, here, event.Data, receipt, engine.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, used := range []*gate.Receipt[amount]{receipt, &copied} {
		_, proposal := engine.AppendProposal(s, here, event.Data, used, engine.AppendOptions{})
		_, value := s.AppendWith(here, event.Data, amount{7}, engine.AppendOptions{Gate: used})
		_, raw := s.AppendBytesWith(here, event.Data, event.CodecRaw, nil, engine.AppendOptions{Gate: used})
		for _, err := range []error{proposal, value, raw} {
			if !errors.Is(err, gate.ErrReceiptUsed) {
				t.Errorf("got %v", err)
			}
		}
	}
	for _, none := range []*gate.Receipt[amount]{nil, new(gate.Receipt[amount])} {
		_, proposal := engine.AppendProposal(s, here, event.Data, none, engine.AppendOptions{})
		_, value := s.AppendWith(here, event.Data, amount{7}, engine.AppendOptions{Gate: none})
		for _, err := range []error{proposal, value} {
			if !errors.Is(err, gate.ErrNoReceipt) || !errors.Is(err, engine.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		}
	}
	other := mustPass(t, 8)
	if _, err := engine.AppendProposal(s, here, event.Data, mustPass(t, 8), engine.AppendOptions{Gate: other}); !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "Gate") || other.Used() {
		t.Errorf("got %v", err)
	}
	if got := s.Stats().Visible; got != 1 {
		t.Errorf("%d events are stored", got)
	}
}

func TestOfManyAppendsWithOneReceiptOneIsStored(t *testing.T) {
	s := quickStore(t, engine.Options{Sync: engine.SyncManual()})
	for range 100 {
		before, receipt := s.Stats().Staged, mustPass(t, 7)
		var stored atomic.Int32
		var done sync.WaitGroup
		for range 4 {
			done.Go(func() {
				_, err := engine.AppendProposal(s, here, event.Data, receipt, engine.AppendOptions{})
				if err == nil {
					stored.Add(1)
				} else if !errors.Is(err, gate.ErrReceiptUsed) {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if after := s.Stats().Staged; stored.Load() != 1 || after != before+1 {
			t.Fatalf("%d succeeded, %d events are stored", stored.Load(), after-before)
		}
	}
}

func TestAReceiptIsUsedUpByAnAttemptAndNotByARefusal(t *testing.T) {
	s := quickStore(t, engine.Options{})
	receipt := mustPass(t, 7)
	_, coordinate := engine.AppendProposal(s, event.Coordinate{}, event.Data, receipt, engine.AppendOptions{})
	_, kind := engine.AppendProposal(s, here, event.Kind(1), receipt, engine.AppendOptions{})
	_, cause := engine.AppendProposal(s, here, event.Data, receipt, engine.AppendOptions{Cause: event.MakeID(1, 1, 1)})
	for err, want := range map[error]error{coordinate: engine.ErrInvalid, kind: engine.ErrReservedKind, cause: engine.ErrNotFound} {
		if !errors.Is(err, want) || receipt.Used() {
			t.Errorf("got %v, want %v; used up: %v", err, want, receipt.Used())
		}
	}
	if _, err := engine.AppendProposal(s, here, event.Data, receipt, engine.AppendOptions{Expect: engine.ExpectClock(3)}); !errors.Is(err, engine.ErrConflict) || !receipt.Used() {
		t.Errorf("got %v, used up: %v", err, receipt.Used())
	}

	closed := mustOpen(t, quickDir(t), engine.Options{})
	mustClose(t, closed)
	receipt = mustPass(t, 7)
	if _, err := engine.AppendProposal(closed, here, event.Data, receipt, engine.AppendOptions{}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestARepetitionWithAKeyKeepsWhatTheGatesSaidFirst(t *testing.T) {
	s := quickStore(t, engine.Options{})
	options := engine.AppendOptions{Key: "once"}
	first, err := engine.AppendProposal(s, here, event.Data, mustBypass(t, 7, "outage", ""), options)
	if err != nil {
		t.Fatal(err)
	}
	again, err := engine.AppendProposal(s, here, event.Data, mustPass(t, 7), options)
	if first.Duplicate = true; err != nil || again != first {
		t.Fatalf("got %+v, %v, want %+v", again, err, first)
	}
	ev, err := s.At(first.Sequence)
	if err != nil || ev.Gate.Outcome != event.GateBypassed {
		t.Errorf("got %+v, %v", ev.Gate, err)
	}
	if _, err := engine.AppendProposal(s, here, event.Data, mustPass(t, 8), options); !errors.Is(err, engine.ErrIdempotencyConflict) {
		t.Errorf("got %v", err)
	}
}

func TestItemsOfABatchHaveReceiptsOfTheirOwn(t *testing.T) {
	s := quickStore(t, engine.Options{})
	shared := mustPass(t, 1)
	var twice engine.Batch
	for range 2 {
		twice.Add(here, event.Data, shared.Value()).With(engine.AppendOptions{Gate: shared})
	}
	_, err := s.AppendBatch(&twice)
	var failed *engine.BatchError
	if !errors.As(err, &failed) || failed.Item != 1 || failed.Stage != engine.StageGate || !errors.Is(err, gate.ErrReceiptUsed) || s.Stats().Staged != 0 {
		t.Fatalf("got %v, %d stored", err, s.Stats().Staged)
	}
	var batch engine.Batch
	batch.Add(here, event.Data, amount{1}).With(engine.AppendOptions{Gate: mustPass(t, 1)})
	batch.Add(here, event.Data, amount{2})
	batch.Add(here, event.Data, amount{300}).With(engine.AppendOptions{Gate: mustBypass(t, 300, "gift", "")})
	if _, err := s.AppendBatch(&batch); err != nil {
		t.Fatal(err)
	}
	all := query(t, s, event.Everything(), engine.ReadOptions{})
	if len(all) != 3 {
		t.Fatalf("%d events", len(all))
	}
	mustHoldAmount(t, all[0], 1, &event.GateRecord{Outcome: event.GatePassed, Gates: []string{"sign", "limit"}})
	mustHoldAmount(t, all[1], 2, nil)
	mustHoldAmount(t, all[2], 300, &event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"sign", "limit"}, Reason: "gift"})
}

func TestAPipelineCommitsToAStore(t *testing.T) {
	s := quickStore(t, engine.Options{})
	set := limits(t)
	pipeline, err := gate.NewPipeline(set, func(receipt *gate.Receipt[amount]) (engine.Receipt, error) {
		return engine.AppendProposal(s, here, event.Data, receipt, engine.AppendOptions{Expect: engine.ExpectClock(0)})
	})
	if err != nil {
		t.Fatal(err)
	}
	committed, err := pipeline.Run(amount{7}, gate.Propose(amount{7}))
	if err != nil || committed.Result().Sequence != 1 || committed.Record().Outcome != event.GatePassed {
		t.Fatalf("got %+v, %v", committed, err)
	}
	if _, err := pipeline.Run(amount{101}, gate.Propose(amount{101})); !errors.Is(err, gate.ErrDenied) {
		t.Errorf("got %v", err)
	}
	past, err := gate.Bypass(set, gate.Propose(amount{101}), "gift", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{engine.ErrConflict, gate.ErrReceiptUsed} { // a failed attempt is one
		if _, err := pipeline.Commit(past); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if got := s.Stats().Visible; got != 1 {
		t.Errorf("%d events are stored", got)
	}
}

func TestTheLargestGateRecordIsStored(t *testing.T) {
	s := quickStore(t, engine.Options{})
	want := event.GateRecord{Outcome: event.GateBypassed, Gates: []string{"sign", "limit"}, Reason: "long"}
	want.Justification = strings.Repeat("x", event.MaxGateRecord-want.Size())
	receipt, err := engine.AppendProposal(s, here, event.Data, mustBypass(t, 7, want.Reason, want.Justification), engine.AppendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ev, err := s.At(receipt.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	mustHoldAmount(t, ev, 7, &want)
}

func TestBypassesAreFoundWhateverIsLostOfTheIndex(t *testing.T) {
	path := quickDir(t)
	options := engine.Options{SegmentSize: engine.MinSegmentSize, Sync: engine.SyncManual()}
	s := mustOpen(t, path, options)
	var want []uint64
	for i := range 600 {
		appendOptions := engine.AppendOptions{Metadata: make([]byte, event.MaxMetadata)}
		switch {
		case i%50 == 7:
			appendOptions.Gate = mustBypass(t, i, fmt.Sprint("reason ", i), "")
			want = append(want, uint64(i+1))
		case i%2 == 0:
			appendOptions.Gate = mustPass(t, i%100)
		}
		if _, err := s.AppendWith(event.MustAt(fmt.Sprint("entity-", i%3), "scope"), event.Data, amount{i}, appendOptions); err != nil {
			t.Fatal(err)
		}
	}
	settle(s)
	mustClose(t, s)
	files := imageOf(t, path)
	if n := len(files.sealed()); n < 2 {
		t.Fatalf("%d sealed segments", n)
	}
	for _, loss := range losses {
		options.Rebuild = loss.rebuild
		s := mustOpenDir(t, loss.from(files.clone()).memory(t), options)
		var got []uint64
		for _, ev := range query(t, s, event.Everything().FromGate(event.GateBypassed), engine.ReadOptions{}) {
			if ev.Gate == nil || ev.Gate.Reason != fmt.Sprint("reason ", ev.Sequence-1) {
				t.Errorf("without %s: %d has %+v", loss.what, ev.Sequence, ev.Gate)
			}
			got = append(got, ev.Sequence)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("without %s: got %v, want %v", loss.what, got, want)
		}
		mustClose(t, s)
	}
}
